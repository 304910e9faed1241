//! Comments on event streams that are silent: where an API wants them, and nowhere else.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use crate::support::http::Connection;
use crate::support::node::tls_client;
use crate::support::tollgate::{Tollgate, api_with};
use crate::support::upstream::{Gate, Seen, Upstream, pass};

const COMMENT: &str = ":\n\n";

/// A stream with these further fields that says one piece at each opening of the gate.
fn stream_of(pieces: &'static [&'static str], fields: &'static str) -> (Gate, Upstream) {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::with_stream(move |_: &Seen, stream: &mut TcpStream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{fields}");
        let head = head + "Transfer-Encoding: chunked\r\n\r\n";
        let mut go_on = stream.write_all(head.as_bytes()).is_ok();
        for piece in pieces.iter().take_while(|_| pass(&gated)) {
            let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
            go_on = go_on && stream.write_all(chunk.as_bytes()).is_ok();
        }
        go_on && stream.write_all(b"0\r\n\r\n").is_ok()
    });
    (gate, upstream)
}

fn gateway(upstream: &Upstream, event_streams: &str) -> Tollgate {
    let keys = format!("event_streams: {{ {event_streams} }}");
    let api = api_with("a", "/a/mcp", &upstream.url("/mcp"), &keys);
    Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", http2: true }}\napis:\n{api}"
    ))
}

fn open(gateway: &Tollgate, method: &str) -> Connection {
    let mut client = gateway.connect();
    client.send_request(method, "/a/mcp", &[("Accept", "text/event-stream")], b"");
    assert_eq!(client.head().status, 200);
    client
}

#[test]
fn a_silent_stream_gets_comments_between_its_events() {
    let (gate, upstream) = stream_of(&["data: 1\n\n", "data: 2\n\n"], "");
    let gateway = gateway(&upstream, "keep_alive: 50ms");
    for method in ["GET", "POST"] {
        let mut client = open(&gateway, method);
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            // More than one: the time begins anew with each.
            assert_eq!([client.event(), client.event()], [COMMENT, COMMENT], "{method}");
            gate.open();
            let next = std::iter::repeat_with(|| client.event()).find(|piece| piece != COMMENT);
            assert_eq!(next.as_deref(), Some(event), "{method}");
        }
        let rest: Vec<_> = std::iter::from_fn(|| client.chunk()).collect();
        assert!(rest.iter().all(|piece| piece == COMMENT.as_bytes()), "{rest:?}");
    }
}

#[test]
fn a_stream_gets_a_comment_ahead_of_everything_where_that_is_wanted() {
    let (gate, upstream) = stream_of(&["data: 1\n\n"], "");
    let gateway = gateway(&upstream, "first_comment: true");
    let mut client = open(&gateway, "GET");
    assert_eq!(client.event(), COMMENT, "before the upstream has said anything");
    gate.open();
    assert_eq!(client.event(), "data: 1\n\n");
    assert_eq!(client.chunk(), None);
}

#[test]
fn no_comment_is_put_into_an_event() {
    let (gate, upstream) = stream_of(&["data: 1\n", "data: 2\n\n", "data: 3\n\n"], "");
    let gateway = gateway(&upstream, "keep_alive: 20ms");
    // On a GET the beginning of an event is held back, since it may be one of the legacy transport.
    let mut client = open(&gateway, "POST");
    gate.open();
    let begun = std::iter::repeat_with(|| client.chunk()).find(|piece| piece.as_deref() != Some(b":\n\n"));
    assert_eq!(begun, Some(Some(b"data: 1\n".to_vec())));
    // Ten times as long as it takes for a comment where there may be one.
    let early = client.sends_within(std::time::Duration::from_millis(200));
    assert!(!early, "{:?}", client.chunk().map(String::from_utf8));
    gate.open();
    assert_eq!(client.event(), "data: 2\n\n");
    assert_eq!(client.event(), COMMENT, "the event is over");
    gate.open();
}

#[test]
fn a_stream_over_http2_gets_the_same_comments() {
    let (gate, upstream) = stream_of(&["data: 1\n\n", "data: 2\n\n"], "");
    let gateway = gateway(&upstream, "keep_alive: 50ms, first_comment: true");
    let ask = |until: &str| {
        let request = json!({ "method": "POST", "path": "/a/mcp", "body": "{}", "until": until });
        let port = gateway.address().port();
        tls_client(&json!({ "port": port, "prior": true, "requests": [request] }))["responses"][0].clone()
    };
    let silent = ask(":\n\n:\n\n:\n\n");
    assert_eq!(silent["body"], ":\n\n:\n\n:\n\n", "{silent}");
    gate.open();
    gate.open();
    gate.open();
    gate.open();
    let answer = ask("data: 2\n\n");
    let body = answer["body"].as_str().expect("text");
    assert_eq!(body.replace(COMMENT, ""), "data: 1\n\ndata: 2\n\n");
}

#[test]
fn a_stream_that_comments_would_break_gets_none() {
    let (gate, upstream) = stream_of(&["data: 1\n\n"], "Content-Encoding: gzip\r\n");
    let gateway = gateway(&upstream, "keep_alive: 10ms, first_comment: true");
    let mut client = open(&gateway, "GET");
    assert!(!client.sends_within(std::time::Duration::from_millis(100)));
    gate.open();
    assert_eq!(client.event(), "data: 1\n\n");
}
