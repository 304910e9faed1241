//! How long an endpoint may take: each limit ends what it is for, and no other.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;

use super::{asked, endpoint, fleet};
use crate::support::blackhole::Blackhole;
use crate::support::http::Connection;
use crate::support::node::tls_client;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Seen, Upstream, response};

const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const JSON: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

fn gateway(upstream: &Upstream, timeouts: &str) -> Tollgate {
    let keys = format!("upstream: {{ timeouts: {{ {timeouts} }} }}");
    Tollgate::start(&fleet(&[endpoint(upstream, "")], &keys))
}

/// Sends a head, then a chunk each 100 ms: so many, or without end.
fn drip(head: &'static [u8], chunks: usize) -> Upstream {
    Upstream::with_stream(move |_, stream| {
        let sent = stream.write_all(head).and_then(|()| (0..chunks).try_for_each(|_| chunk(stream)));
        sent.and_then(|()| stream.write_all(b"0\r\n\r\n")).is_ok()
    })
}

fn chunk(stream: &mut TcpStream) -> std::io::Result<()> {
    std::thread::park_timeout(Duration::from_millis(100));
    stream.write_all(b"3\r\n:\n\n\r\n")
}

/// Sends this and then nothing.
fn falls_silent_after(bytes: &'static [u8]) -> Upstream {
    Upstream::with_stream(move |_, stream| {
        let _ = stream.write_all(bytes);
        // Until the other side closes the connection.
        while stream.peek(&mut [0]).is_ok_and(|length| length > 0) {}
        false
    })
}

/// The client's bytes until the gateway ends the connection.
fn cut(client: &mut Connection) -> String {
    client.send_request("POST", "/a/mcp", &[], b"{}");
    String::from_utf8(client.rest()).expect("text")
}

#[test]
fn an_endpoint_that_never_answers_is_a_504() {
    let silent = falls_silent_after(b"");
    let mut gateway = gateway(&silent, "first_byte: 200ms");
    let answer = gateway.connect().post_json("/a/mcp", &[], "{}");
    assert_eq!((answer.status, answer.reason().as_str()), (504, "upstream_timeout"));
    assert_eq!(answer.json()["jsonrpc"], "2.0");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_timeout");
}

#[test]
fn over_http2_too_an_endpoint_that_never_answers_is_a_504() {
    let silent = falls_silent_after(b"");
    let yaml = fleet(&[endpoint(&silent, "")], "upstream: { timeouts: { first_byte: 200ms } }");
    let gateway = Tollgate::start(&yaml.replacen("127.0.0.1:0\"", "127.0.0.1:0\", http2: true", 1));
    let requests = json!([{ "method": "POST", "path": "/a/mcp", "body": "{}" }]);
    let port = gateway.address().port();
    let seen = tls_client(&json!({ "port": port, "prior": true, "requests": requests }));
    assert_eq!(seen["responses"][0]["status"], 504, "{seen}");
}

#[test]
fn a_request_that_took_too_long_is_sent_to_no_other_endpoint() {
    let (silent, other) = (falls_silent_after(b""), super::named("other"));
    let keys = "upstream: { timeouts: { first_byte: 200ms } }";
    let gateway = Tollgate::start(&fleet(&[endpoint(&silent, ""), endpoint(&other, "")], keys));
    assert_eq!(gateway.get("/a/mcp").reason(), "upstream_timeout");
    assert!(other.seen().is_empty());
}

#[test]
fn the_time_to_the_first_byte_counts_from_the_last_byte_of_the_request() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "ok"));
    let gateway = gateway(&upstream, "first_byte: 400ms");
    let mut client = gateway.connect();
    client.send(b"POST /a/mcp HTTP/1.1\r\nHost: localhost:");
    client.send(format!("{}\r\nContent-Length: 8\r\n\r\n", gateway.address().port()).as_bytes());
    for _ in 0..8 {
        std::thread::park_timeout(Duration::from_millis(100));
        client.send(b"x");
    }
    assert_eq!(client.response("POST").text(), "ok");
}

#[test]
fn an_answer_that_stalls_is_cut() {
    let stalls = falls_silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    let mut gateway = gateway(&stalls, "body_idle: 200ms");
    let answer = cut(&mut gateway.connect());
    assert!(answer.ends_with("half"), "{answer}");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_timeout");
}

