//! The minimum rate and the deadline of a request body.

use std::net::TcpStream;
use std::time::Duration;

use super::limited;
use crate::support::slow::{Ending, open, until_closed};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

fn upload(gateway: &Tollgate, limits_of_body: &str, drip: &[u8]) -> Ending {
    let stream: TcpStream = open(gateway.address());
    let head = format!("POST /a/mcp HTTP/1.1\r\nHost: {}\r\n{limits_of_body}\r\n\r\n", gateway.address());
    until_closed(stream, head.as_bytes(), drip)
}

fn upstream() -> Upstream {
    Upstream::start(|seen| response("200 OK", &["Connection: close"], &seen.body.len().to_string()))
}

fn is_too_slow(ending: &Ending, at_least: Duration) {
    assert!(ending.after >= at_least && ending.after < at_least + Duration::from_secs(5), "{ending:?}");
    assert_eq!(ending.status(), 408, "{ending:?}");
    assert!(ending.says("body_too_slow"), "{ending:?}");
}

#[test]
fn a_body_that_drips_is_cut_once_it_is_behind_by_the_grace() {
    let upstream = upstream();
    let mut gateway = limited("min_rate_grace: 1s", &upstream.url("/mcp"));
    for body in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        is_too_slow(&upload(&gateway, body, b"1\r\n"), Duration::from_millis(950));
    }
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "body_too_slow");
}

#[test]
fn a_slow_body_is_not_cut_where_the_rate_is_lower() {
    let upstream = upstream();
    // Five bytes a second for four seconds, four times the grace.
    let limits = "min_request_rate: 2, min_rate_grace: 1s";
    let gateway = limited(limits, &upstream.url("/mcp"));
    let mut stream = open(gateway.address());
    let head = format!("POST /a/mcp HTTP/1.1\r\nHost: {}\r\nContent-Length: 20\r\n\r\n", gateway.address());
    std::io::Write::write_all(&mut stream, head.as_bytes()).expect("the head is sent");
    let mut answer = [0; 12];
    stream.set_read_timeout(Some(crate::support::slow::DRIP)).expect("a timeout can be set");
    for _ in 0..20 {
        std::io::Write::write_all(&mut stream, b"x").expect("the gateway reads on");
        if std::io::Read::read(&mut stream, &mut answer).is_ok() {
            break;
        }
    }
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 200"), "{answer:?}");
    assert_eq!(upstream.seen()[0].body.len(), 20);
}

#[test]
fn a_body_may_have_a_deadline_whatever_its_rate() {
    let upstream = upstream();
    let gateway = limited("body_timeout: 1s, min_request_rate: 0", &upstream.url("/mcp"));
    is_too_slow(&upload(&gateway, "Content-Length: 1000", b"x"), Duration::from_millis(950));
}
