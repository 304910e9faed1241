//! How long a connection may be idle, and how many requests it may carry.

use std::time::{Duration, Instant};

use crate::guard::{NOWHERE, limited};

#[test]
fn an_idle_connection_is_closed_after_later_requests_too() {
    // Pingora's own bound is infinite from the second request on.
    let gateway = limited("idle_timeout: 1s", NOWHERE);
    let mut connection = gateway.connect();
    for _ in 0..2 {
        assert_eq!(connection.get("/nothing-here").status, 404, "the connection is alive");
    }
    let began = Instant::now();
    assert!(connection.closes_within(Duration::from_secs(20)));
    assert!(began.elapsed() > Duration::from_millis(900));
}

#[test]
fn a_connection_is_closed_after_so_many_requests() {
    let gateway = limited("requests_per_connection: 3", NOWHERE);
    let mut connection = gateway.connect();
    let kept = |answer: &crate::support::http::Response| answer.header("connection") != Some("close");
    assert!((0..2).all(|_| kept(&connection.get("/nothing-here"))));
    assert!(!kept(&connection.get("/nothing-here")), "the last one says so");
    assert!(connection.is_closed());
}
