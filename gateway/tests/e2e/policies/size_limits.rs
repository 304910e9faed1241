//! How large requests, their messages and what they are answered may be.

use std::io::Write;

use serde_json::json;

use super::{message, post, reached, start};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Gate, Upstream, pass, response};

fn told(answer: &Response) -> (u16, String) {
    (answer.status, if answer.status == 200 { String::new() } else { answer.reason() })
}

fn chunked(gateway: &Tollgate, bytes: usize) -> Response {
    let mut connection = gateway.connect();
    let head =
        format!("POST /a/mcp HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n", gateway.address());
    connection.send(head.as_bytes());
    for _ in 0..bytes / 100 {
        connection.try_send(&[b"64\r\n", [b'x'; 100].as_slice(), b"\r\n"].concat());
    }
    connection.try_send(b"0\r\n\r\n");
    connection.response("POST")
}

#[test]
fn a_request_is_as_long_as_it_may_be_whether_it_says_so_or_not() {
    let upstream = reached();
    let gateway = start(&upstream, "{ size_limits: { request_bytes: 1000 } }");
    let ask = |bytes: usize| told(&gateway.connect().request("POST", "/a/mcp", &[], &vec![b'x'; bytes]));
    assert_eq!((ask(1000), ask(1001)), ((200, String::new()), (413, "size_limit".into())));
    assert_eq!(told(&chunked(&gateway, 1000)), (200, String::new()));
    assert_eq!(told(&chunked(&gateway, 1100)), (413, "size_limit".into()));
    assert_eq!(upstream.seen().len(), 2);
    let both = "{ size_limits: { request_bytes: 1000 } }, { mcp_acl: { allow: [{}] } }";
    let answer = chunked(&start(&upstream, both), 1100);
    assert_eq!(told(&answer), (413, "size_limit".into()), "where messages are read too");
}

#[test]
fn an_answer_is_as_long_as_it_may_be_whether_it_says_so_or_not() {
    let policy = "{ size_limits: { response_bytes: 1000 } }";
    let answering = |bytes: usize| {
        let upstream = Upstream::start(move |_| response("200 OK", &[], &"x".repeat(bytes)));
        told(&start(&upstream, policy).get("/a/mcp"))
    };
    assert_eq!((answering(1000), answering(1001)), ((200, String::new()), (502, "answer_too_large".into())));
    let endless = Upstream::start(|_| {
        let chunk = format!("64\r\n{}\r\n", "x".repeat(100));
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(50))
            .into_bytes()
    });
    let mut gateway = start(&endless, policy);
    let mut connection = gateway.connect();
    connection.send_request("GET", "/a/mcp", &[], b"");
    assert_eq!(connection.head().status, 200);
    let rest = connection.rest();
    assert!(rest.len() < 1200 && !rest.ends_with(b"0\r\n\r\n"), "{}", rest.len());
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "answer_too_large");
}

#[test]
fn an_event_is_as_long_as_it_may_be_and_a_stream_as_long_as_it_likes() {
    let policy = "{ size_limits: { event_bytes: 1000, response_bytes: 10 } }";
    let event = |bytes: usize| format!("data: {}\n\n", "x".repeat(bytes));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = |event: String| format!("{:x}\r\n{event}\r\n", event.len());
    let (first, long) = (chunk(event(900)).repeat(10), chunk(event(1000)));
    let (gate, opened) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        stream.write_all(&[head.as_bytes(), first.as_bytes()].concat()).is_ok()
            && pass(&opened)
            && stream.write_all(long.as_bytes()).is_ok()
    });
    let mut gateway = start(&upstream, policy);
    let mut connection = gateway.connect();
    connection.send_request("GET", "/a/mcp", &[], b"");
    assert_eq!(connection.head().status, 200);
    let mut events = 0;
    while events < 10 * event(900).len() {
        events += connection.chunk().expect("all that are short enough").len();
    }
    gate.open();
    assert!(connection.rest().len() < 1000);
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "answer_too_large");
}

#[test]
fn a_message_is_as_deep_and_as_wide_as_it_may_be() {
    let upstream = reached();
    let gateway = start(&upstream, "{ size_limits: { json_depth: 4, json_members: 5 } }");
    let ask = |arguments: serde_json::Value| {
        told(&post(&gateway, &message("tools/call", &json!({ "name": "x", "arguments": arguments }))))
    };
    assert_eq!(ask(json!({ "a": [1] })), (200, String::new()));
    assert_eq!(ask(json!({ "a": [[1]] })), (413, "size_limit".into()));
    assert_eq!(ask(json!({ "a": [1, 2, 3, 4, 5] })), (200, String::new()));
    assert_eq!(ask(json!({ "a": [1, 2, 3, 4, 5, 6] })), (413, "size_limit".into()));
    assert_eq!(upstream.seen().len(), 2);
}
