//! Event streams: nothing is held back, a client's departure reaches the upstream, and the legacy transport's
//! message endpoint is mapped and reachable while its stream is open.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};

use crate::support::PATIENCE;
use crate::support::http::{Connection, Response};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Gate, Seen, Upstream, pass, response};

const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

fn gateway_before(upstream: &Upstream) -> Tollgate {
    Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))))
}

/// Opens a stream by this method and returns its head.
fn open(gateway: &Tollgate, method: &str) -> (Connection, Response) {
    let mut client = gateway.connect();
    let body = if method == "POST" { "{}" } else { "" };
    client.send_request(method, "/a/mcp", &[("Accept", "text/event-stream")], body.as_bytes());
    let head = client.head();
    (client, head)
}

/// An upstream whose streams say these chunks and then stay open until the client is gone, of which it tells.
fn open_ended(chunks: Vec<Vec<u8>>) -> (Upstream, Receiver<()>) {
    let (closed, noticed) = channel();
    let upstream = Upstream::with_stream(move |seen, stream| {
        if seen.target() != "/mcp" {
            return stream.write_all(&response("202 Accepted", &[], seen.target())).is_ok();
        }
        stream.write_all(STREAM).expect("the gateway reads");
        for chunk in &chunks {
            stream.write_all(chunk).expect("the gateway reads");
        }
        wait_for_close(stream);
        let _ = closed.send(());
        false
    });
    (upstream, noticed)
}

fn wait_for_close(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(1)) {}
}

#[test]
fn each_event_arrives_before_the_next_is_written() {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        stream.write_all(STREAM).expect("the gateway reads");
        for number in 0..3 {
            stream.write_all(&chunk(&format!("id: {number}\ndata: {{}}\n\n"))).expect("the gateway reads");
            if !pass(&gated) {
                return false;
            }
        }
        stream.write_all(b"0\r\n\r\n").is_ok()
    });
    let gateway = gateway_before(&upstream);
    for method in ["GET", "POST"] {
        let (mut client, head) = open(&gateway, method);
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
        for number in 0..3 {
            assert_eq!(client.event(), format!("id: {number}\ndata: {{}}\n\n"), "{method}");
            gate.open();
        }
        assert_eq!(client.chunk(), None, "{method}");
    }
}

#[test]
fn a_stream_of_known_length_is_not_held_back_until_it_is_complete() {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nContent-Length: 20\r\n\r\n";
        stream.write_all(head).expect("the gateway reads");
        stream.write_all(b"data: 1\n\n").expect("the gateway reads");
        pass(&gated) && stream.write_all(b"data: 22\n\n\n").is_ok()
    });
    let gateway = gateway_before(&upstream);
    let (mut client, head) = open(&gateway, "POST");
    assert_eq!((head.all("content-length").len(), head.header("transfer-encoding")), (0, Some("chunked")));
    assert_eq!(client.event(), "data: 1\n\n");
    gate.open();
    assert_eq!(client.event(), "data: 22\n\n\n");
    assert_eq!(client.chunk(), None);
}

#[test]
fn a_client_that_leaves_closes_the_upstreams_connection() {
    let (upstream, closed) = open_ended(vec![chunk("data: 1\n\n")]);
    let gateway = gateway_before(&upstream);
    for method in ["GET", "POST"] {
        let (mut client, _) = open(&gateway, method);
        assert_eq!(client.event(), "data: 1\n\n");
        client.close();
        closed.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{method}: the upstream was not told"));
    }
}

#[test]
fn a_client_that_leaves_before_the_answer_closes_the_upstreams_connection_too() {
    let (arrived, arrival) = channel();
    let (closed, noticed) = channel();
    let upstream = Upstream::with_stream(move |_, stream| {
        let _ = arrived.send(());
        wait_for_close(stream);
        let _ = closed.send(());
        false
    });
    let mut gateway = gateway_before(&upstream);
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[], b"{}");
    arrival.recv_timeout(PATIENCE).expect("the request arrives");
    client.close();
    noticed.recv_timeout(PATIENCE).expect("the upstream is told");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "client_closed");
}

