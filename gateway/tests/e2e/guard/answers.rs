//! Clients that do not read, and those that have nothing to read.

use std::io::Write;
use std::time::{Duration, Instant};

use super::limited;
use crate::support::http::Connection;
use crate::support::slow::open;
use crate::support::upstream::{Upstream, response};

const MEBIBYTE: usize = 1024 * 1024;

/// An upstream that sends more than the buffers of any system hold, as fast as it may.
fn endless() -> Upstream {
    Upstream::with_stream(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n";
        let block = vec![b'x'; MEBIBYTE];
        let _ = stream.write_all(head);
        while stream.write_all(&block).is_ok() {}
        false
    })
}

/// Resident memory of a process in bytes, as Linux tells it.
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

#[test]
fn a_client_that_does_not_read_is_cut_and_costs_little_until_then() {
    const CLIENTS: usize = 20;
    let upstream = endless();
    let mut gateway = limited("min_rate_grace: 3s", &upstream.url("/mcp"));
    let before = resident(gateway.process.child.id());
    let head = format!("GET /a/mcp HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.address());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = open(gateway.address());
            client.write_all(head.as_bytes()).expect("a request is sent");
            client
        })
        .collect();
    let (mut cut, mut most) = (0, before);
    let deadline = Instant::now() + Duration::from_secs(15);
    while cut < CLIENTS {
        assert!(Instant::now() < deadline, "only {cut} were cut");
        most = most.max(resident(gateway.process.child.id()));
        std::thread::park_timeout(Duration::from_millis(50));
        let lines = gateway.process.lines();
        cut = lines.iter().filter(|line| line.contains(r#""reason":"answer_not_read""#)).count();
    }
    assert!(most - before < CLIENTS * MEBIBYTE, "{} KiB each", (most - before) / CLIENTS / 1024);
    drop(clients);
    let line = gateway.access_line("/a/mcp");
    assert_eq!((&line["status"], &line["reason"]), (&200.into(), &"answer_not_read".into()));
}

#[test]
fn a_client_is_not_cut_for_not_reading_where_there_is_no_minimum() {
    let upstream = endless();
    let gateway = limited("min_response_rate: 0, min_rate_grace: 500ms", &upstream.url("/mcp"));
    let mut client = gateway.connect();
    client.send_request("GET", "/a/mcp", &[], b"");
    std::thread::park_timeout(Duration::from_secs(3));
    assert_eq!(client.head().status, 200);
    // More than was on its way when the client stopped.
    let mut read = 0;
    while read < 64 * MEBIBYTE {
        read += client.chunk().expect("the answer goes on").len();
    }
}

#[test]
fn an_idle_stream_outlives_every_limit() {
    const SILENCE: Duration = Duration::from_secs(4);
    let upstream = Upstream::with_stream(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        let event = |stream: &mut std::net::TcpStream| stream.write_all(b"data: 1\n\n").is_ok();
        let mut going = stream.write_all(head).is_ok() && event(stream);
        for _ in 0..2 {
            std::thread::park_timeout(SILENCE);
            going = going && event(stream);
        }
        false
    });
    let limits = "head_timeout: 500ms, body_timeout: 500ms, min_rate_grace: 500ms";
    let gateway = limited(limits, &upstream.url("/mcp"));
    for (method, body) in [("GET", b"".as_slice()), ("POST", b"{}")] {
        let mut client = gateway.connect();
        client.send_request(method, "/a/mcp", &[("Accept", "text/event-stream")], body);
        assert_eq!(client.head().status, 200);
        for _ in 0..3 {
            assert_eq!(client.event(), "data: 1\n\n", "{method}");
        }
    }
}

#[test]
fn a_slow_upstream_is_not_held_against_the_client() {
    let upstream = Upstream::start(|_| {
        std::thread::park_timeout(Duration::from_secs(2));
        response("200 OK", &[], "late")
    });
    let gateway = limited("head_timeout: 500ms, min_rate_grace: 500ms", &upstream.url("/mcp"));
    let mut client: Connection = gateway.connect();
    for _ in 0..2 {
        assert_eq!(client.request("POST", "/a/mcp", &[], b"{}").text(), "late");
    }
}
