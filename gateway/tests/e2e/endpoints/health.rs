//! Endpoints that are asked how they are: those that are unwell get no requests until they are well again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::{asked, endpoint, event, fleet, named, nobody};
use crate::support::PATIENCE;
use crate::support::node::Server;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// Fast enough for a test; a check that follows is one more key.
const FAST: &str = "interval: 50ms, unhealthy_threshold: 1, healthy_threshold: 1";

/// Answers its checks, at `/healthz`, with a status that can be changed, and all else with its name.
fn checked(name: &'static str) -> (Arc<AtomicU16>, Upstream) {
    let status = Arc::new(AtomicU16::new(200));
    let answer = status.clone();
    let upstream = Upstream::start(move |seen| match seen.target() {
        "/healthz" => response(&format!("{} Status", answer.load(Ordering::Relaxed)), &[], ""),
        _ => response("200 OK", &[], name),
    });
    (status, upstream)
}

fn with_checks(endpoints: &[String], keys: &str) -> String {
    fleet(endpoints, &format!("upstream: {{ health_check: {{ {keys} }} }}"))
}

fn http() -> String {
    format!("protocol: http, path: /healthz, {FAST}")
}

/// Asks until the answer is this.
fn becomes(gateway: &Tollgate, answer: &str) {
    let deadline = Instant::now() + PATIENCE;
    while asked(gateway) != answer {
        assert!(Instant::now() < deadline, "no answer is {answer}");
    }
}

#[test]
fn an_endpoint_whose_check_fails_gets_no_requests_until_it_passes() {
    let ((status, one), two) = (checked("one"), checked("two").1);
    let endpoints = [endpoint(&one, "name: one"), endpoint(&two, "backup: true")];
    let mut gateway = Tollgate::start(&with_checks(&endpoints, &http()));
    assert_eq!(asked(&gateway), "one");
    status.store(503, Ordering::Relaxed);
    let line = event(&mut gateway, 0, "endpoint_unhealthy");
    assert_eq!((line["api"].as_str(), line["endpoint"].as_str()), (Some("a"), Some("one")));
    assert_eq!(line["error"], "it answered with the status 503");
    assert!((0..8).all(|_| asked(&gateway) == "two"));
    status.store(204, Ordering::Relaxed);
    event(&mut gateway, 0, "endpoint_healthy");
    assert_eq!(asked(&gateway), "one");
}