#[test]
fn the_announced_message_endpoint_is_mapped_however_it_is_cut() {
    let announce = |url: &str| {
        let event = format!("event: endpoint\r\ndata: {url}\r\n\r\n");
        event.as_bytes().chunks(7).map(|part| chunk(std::str::from_utf8(part).expect("ASCII"))).collect()
    };
    for (announced, mapped) in [
        ("/mcp/messages?s=1", "/a/mcp/messages?s=1"),
        ("/messages?s=1", "/a/mcp/.upstream/messages?s=1"),
        ("{up}/mcp/messages?s=1", "{gw}/a/mcp/messages?s=1"),
        ("{up}/messages?s=1", "{gw}/a/mcp/.upstream/messages?s=1"),
    ] {
        let own = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
        let (filled, announced) = (own.clone(), announced.to_string());
        let upstream = Upstream::with_stream(move |_, stream| {
            let chunks: Vec<Vec<u8>> =
                announce(&announced.replace("{up}", filled.get().expect("set before")));
            stream.write_all(STREAM).expect("the gateway reads");
            chunks.iter().for_each(|chunk| stream.write_all(chunk).expect("the gateway reads"));
            wait_for_close(stream);
            false
        });
        own.set(upstream.url("")).expect("set once");
        let gateway = gateway_before(&upstream);
        let (mut client, _) = open(&gateway, "GET");
        let mut event = String::new();
        while !event.ends_with("\r\n\r\n") {
            event += std::str::from_utf8(&client.chunk().expect("an event")).expect("text");
        }
        let expected = mapped.replace("{gw}", &gateway.origin());
        assert_eq!(event, format!("event: endpoint\r\ndata: {expected}\r\n\r\n"));
    }
}

#[test]
fn a_message_endpoint_is_reachable_only_while_a_stream_that_announced_it_is_open() {
    let (upstream, closed) = open_ended(vec![chunk("event: endpoint\ndata: /messages?s=1\n\n")]);
    let gateway = gateway_before(&upstream);
    let post = || gateway.connect().post_json("/a/mcp/.upstream/messages?s=1", &[], "{}");
    let before = upstream.seen().len();
    assert_eq!((post().status, upstream.seen().len()), (404, before), "nobody announced it yet");
    let (mut client, _) = open(&gateway, "GET");
    assert_eq!(client.event(), "event: endpoint\ndata: /a/mcp/.upstream/messages?s=1\n\n");
    let answer = post();
    assert_eq!((answer.status, answer.text()), (202, "/messages?s=1"));
    client.close();
    closed.recv_timeout(PATIENCE).expect("the stream ends");
    let arrived = |seen: &Seen| seen.target().starts_with("/messages");
    let mut gateway = gateway;
    let stream_ended = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        (line["event"] == "request" && line["method"] == "GET").then_some(())
    };
    gateway.process.wait_for(0, "the access line of the stream", stream_ended);
    let answer = gateway.connect().post_json("/a/mcp/.upstream/messages?s=1", &[], "{}");
    assert_eq!((answer.status, answer.reason().as_str()), (404, "no_api"));
    assert_eq!(upstream.seen().iter().filter(|seen| arrived(seen)).count(), 1);
}

#[test]
fn a_stream_that_announces_an_endpoint_elsewhere_is_cut() {
    for url in ["https://evil.example/messages", "//evil.example/m", "javascript:alert(1)"] {
        let (upstream, _closed) = open_ended(vec![chunk(&format!("event: endpoint\ndata: {url}\n\n"))]);
        let mut gateway = gateway_before(&upstream);
        let (mut client, _) = open(&gateway, "GET");
        let rest = client.rest();
        assert!(!String::from_utf8_lossy(&rest).contains("evil"), "{url}");
        assert!(!rest.ends_with(b"0\r\n\r\n"), "the client can tell that it was cut");
        let reason = gateway.access_line("/a/mcp")["reason"].clone();
        let expected = if url.contains("evil") { "foreign_message_endpoint" } else { "upstream_failed" };
        assert_eq!(reason, expected, "{url}");
    }
}

#[test]
fn a_stream_of_the_current_transport_passes_untouched() {
    let long = format!("data: {}\n\n", "x".repeat(40_000));
    let plain =
        "id: 1\ndata:\n\nevent: message\ndata: {\"uri\":\"https://elsewhere.example/\"}\n\n: endpoint\n\n";
    for events in [long.as_str(), plain] {
        let (upstream, _closed) = open_ended(vec![chunk(events)]);
        let gateway = gateway_before(&upstream);
        let (mut client, _) = open(&gateway, "GET");
        let mut given = Vec::new();
        while given.len() < events.len() {
            given.extend(client.chunk().expect("more"));
        }
        assert!(given == events.as_bytes());
    }
}