#[test]
fn an_answer_whose_end_is_the_end_of_the_connection_is_not_complete_when_it_is_cut() {
    let stalls = falls_silent_after(b"HTTP/1.1 200 OK\r\n\r\nhalf");
    let mut gateway = gateway(&stalls, "body_idle: 200ms");
    let answer = cut(&mut gateway.connect());
    assert!(answer.contains("half") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_timeout");
}

#[test]
fn an_answer_that_goes_on_is_cut_only_when_its_total_time_is_over() {
    let endless = drip(JSON, usize::MAX);
    let mut gateway = gateway(&endless, "total: 1s, body_idle: 700ms");
    let answer = cut(&mut gateway.connect());
    assert!(answer.matches(":\n\n").count() >= 2 && !answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_timeout");
}

#[test]
fn an_event_stream_is_cut_by_none_of_the_limits_of_other_answers() {
    let slow = drip(STREAM, 10);
    let gateway = gateway(&slow, "total: 300ms, body_idle: 50ms");
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[], b"{}");
    assert_eq!(client.response("POST").text().matches(":\n\n").count(), 10);
}

#[test]
fn an_event_stream_that_is_silent_too_long_is_cut_where_that_has_a_limit() {
    let silent = falls_silent_after(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n",
    );
    let mut gateway = gateway(&silent, "stream_idle: 200ms");
    let answer = cut(&mut gateway.connect());
    assert!(answer.contains(":\n\n") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_timeout");
}

#[test]
fn an_endpoint_may_take_longer_than_the_others() {
    let slow = Upstream::start(|_: &Seen| {
        std::thread::park_timeout(Duration::from_millis(600));
        response("200 OK", &[], "slow")
    });
    let keys = "upstream: { timeouts: { first_byte: 200ms } }";
    let patient = [endpoint(&slow, "timeouts: { first_byte: 10s }")];
    assert_eq!(asked(&Tollgate::start(&fleet(&patient, keys))), "slow");
    assert_eq!(asked(&Tollgate::start(&fleet(&[endpoint(&slow, "")], keys))), "upstream_timeout");
}

#[test]
fn a_connection_that_is_not_made_in_time_is_given_up() {
    let hole = Blackhole::open();
    let keys = "upstream: { timeouts: { connect: 200ms } }";
    let gateway = Tollgate::start(&fleet(&[format!("\"http://{}/mcp\"", hole.address())], keys));
    assert_eq!(asked(&gateway), "upstream_timeout");
}

#[test]
fn a_blackholed_endpoint_costs_clients_no_more_than_the_ejection_threshold() {
    let (hole, works) = (Blackhole::open(), super::named("works"));
    let keys = "upstream: { timeouts: { connect: 200ms }, outlier_detection: { consecutive_failures: 3 } }";
    let endpoints = [format!("\"http://{}/mcp\"", hole.address()), endpoint(&works, "")];
    let mut gateway = Tollgate::start(&fleet(&endpoints, keys));
    assert!((0..20).all(|_| asked(&gateway) == "works"), "nobody sees an error");
    super::event(&mut gateway, 0, "endpoint_ejected");
    let delayed =
        gateway.process.lines().iter().filter(|line| line.contains("\"endpoints_tried\":2")).count();
    assert_eq!(delayed, 3);
}

#[test]
fn a_tls_handshake_that_is_not_finished_in_time_is_given_up() {
    // The system takes the connection; nobody ever reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address");
    let keys = "upstream: { timeouts: { connect: 100ms, tls_handshake: 200ms } }";
    let gateway = Tollgate::start(&fleet(&[format!("\"https://{address}/mcp\"")], keys));
    assert_eq!(asked(&gateway), "upstream_timeout");
}

#[test]
fn an_endpoint_may_be_given_each_time_limit_for_itself() {
    let hole = Blackhole::open();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let unread = silent.local_addr().expect("an address");
    let stalls = falls_silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    let endless = drip(JSON, usize::MAX);
    let stream = falls_silent_after(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    let limited = [
        (format!("http://{}/mcp", hole.address()), "connect: 200ms"),
        (format!("https://{unread}/mcp"), "connect: 100ms, tls_handshake: 200ms"),
        (stalls.url("/mcp"), "body_idle: 200ms"),
        (endless.url("/mcp"), "total: 300ms"),
        (stream.url("/mcp"), "stream_idle: 200ms"),
    ];
    for (url, timeouts) in limited {
        // Those of the API would let the test wait in vain.
        let endpoint = format!("{{ url: \"{url}\", timeouts: {{ {timeouts} }} }}");
        let keys =
            "upstream: { timeouts: { connect: 1h, tls_handshake: 1h, body_idle: 1h, stream_idle: 1h } }";
        let mut gateway = Tollgate::start(&fleet(&[endpoint], keys));
        cut(&mut gateway.connect());
        assert_eq!(gateway.access_line("/a/mcp")["reason"], "upstream_timeout", "{timeouts}");
    }
}
