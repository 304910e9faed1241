//! Endpoints: what they answered, their connections, and what is thought of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use super::{alone, fleet, gated, nobody, ok, started};
use crate::support::publisher::{Publisher, WELL_KNOWN};
use crate::support::tollgate::{Tollgate, api};
use crate::support::upstream::{Upstream, response};

const UPSTREAM: &str = "tollgate_upstream_requests_total";
const CONNECTIONS: &str = "tollgate_upstream_connections_total";

/// Answers with a status that can be changed.
fn changing(status: u16) -> (Arc<AtomicU16>, Upstream) {
    let status = Arc::new(AtomicU16::new(status));
    let answer = status.clone();
    (
        status,
        Upstream::start(move |_| response(&format!("{} Status", answer.load(Ordering::SeqCst)), &[], "")),
    )
}

fn post(gateway: &Tollgate) -> u16 {
    gateway.connect().post_json("/a/mcp", &[], "{}").status
}

#[test]
fn a_request_is_counted_at_its_endpoint_by_what_that_answered() {
    let (status, upstream) = changing(200);
    let gateway = fleet(&[format!("{{ url: \"{}\", name: one }}", upstream.url("/mcp"))], "");
    let labels = |code| [("api", "a"), ("endpoint", "one"), ("code", code)];
    for (answer, code) in [(200, "200"), (200, "200"), (404, "404"), (500, "500"), (299, "2xx"), (799, "7xx")]
    {
        status.store(answer, Ordering::SeqCst);
        assert_eq!(post(&gateway), answer, "{code}");
    }
    for (code, count) in [("200", 2.0), ("404", 1.0), ("500", 1.0), ("2xx", 1.0), ("7xx", 1.0)] {
        gateway.counts(UPSTREAM, &labels(code), count);
    }
    gateway.counts(UPSTREAM, &[], 6.0);
    gateway.counts("tollgate_upstream_first_byte_seconds_count", &[("api", "a"), ("endpoint", "one")], 6.0);
    upstream.stop();
    assert_eq!(post(&gateway), 502);
    gateway.counts(UPSTREAM, &labels("0"), 1.0);
    gateway.counts("tollgate_upstream_first_byte_seconds_count", &[], 6.0);
}

#[test]
fn connections_to_an_endpoint_are_new_reused_or_failed() {
    let upstream = ok();
    let gateway = alone(&upstream);
    let outcome = |outcome| [("api", "a"), ("endpoint", "endpoints[0]"), ("outcome", outcome)];
    // On one connection, where a request begins when the one before it is over for the endpoint too.
    let mut client = gateway.connect();
    let mut call = || client.post_json("/a/mcp", &[], "{}").status;
    assert_eq!((call(), call(), call()), (200, 200, 200));
    gateway.counts(CONNECTIONS, &outcome("new"), 1.0);
    gateway.counts(CONNECTIONS, &outcome("reused"), 2.0);
    gateway.counts(CONNECTIONS, &outcome("failed"), 0.0);
    gateway.counts("tollgate_upstream_connections_open", &[], 1.0);
    upstream.stop();
    assert_eq!(post(&gateway), 502);
    gateway.counts(CONNECTIONS, &outcome("failed"), 1.0);
    gateway.counts("tollgate_upstream_connections_open", &[], 0.0);
}

#[test]
fn a_request_that_was_given_to_another_endpoint_is_counted_at_both() {
    let upstream = ok();
    let endpoints =
        [format!("\"http://{}/mcp\"", nobody::address()), format!("\"{}\"", upstream.url("/mcp"))];
    let gateway = fleet(&endpoints, "balance: round_robin");
    assert_eq!((post(&gateway), post(&gateway)), (200, 200));
    gateway.counts("tollgate_upstream_retries_total", &[("api", "a")], 1.0);
    gateway.counts(UPSTREAM, &[("endpoint", "endpoints[0]"), ("code", "0")], 1.0);
    gateway.counts(UPSTREAM, &[("endpoint", "endpoints[1]"), ("code", "200")], 2.0);
    gateway.counts("tollgate_http_requests_total", &[], 2.0);
}

#[test]
fn requests_that_wait_for_a_place_and_those_without_one_are_counted() {
    let (gate, upstream) = gated();
    let endpoints = [format!("\"{}\"", upstream.url("/mcp"))];
    let limits = "upstream: { limits: { max_requests: 1, max_queue: 1, queue_timeout: 1h } }";
    let gateway = fleet(&endpoints, limits);
    let begin = || {
        let mut client = gateway.connect();
        client.send_request("POST", "/a/mcp", &[], b"{}");
        client
    };
    let mut first = begin();
    upstream.is_reached();
    gateway.counts("tollgate_upstream_queue_waiting", &[("api", "a"), ("endpoint", "endpoints[0]")], 0.0);
    let mut second = begin();
    gateway.counts("tollgate_upstream_queue_waiting", &[("api", "a"), ("endpoint", "endpoints[0]")], 1.0);
    gateway.counts("tollgate_upstream_overloaded_total", &[("api", "a")], 0.0);
    assert_eq!(begin().response("POST").status, 503);
    gateway.counts("tollgate_upstream_overloaded_total", &[("api", "a")], 1.0);
    gate.open();
    gate.open();
    assert_eq!((first.response("POST").status, second.response("POST").status), (200, 200));
    gateway.counts("tollgate_upstream_queue_waiting", &[], 0.0);
    gateway.counts(UPSTREAM, &[], 2.0);
}

