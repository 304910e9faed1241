//! How messages are read where it is decided by what they ask for: whole, before the MCP server has any of them whole, and
//! without a change.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use super::{call, post, reached, start, yaml};
use crate::support::PATIENCE;
use crate::support::node::tls_client;
use crate::support::tollgate::Tollgate;

const ACL: &str = "{ mcp_acl: { allow: [{ tools: [good] }] } }";

/// A call with this many bytes more than it needs.
fn padded(tool: &str, bytes: usize) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": { "pad": "x".repeat(bytes) } } })
        .to_string()
}

/// Sends a body in chunks of this many bytes.
fn chunked(gateway: &Tollgate, body: &str, piece: usize) -> crate::support::http::Response {
    let mut connection = gateway.connect();
    let head = format!(
        "POST /a/mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        gateway.address()
    );
    connection.send(head.as_bytes());
    for chunk in body.as_bytes().chunks(piece) {
        connection.try_send(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    connection.try_send(b"0\r\n\r\n");
    connection.response("POST")
}

#[test]
fn what_is_let_through_is_what_was_read_however_long_it_is_and_however_it_comes() {
    let upstream = reached();
    let gateway = start(&upstream, ACL);
    let mut sent = Vec::new();
    for bytes in [0, 40_000, 65_300, 65_500, 66_000, 131_072, 300_000, 2_000_000] {
        let body = padded("good", bytes);
        assert_eq!(gateway.connect().post_json("/a/mcp", &[], &body).text(), "\"reached\"", "{bytes}");
        let mut connection = gateway.connect();
        connection.send_request("POST", "/a/mcp", &[("Expect", "100-continue")], body.as_bytes());
        assert_eq!(connection.head().status, 100, "{bytes}");
        assert_eq!(connection.response("POST").text(), "\"reached\"", "{bytes}");
        sent.extend([body.clone(), body.clone()]);
        for piece in [1000, 60_000, 70_000, 200_000].into_iter().filter(|piece| bytes < 1000 * piece) {
            assert_eq!(chunked(&gateway, &body, piece).text(), "\"reached\"", "{bytes} in pieces of {piece}");
            sent.push(body.clone());
        }
    }
    let arrived: Vec<_> = upstream.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(arrived.len(), sent.len());
    assert!(arrived.iter().zip(&sent).all(|(arrived, sent)| arrived == sent.as_bytes()));
}

#[test]
fn the_same_holds_over_http2() {
    let upstream = reached();
    let yaml = yaml(&upstream, ACL, "").replace("127.0.0.1:0\"", "127.0.0.1:0\", http2: true");
    let gateway = Tollgate::start(&yaml);
    let bodies: Vec<_> =
        [0, 40_000, 49_000, 60_000, 65_500, 80_000, 300_000].map(|bytes| padded("good", bytes)).into();
    let refused = padded("bad", 300_000);
    let requests: Vec<_> = bodies
        .iter()
        .chain([&refused])
        .flat_map(|body| {
            let request = |headers: Value, split: bool| json!({ "method": "POST", "path": "/a/mcp", "headers": headers, "body": body, "split": split });
            let length = json!({ "content-length": body.len().to_string() });
            [request(length, false), request(json!({}), false), request(json!({}), true)]
        })
        .collect();
    let seen = tls_client(&json!({ "port": gateway.address().port(), "prior": true, "requests": requests }));
    let answers: Vec<_> = seen["responses"]
        .as_array()
        .expect("responses")
        .iter()
        .map(|answer| answer["body"].to_string())
        .collect();
    let (refusals, others): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.contains("access_denied"));
    assert_eq!((refusals.len(), others.len()), (3, 21), "{seen:#}");
    assert!(others.iter().all(|answer| answer.contains("reached")), "{others:?}");
    let mut arrived: Vec<_> = upstream.seen().into_iter().map(|seen| seen.body).collect();
    let mut sent: Vec<_> = bodies.iter().flat_map(|body| vec![body.clone().into_bytes(); 3]).collect();
    arrived.sort();
    sent.sort();
    assert!(arrived == sent);
}

#[test]
fn a_refused_message_never_reaches_the_server_whole() {
    let upstream = reached();
    let gateway = start(&upstream, ACL);
    for bytes in [0, 65_500, 66_000, 300_000] {
        let body = padded("bad", bytes);
        let answers = [gateway.connect().post_json("/a/mcp", &[], &body), chunked(&gateway, &body, 30_000)];
        for answer in answers {
            assert_eq!((answer.status, answer.reason().as_str()), (200, "access_denied"), "{bytes}");
            assert_eq!(answer.json()["id"], 1);
        }
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn a_message_is_as_long_as_messages_may_be_and_no_longer() {
    let upstream = reached();
    let gateway = Tollgate::start(&yaml(&upstream, ACL, "messages: { max_bytes: 100000 }\n"));
    for (bytes, is_accepted) in [(90_000, true), (110_000, false)] {
        let body = padded("good", bytes);
        for answer in [gateway.connect().post_json("/a/mcp", &[], &body), chunked(&gateway, &body, 30_000)] {
            match is_accepted {
                true => assert_eq!(answer.text(), "\"reached\""),
                false => assert_eq!((answer.status, answer.reason().as_str()), (413, "message_too_large")),
            }
        }
    }
    assert_eq!(upstream.seen().len(), 2);
}

#[test]
fn where_as_much_is_held_as_may_be_others_are_refused_until_there_is_room() {
    const HELD: &str = "tollgate_message_buffer_bytes";
    let upstream = reached();
    let keys = "admin: { address: \"127.0.0.1:0\" }\nmessages: { max_bytes: 200000, buffer_bytes: 300000 }\n";
    let gateway = Tollgate::start(&yaml(&upstream, ACL, keys));
    let body = padded("good", 190_000);
    let mut first = gateway.connect();
    first.send(
        format!(
            "POST /a/mcp HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            gateway.address(),
            body.len()
        )
        .as_bytes(),
    );
    // As soon as its head was read, there is no room for another of that length.
    gateway.counts(HELD, &[], body.len() as f64);
    let refused = gateway.connect().post_json("/a/mcp", &[], &body);
    assert_eq!((refused.status, refused.reason().as_str()), (503, "buffers_full"));
    assert_eq!(post(&gateway, &call("good")).text(), "\"reached\"", "there is room for a short one");
    first.send(body.as_bytes());
    assert_eq!(first.response("POST").text(), "\"reached\"");
    gateway.counts(HELD, &[], 0.0);
    assert_eq!(gateway.connect().post_json("/a/mcp", &[], &body).text(), "\"reached\"", "it was given back");
}

/// Sends the first half of a call, waits until `half_arrives` is known, and sends the rest. Whether the server had a part
/// of the body before the whole was sent.
fn is_passed_on_at_once(policies: &str, bytes: usize) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let (head, heads) = channel();
    let (part, parts) = channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let (mut seen, mut piece) = (Vec::new(), [0; 65_536]);
        loop {
            let read = stream.read(&mut piece).expect("bytes");
            seen.extend_from_slice(&piece[..read]);
            let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let _ = head.send(());
            if seen.len() > end + 4 {
                let _ = part.send(());
            }
            if read == 0 || seen.len() >= end + 4 + bytes {
                break;
            }
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\napis:\n  - {{ name: a, path: /a/mcp, endpoints: \
         [\"{url}\"], plans: [keyless], policies: [{policies}] }}\n"
    ));
    let body = padded("good", bytes);
    let (begin, rest) = body.split_at(body.len() / 2);
    let mut client = TcpStream::connect(gateway.address()).expect("a connection");
    let head = format!(
        "POST /a/mcp HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
        gateway.address(),
        body.len()
    );
    client.write_all(&[head.as_bytes(), begin.as_bytes()].concat()).expect("it is sent");
    // A short one is read before anything is sent on; of a long one the head may have been.
    let passed = match policies.is_empty() {
        true => parts.recv_timeout(PATIENCE).is_ok(),
        false if bytes > 65_536 => {
            heads.recv_timeout(PATIENCE).expect("the head arrives");
            parts.recv_timeout(PATIENCE / 40).is_ok()
        }
        false => heads.recv_timeout(PATIENCE / 40).is_ok(),
    };
    client.write_all(rest.as_bytes()).expect("it is sent");
    let mut answer = [0; 12];
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    server.join().expect("it has answered");
    passed
}

#[test]
fn a_body_is_passed_on_as_it_comes_unless_a_policy_reads_messages() {
    for bytes in [2_000, 200_000] {
        assert!(is_passed_on_at_once("", bytes), "{bytes}");
        assert!(!is_passed_on_at_once(ACL, bytes), "{bytes}");
    }
}
