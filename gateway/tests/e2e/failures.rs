//! Upstreams that fail: the client is told so, and never mistakes half an answer for a whole one.

use std::io::Write;

use crate::support::http::Response;
use crate::support::nobody;
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::Upstream;

fn gateway_before(endpoint: &str) -> Tollgate {
    Tollgate::start(&config(&api("a", "/a/mcp", endpoint)))
}

fn told(answer: &Response) -> (u16, String) {
    (answer.status, answer.reason())
}

#[test]
fn an_upstream_that_refuses_connections_is_unreachable() {
    let address = nobody::address().to_string();
    let mut gateway = gateway_before(&format!("http://{address}/mcp"));
    let answer = gateway.connect().post_json("/a/mcp", &[], "{}");
    assert_eq!(told(&answer), (502, "upstream_unreachable".to_string()));
    assert!(!answer.text().contains(&address), "{}", answer.text());
    let line = gateway.access_line("/a/mcp");
    assert_eq!((line["status"].as_u64(), line["reason"].as_str()), (Some(502), Some("upstream_unreachable")));
}

#[test]
fn a_name_that_does_not_resolve_is_a_502_of_its_own_api_alone() {
    let upstream = Upstream::start(|_| crate::support::upstream::response("200 OK", &[], "ok"));
    let apis =
        api("lost", "/lost", "http://no-such-name.invalid/mcp") + &api("a", "/a/mcp", &upstream.url("/mcp"));
    let gateway = Tollgate::start(&config(&apis));
    let mut connection = gateway.connect();
    assert_eq!(told(&connection.get("/lost")), (502, "upstream_unresolved".to_string()));
    assert_eq!(gateway.get("/a/mcp").text(), "ok");
}

#[test]
fn an_answer_that_breaks_off_in_its_head_or_is_no_http_is_a_502() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    ] {
        let upstream = Upstream::with_stream(move |_, stream| {
            let _ = stream.write_all(bytes);
            false
        });
        let gateway = gateway_before(&upstream.url("/mcp"));
        let answer = gateway.connect().post_json("/a/mcp", &[], "{}");
        assert_eq!(
            told(&answer),
            (502, "upstream_failed".to_string()),
            "{:?}",
            bytes.escape_ascii().to_string()
        );
        assert_eq!(answer.json()["jsonrpc"], "2.0", "an MCP client gets a JSON-RPC error");
        assert_eq!(upstream.seen().len(), 1, "a POST is never sent twice");
    }
}

#[test]
fn an_answer_that_two_readers_could_read_differently_is_a_502() {
    let fields = |count: usize| format!("X: {}\r\n", "y".repeat(1000)).repeat(count);
    for head in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n".to_string(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n".to_string(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_string(),
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n".to_string(),
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n".to_string(),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{}", fields(66)),
    ] {
        let upstream = Upstream::start(move |_| format!("{head}\r\n0\r\n\r\n").into_bytes());
        let gateway = gateway_before(&upstream.url("/mcp"));
        let answer = gateway.connect().post_json("/a/mcp", &[], "{}");
        assert_eq!(told(&answer), (502, "upstream_failed".to_string()));
        assert_eq!(upstream.seen().len(), 1);
    }
}

#[test]
fn an_answer_is_in_the_gateways_own_version_and_offers_no_upgrade() {
    let upstream = Upstream::start(|_| {
        let fields = "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n";
        format!("HTTP/1.0 200 OK\r\n{fields}\r\nok").into_bytes()
    });
    let gateway = gateway_before(&upstream.url("/mcp"));
    let mut client = gateway.connect();
    client.send_request("GET", "/a/mcp", &[("Connection", "close")], b"");
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("upgrade"), "{answer}");
}

#[test]
fn an_upstream_that_fails_after_an_interim_answer_is_a_502_all_the_same() {
    let upstream = Upstream::with_stream(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        false
    });
    let gateway = gateway_before(&upstream.url("/mcp"));
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[("Content-Type", "application/json")], b"{}");
    assert_eq!(client.head().status, 103);
    assert_eq!(told(&client.response("POST")), (502, "upstream_failed".to_string()));
}

#[test]
fn a_reset_in_the_middle_of_the_head_is_a_502() {
    let upstream = Upstream::with_stream(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200");
        // Closing with bytes unread makes the system send a reset, so leave some: the client sends more.
        false
    });
    let gateway = gateway_before(&upstream.url("/mcp"));
    let answer = gateway.connect().request("POST", "/a/mcp", &[], &[b'x'; 300_000]);
    assert_eq!(answer.status, 502, "{answer:?}");
}

#[test]
fn a_body_that_ends_early_never_looks_complete() {
    let cut: [&'static [u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ];
    for bytes in cut {
        let upstream = Upstream::with_stream(move |_, stream| {
            let _ = stream.write_all(bytes);
            false
        });
        let mut gateway = gateway_before(&upstream.url("/mcp"));
        let mut client = gateway.connect();
        client.send_request("POST", "/a/mcp", &[], b"{}");
        let shown = bytes.escape_ascii().to_string();
        let answer = client.rest();
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{shown}: {text}"));
        assert!(!body.ends_with("0\r\n\r\n") && body.len() < 100, "{shown}: {text}");
        assert!(
            head.to_ascii_lowercase().contains("content-length: 100")
                || head.to_ascii_lowercase().contains("chunked"),
            "{head}"
        );
        let line = gateway.access_line("/a/mcp");
        assert_eq!(line["reason"], "upstream_failed", "{shown}");
    }
}
