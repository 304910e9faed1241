//! Answers that two readers could read differently by their bytes: what Pingora's parser would have repaired.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Seen, Upstream, response};

fn gateway_before(upstream: &Upstream) -> Tollgate {
    Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))))
}

/// Answers the first request with these bytes and then waits for another, which it answers with the number of its
/// connection.
fn once(bytes: &'static [u8]) -> Upstream {
    let answered = AtomicUsize::new(0);
    Upstream::with_stream(move |_, stream| match answered.fetch_add(1, Ordering::Relaxed) {
        0 => stream.write_all(bytes).is_ok(),
        _ => stream.write_all(&port(stream)).is_ok(),
    })
}

fn port(stream: &std::net::TcpStream) -> Vec<u8> {
    let port = stream.peer_addr().map_or(0, |address| address.port());
    response("200 OK", &[], &port.to_string())
}

#[test]
fn a_head_whose_lines_do_not_end_in_cr_lf_is_a_502_and_nothing_of_it_is_passed_on() {
    for head in [
        &b"HTTP/1.1 200 OK\r\nX: a\nX-Injected: 1\r\nContent-Length: 2\r\n\r\nok"[..],
        b"HTTP/1.1 200 OK\nX-Injected: 1\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\nX: a\r\n X-Injected: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-Injected: 1\r\n\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-Injected: 1\nContent-Length: 2\r\n\r\nok",
    ] {
        let upstream = once(head);
        let mut gateway = gateway_before(&upstream);
        let mut client = gateway.connect();
        client.send_request("POST", "/a/mcp", &[("Content-Type", "application/json")], b"{}");
        if head.starts_with(b"HTTP/1.1 103") {
            assert_eq!(client.head().status, 103);
        }
        let answer = client.response("POST");
        let shown = head.escape_ascii().to_string();
        assert_eq!((answer.status, answer.reason()), (502, "upstream_failed".to_string()), "{shown}");
        assert_eq!(answer.header("x-injected"), None, "{shown}");
        assert_eq!(
            gateway.get("/a/mcp").status,
            200,
            "the next request goes over another connection: {shown}"
        );
        gateway.process.wait_for(0, "why", |line| {
            line.contains("upstream_failed").then(|| line.contains("of the answer's head")).filter(|is| *is)
        });
    }
}

#[test]
fn chunks_out_of_form_cut_an_answer_that_has_begun() {
    let upstream = Upstream::with_stream(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        // No size where one is due, which Pingora takes for the end.
        stream.write_all(format!("{head}9\r\ndata: a\n\n\r\n\r\ndata: b\n\n\r\n0\r\n\r\n").as_bytes()).is_ok()
    });
    let mut gateway = gateway_before(&upstream);
    let mut client = gateway.connect();
    client.send_request("GET", "/a/mcp", &[("Accept", "text/event-stream")], b"");
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("data: a"), "{answer}");
    assert!(!answer.contains("data: b") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_failed");
}

#[test]
fn answers_in_order_leave_their_connection_for_the_next_request() {
    let upstream = Upstream::with_stream(|seen: &Seen, stream| {
        let bytes = match seen.target().rsplit('?').next() {
            Some("none") => b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n".to_vec(),
            Some("same") => b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n".to_vec(),
            Some("early") => {
                [b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), response("200 OK", &[], "a\n")].concat()
            }
            Some("chunks") => {
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\nX: y\r\n\r\n".to_vec()
            }
            Some("length") => response("200 OK", &[], "no\nlines"),
            Some("spaced") => b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length : 2\r\n\r\na\n".to_vec(),
            _ => port(stream),
        };
        stream.write_all(&bytes).is_ok()
    });
    let gateway = gateway_before(&upstream);
    let mut client = gateway.connect();
    let first = client.get("/a/mcp").text().to_string();
    for (target, status) in
        [("none", 204), ("same", 304), ("early", 200), ("chunks", 200), ("length", 200), ("spaced", 200)]
    {
        client.send_request("GET", &format!("/a/mcp?{target}"), &[], b"");
        if target == "early" {
            assert_eq!(client.head().status, 103);
        }
        let answer = client.response("GET");
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        assert_eq!(client.get("/a/mcp").text(), first, "behind {target}");
    }
}
