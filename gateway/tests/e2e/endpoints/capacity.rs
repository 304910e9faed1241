//! An endpoint is sent only so many requests at the same time; a few more wait, and the others are told to come back.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{asked, endpoint, fleet, named};
use crate::support::http::Connection;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Gate, Upstream, pass, response};

/// Answers each request once the gate is opened for it.
fn gated() -> (Gate, Upstream) {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        pass(&gated) && stream.write_all(&response("200 OK", &[], "held")).is_ok()
    });
    (gate, upstream)
}

fn limits(keys: &str) -> String {
    format!("upstream: {{ limits: {{ {keys} }} }}")
}

fn begin(gateway: &Tollgate) -> Connection {
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[("Content-Type", "application/json")], b"{}");
    client
}

#[test]
fn a_request_beyond_the_limit_waits_for_one_to_end() {
    let (gate, upstream) = gated();
    let keys = limits("max_requests: 1, queue_timeout: 1h");
    let gateway = Tollgate::start(&fleet(&[endpoint(&upstream, "")], &keys));
    let mut first = begin(&gateway);
    upstream.is_reached();
    let mut second = begin(&gateway);
    gate.open();
    assert_eq!(first.response("POST").text(), "held");
    upstream.is_reached_by(2);
    gate.open();
    assert_eq!(second.response("POST").text(), "held");
}

#[test]
fn a_request_for_which_there_is_no_place_in_the_queue_is_told_to_come_back() {
    let (gate, upstream) = gated();
    let gateway =
        Tollgate::start(&fleet(&[endpoint(&upstream, "")], &limits("max_requests: 1, max_queue: 0")));
    let mut first = begin(&gateway);
    upstream.is_reached();
    let answer = begin(&gateway).response("POST");
    assert_eq!((answer.status, answer.reason().as_str()), (503, "upstream_overloaded"));
    assert_eq!((answer.header("retry-after"), answer.json()["jsonrpc"].as_str()), (Some("1"), Some("2.0")));
    gate.open();
    assert_eq!(first.response("POST").status, 200);
    gate.open();
    assert_eq!(asked(&gateway), "held", "the place is free again");
}

#[test]
fn a_request_that_has_waited_too_long_is_told_to_come_back() {
    let (gate, upstream) = gated();
    let keys = limits("max_requests: 1, queue_timeout: 200ms");
    let gateway = Tollgate::start(&fleet(&[endpoint(&upstream, "")], &keys));
    let mut first = begin(&gateway);
    upstream.is_reached();
    assert_eq!(begin(&gateway).response("POST").reason(), "upstream_overloaded");
    assert_eq!(upstream.seen().len(), 1);
    gate.open();
    assert_eq!(first.response("POST").status, 200);
}

#[test]
fn a_request_goes_to_an_endpoint_with_room_before_it_waits() {
    let ((gate, full), idle) = (gated(), named("idle"));
    let endpoints = [endpoint(&full, ""), endpoint(&idle, "backup: true")];
    let gateway = Tollgate::start(&fleet(&endpoints, &limits("max_requests: 1, queue_timeout: 1h")));
    let mut first = begin(&gateway);
    full.is_reached();
    assert!((0..8).all(|_| asked(&gateway) == "idle"));
    gate.open();
    assert_eq!(first.response("POST").text(), "held");
}

#[test]
fn a_client_that_goes_away_gives_its_place_back() {
    let (gate, upstream) = gated();
    let keys = limits("max_requests: 1, queue_timeout: 1h");
    let gateway = Tollgate::start(&fleet(&[endpoint(&upstream, "")], &keys));
    let first = begin(&gateway);
    upstream.is_reached();
    first.close();
    let mut second = begin(&gateway);
    upstream.is_reached_by(2);
    gate.open();
    gate.open();
    assert_eq!(second.response("POST").text(), "held");
}

#[test]
fn under_overload_an_endpoint_never_gets_more_than_its_limit_and_everyone_an_answer() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, high) = (now.clone(), most.clone());
    let slow = Upstream::start(move |_| {
        high.fetch_max(count.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::park_timeout(Duration::from_millis(20));
        count.fetch_sub(1, Ordering::SeqCst);
        response("200 OK", &[], "slow")
    });
    let keys = limits("max_requests: 4, max_queue: 8, queue_timeout: 2s");
    let gateway = Tollgate::start(&fleet(&[endpoint(&slow, "")], &keys));
    let answers: Vec<String> = std::thread::scope(|scope| {
        let client = || scope.spawn(|| (0..10).map(|_| asked(&gateway)).collect::<Vec<_>>());
        let clients: Vec<_> = (0..40).map(|_| client()).collect();
        clients.into_iter().flat_map(|client| client.join().expect("no panic")).collect()
    });
    let count = |what: &str| answers.iter().filter(|answer| *answer == what).count();
    assert_eq!(count("slow") + count("upstream_overloaded"), 400, "{answers:?}");
    assert!(count("slow") >= 12 && count("upstream_overloaded") > 0);
    assert_eq!(most.load(Ordering::SeqCst), 4);
}