#[test]
fn while_no_endpoint_is_healthy_clients_are_told_so() {
    let (status, only) = checked("only");
    status.store(500, Ordering::Relaxed);
    let gateway = Tollgate::start(&with_checks(&[endpoint(&only, "")], &http()));
    becomes(&gateway, "upstream_unavailable");
    let answer = gateway.get("/a/mcp");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn an_endpoint_turns_only_after_so_many_checks_in_a_row() {
    let (status, upstream) = checked("up");
    let keys = "protocol: http, path: /healthz, interval: 20ms, unhealthy_threshold: 4, healthy_threshold: 3";
    let mut gateway = Tollgate::start(&with_checks(&[endpoint(&upstream, "")], keys));
    let checks = || upstream.seen().iter().filter(|seen| seen.target() == "/healthz").count();
    upstream.is_reached();
    status.store(500, Ordering::Relaxed);
    let before = checks();
    event(&mut gateway, 0, "endpoint_unhealthy");
    assert!(checks() >= before + 3, "one may have been under way");
    status.store(200, Ordering::Relaxed);
    let before = checks();
    event(&mut gateway, 0, "endpoint_healthy");
    assert!(checks() >= before + 2, "one may have been under way");
}

#[test]
fn a_check_that_is_not_answered_in_time_has_failed() {
    let silent = Upstream::with_stream(|_, stream| {
        while stream.peek(&mut [0]).is_ok_and(|length| length > 0) {}
        false
    });
    let keys = format!("{}, timeout: 100ms", http());
    let mut gateway = Tollgate::start(&with_checks(&[endpoint(&silent, "")], &keys));
    assert_eq!(event(&mut gateway, 0, "endpoint_unhealthy")["error"], "it did not answer within 100ms");
}

#[test]
fn a_tcp_check_asks_only_for_a_connection() {
    let sick = Upstream::start(|_| response("500 Internal Server Error", &[], "sick"));
    let keys = format!("protocol: tcp, {FAST}");
    let endpoints =
        [endpoint(&sick, ""), format!("{{ url: \"http://{}/mcp\", name: dead }}", nobody::address())];
    let mut gateway = Tollgate::start(&with_checks(&endpoints, &keys));
    let line = event(&mut gateway, 0, "endpoint_unhealthy");
    assert_eq!((line["endpoint"].as_str(), line["error"].as_str()), (Some("dead"), Some("ConnectRefused")));
    assert!(sick.seen().is_empty(), "no request was sent");
}

#[test]
fn an_mcp_check_takes_a_challenge_for_an_answer_and_a_web_page_for_none() {
    let secured = Upstream::start(|_| response("401 Unauthorized", &["WWW-Authenticate: Bearer"], ""));
    let page = Upstream::start(|_| response("200 OK", &["Content-Type: text/html"], "<html>"));
    let keys = format!("protocol: mcp, {FAST}");
    let endpoints = [endpoint(&secured, ""), endpoint(&page, "name: page")];
    let mut gateway = Tollgate::start(&with_checks(&endpoints, &keys));
    assert_eq!(event(&mut gateway, 0, "endpoint_unhealthy")["endpoint"], "page");
    secured.is_reached_by(3);
    let ping = secured.seen().remove(0);
    assert_eq!((ping.method(), ping.target()), ("POST", "/mcp"));
    assert!(String::from_utf8_lossy(&ping.body).contains(r#""method":"ping""#));
    let unhealthy = |line: &&String| line.contains("endpoint_unhealthy");
    assert_eq!(gateway.process.lines().iter().filter(unhealthy).count(), 1);
}

/// MCP servers as the SDK makes them: one of 2026-07-28, which has no `ping`, and one that wants a session.
#[test]
fn an_mcp_check_asks_a_server_what_its_revision_understands() {
    let modern = Server::mcp_server(&["--sdk", "v2", "--modern-only"]);
    let older = Server::mcp_server(&[]);
    let keys = format!("protocol: mcp, {FAST}");
    let endpoints = [&modern, &older].map(|server| format!("{{ url: \"{}\" }}", server.url()));
    let gateway = Tollgate::start(&with_checks(&endpoints, &keys));
    for server in [&modern, &older] {
        server.has_counted("/total", 6);
    }

    let journal = modern.journal();
    assert_eq!(
        (&journal[0]["headers"]["mcp-method"], &journal[0]["status"]),
        (&Value::Null, &json!(400)),
        "ping"
    );
    for entry in &journal[1..] {
        assert_eq!(
            (&entry["headers"]["mcp-method"], &entry["status"]),
            (&json!("server/discover"), &json!(200))
        );
    }
    let statuses: Vec<_> = older.journal().iter().map(|entry| entry["status"].clone()).collect();
    assert!(statuses.iter().all(|status| *status == 400), "no session: {statuses:?}");
    assert!(!gateway.process.lines().iter().any(|line| line.contains("endpoint_unhealthy")));
}

#[test]
fn an_endpoint_that_is_taken_out_is_asked_no_more_and_one_that_is_added_is() {
    let (one, two) = (checked("one").1, checked("two").1);
    let mut gateway = Tollgate::start(&with_checks(&[endpoint(&one, "")], &http()));
    one.is_reached();
    assert_eq!(gateway.reload(&with_checks(&[endpoint(&two, "")], &http())), "applied");
    two.is_reached_by(3);
    let before = one.seen().len();
    two.is_reached_by(10);
    assert!(one.seen().len() <= before + 1, "one check may have been under way");
}

#[test]
fn an_endpoint_that_takes_connections_again_gets_requests_before_its_ejection_is_over() {
    let (one, two) = (named("one"), named("two"));
    let keys = "upstream: { outlier_detection: { consecutive_failures: 1, base_ejection_time: 5m } }";
    let mut gateway = Tollgate::start(&fleet(&[endpoint(&one, ""), endpoint(&two, "backup: true")], keys));
    let address = one.address;
    one.stop();
    assert_eq!(asked(&gateway), "two");
    event(&mut gateway, 0, "endpoint_ejected");
    let _again = Upstream::start_at(address, |_| response("200 OK", &[], "one"));
    becomes(&gateway, "one");
    event(&mut gateway, 0, "endpoint_readmitted");
}