#[test]
fn an_endpoint_that_is_ejected_is_shown_as_such_until_it_is_readmitted() {
    let (status, upstream) = changing(500);
    let endpoints = [format!("{{ url: \"{}\", name: one }}", upstream.url("/mcp"))];
    let detection = "consecutive_failures: 2, base_ejection_time: 300ms, max_ejection_percent: 100";
    let gateway = fleet(&endpoints, &format!("upstream: {{ outlier_detection: {{ {detection} }} }}"));
    let labels = [("api", "a"), ("endpoint", "one")];
    assert_eq!(post(&gateway), 500);
    gateway.counts("tollgate_endpoint_ejected", &labels, 0.0);
    assert_eq!(post(&gateway), 500);
    gateway.counts("tollgate_endpoint_ejected", &labels, 1.0);
    gateway.counts("tollgate_endpoint_ejections_total", &labels, 1.0);
    gateway.counts("tollgate_endpoint_healthy", &labels, 1.0);
    status.store(200, Ordering::SeqCst);
    while post(&gateway) != 200 {}
    gateway.counts("tollgate_endpoint_ejected", &labels, 0.0);
    gateway.counts("tollgate_endpoint_ejections_total", &labels, 1.0);
}

#[test]
fn an_endpoint_whose_checks_fail_is_shown_as_unhealthy() {
    let (status, upstream) = changing(200);
    let endpoints = [format!("\"{}\"", upstream.url("/mcp"))];
    let check =
        "protocol: http, path: /healthz, interval: 50ms, unhealthy_threshold: 1, healthy_threshold: 1";
    let gateway = fleet(&endpoints, &format!("upstream: {{ health_check: {{ {check} }} }}"));
    gateway.counts("tollgate_endpoint_healthy", &[("api", "a"), ("endpoint", "endpoints[0]")], 1.0);
    status.store(503, Ordering::SeqCst);
    gateway.counts("tollgate_endpoint_healthy", &[("api", "a"), ("endpoint", "endpoints[0]")], 0.0);
    status.store(200, Ordering::SeqCst);
    gateway.counts("tollgate_endpoint_healthy", &[("api", "a"), ("endpoint", "endpoints[0]")], 1.0);
    gateway.counts(UPSTREAM, &[], 0.0);
}

#[test]
fn the_sessions_that_are_remembered_are_shown_for_each_api_that_follows_them() {
    let minting = Upstream::start(|seen| {
        let id = format!("Mcp-Session-Id: {}", seen.all("x-id").first().unwrap_or(&"none"));
        response("200 OK", &[&id], "")
    });
    let endpoints = ["/one", "/two"].map(|path| format!("\"{}\"", minting.url(path)));
    let gateway = fleet(&endpoints, "");
    gateway.counts("tollgate_sessions", &[("api", "a")], 0.0);
    for id in ["id-one", "id-two"] {
        gateway.connect().post_json("/a/mcp", &[("X-Id", id)], "{}");
    }
    gateway.counts("tollgate_sessions", &[("api", "a")], 2.0);
    assert!(!gateway.admin("/metrics").text().contains("id-one"), "an id is as good as a credential");
}

#[test]
fn a_search_for_metadata_is_counted_by_what_it_came_to() {
    let upstream = Publisher::start();
    upstream.publish("/good", "{\"resource\":\"{up}/good\"}");
    upstream.publish("/foreign", "{\"resource\":\"http://evil.example/\"}");
    let apis: String = ["good", "foreign", "none"]
        .map(|name| api(name, &format!("/{name}"), &upstream.url(&format!("/{name}"))))
        .concat();
    let gateway = started(&(apis + &api("down", "/down", &format!("http://{}/", nobody::address()))));
    let outcomes = [
        ("good", "found"),
        ("foreign", "upstream_resource_mismatch"),
        ("none", "absent"),
        ("down", "upstream_metadata_unreachable"),
    ];
    for (name, _) in outcomes {
        gateway.get(&format!("{WELL_KNOWN}/{name}"));
    }
    for (api, outcome) in outcomes {
        let labels = [("api", api), ("outcome", outcome)];
        gateway.counts("tollgate_metadata_fetches_total", &labels, 1.0);
    }
    gateway.get(&format!("{WELL_KNOWN}/good"));
    gateway.counts("tollgate_metadata_fetches_total", &[], 4.0);
}
