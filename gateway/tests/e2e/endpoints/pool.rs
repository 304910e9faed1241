//! Connections to endpoints are kept for the next request, for as long as they may be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::{endpoint, fleet};
use crate::support::http::Connection;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// Answers with the number of the connection a request came over.
fn counting() -> (Arc<AtomicUsize>, Upstream) {
    let answered = Arc::new(AtomicUsize::new(0));
    let count = answered.clone();
    let upstream = Upstream::with_stream(move |_, stream| {
        count.fetch_add(1, Ordering::Relaxed);
        let port = stream.peer_addr().map_or(0, |address| address.port());
        stream.write_all(&response("200 OK", &[], &port.to_string())).is_ok()
    });
    (answered, upstream)
}

fn gateway(upstream: &Upstream, pool: &str) -> Tollgate {
    Tollgate::start(&fleet(&[endpoint(upstream, "")], &format!("upstream: {{ pool: {{ {pool} }} }}")))
}

/// The connection a message went over. On one connection of the client each request waits for the one before, and for what
/// becomes of the endpoint's connection.
fn asked(client: &mut Connection) -> String {
    let answer = client.post_json("/a/mcp", &[], "{}");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text().to_string()
}

#[test]
fn a_connection_is_used_again_until_it_was_idle_too_long() {
    let (_, upstream) = counting();
    let gateway = gateway(&upstream, "idle_timeout: 300ms");
    let mut client = gateway.connect();
    let first = asked(&mut client);
    assert_eq!(asked(&mut client), first);
    std::thread::park_timeout(Duration::from_millis(900));
    assert_ne!(asked(&mut client), first);
}

#[test]
fn a_connection_is_idle_behind_an_answer_without_a_body_too() {
    let ports = Arc::new(Mutex::new(Vec::new()));
    let seen = ports.clone();
    let upstream = Upstream::with_stream(move |_, stream| {
        seen.lock().expect("nobody panics").push(stream.peer_addr().map(|address| address.port()).ok());
        stream.write_all(&response("202 Accepted", &[], "")).is_ok()
    });
    let gateway = gateway(&upstream, "idle_timeout: 300ms");
    let mut client = gateway.connect();
    for pause in [0, 900, 0] {
        assert_eq!(client.post_json("/a/mcp", &[], "{}").status, 202);
        std::thread::park_timeout(Duration::from_millis(pause));
    }
    let ports = ports.lock().expect("nobody panics");
    assert!(ports[0] == ports[1] && ports[1] != ports[2], "{ports:?}");
}

#[test]
fn a_client_has_longer_for_its_answer_than_the_connection_that_brought_it_is_kept() {
    const LENGTH: usize = 60_000;
    let upstream = Upstream::with_stream(|_, stream| {
        stream.write_all(&response("200 OK", &[], &"x".repeat(LENGTH))).is_ok()
    });
    let gateway = gateway(&upstream, "idle_timeout: 100ms");
    // With next to no room for an answer, so that the gateway has to wait with it.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(2048).expect("a size");
    socket.connect(&gateway.address().into()).expect("it listens");
    let mut client = TcpStream::from(socket);
    let head =
        format!("POST /a/mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", gateway.address());
    let request = format!("{head}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}");
    client.write_all(request.as_bytes()).expect("it is taken");
    std::thread::park_timeout(Duration::from_millis(1000));
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("it is not cut");
    assert_eq!(answer.iter().filter(|byte| **byte == b'x').count(), LENGTH);
}

#[test]
fn a_connection_that_is_never_idle_is_replaced_when_it_has_lived_its_time() {
    let (answered, upstream) = counting();
    let gateway = gateway(&upstream, "max_lifetime: 300ms");
    let mut client = gateway.connect();
    let first = asked(&mut client);
    let mut requests = 1;
    while asked(&mut client) == first {
        requests += 1;
        std::thread::park_timeout(Duration::from_millis(20));
    }
    assert!(requests > 1, "it was used again before");
    assert_eq!(answered.load(Ordering::Relaxed), requests + 1, "and no request was lost or sent twice");
}

#[test]
fn a_connection_that_its_server_closes_is_let_go_of_though_nobody_wants_to_use_it() {
    const OPEN: &str = "tollgate_upstream_connections_open";
    let (_, upstream) = counting();
    let gateway = gateway(&upstream, "idle_timeout: 1h");
    asked(&mut gateway.connect());
    gateway.counts(OPEN, &[], 1.0);
    upstream.stop();
    gateway.counts(OPEN, &[], 0.0);
}

#[test]
fn a_message_on_a_connection_its_server_has_closed_goes_over_a_new_one() {
    // Each answer promises to keep the connection, and then the connection is closed.
    let closes = Upstream::with_stream(|_, stream| {
        let _ = stream.write_all(&response("200 OK", &["Connection: keep-alive"], "ok"));
        false
    });
    let gateway = gateway(&closes, "idle_timeout: 1m");
    let mut client: Connection = gateway.connect();
    for number in 0..200 {
        let answer = client.post_json("/a/mcp", &[], "{}");
        assert_eq!(answer.status, 200, "message {number}: {answer:?}");
        // Until the end of the connection has reached the gateway; a message before that may have been read.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
