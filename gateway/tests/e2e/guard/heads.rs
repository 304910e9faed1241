//! The deadline of a request head.

use std::io::{Read, Write};
use std::time::Duration;

use super::{NOWHERE, limited, refused};
use crate::support::slow::{Ending, open, until_closed};
use crate::support::tollgate::Tollgate;
use crate::tls::{CERTIFICATES, Secure};

const DEADLINE: Duration = Duration::from_secs(1);
/// What a busy machine may add.
const LATE: Duration = Duration::from_secs(4);

fn gateway() -> Tollgate {
    limited("head_timeout: 1s", NOWHERE)
}

fn is_cut_in_time(ending: &Ending) {
    assert!(ending.after >= DEADLINE - Duration::from_millis(50) && ending.after < LATE, "{ending:?}");
    assert_eq!(ending.status(), 408, "{ending:?}");
    assert!(ending.says("head_timeout"), "{ending:?}");
    assert!(ending.received.contains("Connection: close\r\n"), "{ending:?}");
}

#[test]
fn a_head_that_drips_is_answered_408_at_the_deadline() {
    let mut gateway = gateway();
    let ending = until_closed(open(gateway.address()), b"GET /a/mcp HTTP/1.1\r\n", b"X: y\r\n");
    is_cut_in_time(&ending);
    assert_eq!(refused(&mut gateway, "head_timeout"), 1);
    let lines = gateway.process.lines().join("\n");
    assert!(!lines.contains("Fail to proxy"), "and it costs no other line: {lines}");
}

#[test]
fn a_connection_that_says_nothing_is_cut_at_the_deadline() {
    is_cut_in_time(&until_closed(open(gateway().address()), b"", b""));
}

#[test]
fn half_a_head_and_then_silence_is_cut_at_the_deadline() {
    is_cut_in_time(&until_closed(open(gateway().address()), b"GET /a/mcp HTTP/1.1\r\nHost: x", b""));
}

#[test]
fn the_deadline_holds_for_later_requests_and_begins_with_their_first_byte() {
    let gateway = gateway();
    let mut stream = open(gateway.address());
    let whole = format!("GET /nowhere HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.address());
    for _ in 0..2 {
        stream.write_all(whole.as_bytes()).expect("a request is sent");
        read_answer(&mut stream);
        // Idle for longer than the deadline: that is not what it is about.
        stream.set_read_timeout(Some(DEADLINE * 2)).expect("a timeout can be set");
        assert!(stream.read(&mut [0]).is_err(), "the idle connection is open");
    }
    is_cut_in_time(&until_closed(stream, b"G", b"ET /"));
}

fn read_answer(stream: &mut std::net::TcpStream) {
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"}") {
        stream.read_exact(&mut byte).expect("an answer");
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 404 "), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn where_http2_may_begin_the_deadline_holds_for_its_first_bytes_too() {
    let yaml = super::limited_yaml("head_timeout: 1s", NOWHERE).replace("limits:", "http2: true, limits:");
    let gateway = Tollgate::start(&yaml);
    is_cut_in_time(&until_closed(open(gateway.address()), b"PRI * HT", b""));
    is_cut_in_time(&until_closed(open(gateway.address()), b"", b""));
}

#[test]
fn a_client_that_does_not_begin_tls_is_cut_before_anything_else_counts() {
    let mut secure =
        Secure::start(CERTIFICATES, ", limits: { head_timeout: 1m, handshake_timeout: 1s }", NOWHERE);
    let ending = until_closed(open(secure.gateway.address()), b"", b"");
    assert!(ending.after > Duration::from_millis(950) && ending.after < LATE, "{ending:?}");
    assert_eq!(ending.received, "");
    assert_eq!(refused(&mut secure.gateway, "handshake_timeout"), 1);
}
