//! How many requests may be under way at the same time.

use serde_json::json;

use super::super::plans::consumer;
use super::{call, message, post, start, yaml};
use crate::support::http::Connection;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Gate, Upstream, pass, response};

/// Answers a call of `slow` when it is told to, and all others at once.
fn slow() -> (Upstream, Gate) {
    let (gate, opened) = Gate::new();
    let upstream = Upstream::start(move |seen| {
        if String::from_utf8_lossy(&seen.body).contains("slow") {
            pass(&opened);
        }
        response("200 OK", &[], "reached")
    });
    (upstream, gate)
}

/// A call that is under way.
fn begun(gateway: &Tollgate, headers: &[(&str, &str)], upstream: &Upstream) -> Connection {
    let before = upstream.seen().len();
    let mut connection = gateway.connect();
    connection.send_request("POST", "/a/mcp", headers, call("slow").to_string().as_bytes());
    upstream.is_reached_by(before + 1);
    connection
}

#[test]
fn as_many_requests_are_under_way_as_may_be_and_the_next_comes_when_one_has_ended() {
    let (upstream, gate) = slow();
    let gateway = start(&upstream, "{ concurrency: { by: address, max: 2 } }");
    let mut first = begun(&gateway, &[], &upstream);
    let _second = begun(&gateway, &[], &upstream);
    let answer = post(&gateway, &call("fast"));
    assert_eq!((answer.status, answer.reason().as_str()), (429, "too_many_calls"));
    assert_eq!(
        (answer.json()["error"]["code"].as_i64(), answer.header("retry-after")),
        (Some(-32006), Some("1"))
    );
    gate.open();
    assert_eq!(first.response("POST").text(), "reached");
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while post(&gateway, &call("fast")).status != 200 {
        assert!(std::time::Instant::now() < deadline, "its place is not given back");
    }
    gate.open();
}

#[test]
fn a_client_that_leaves_gives_its_place_back() {
    let (upstream, _gate) = slow();
    let gateway = start(&upstream, "{ concurrency: { by: address, max: 1 } }");
    begun(&gateway, &[], &upstream).close();
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while post(&gateway, &call("fast")).status != 200 {
        assert!(std::time::Instant::now() < deadline, "its place is not given back");
    }
}

#[test]
fn each_consumer_has_its_own_places_and_a_tool_its_own_too() {
    let (upstream, _gate) = slow();
    let consumers = [consumer("acme", "a", "a/api_key"), consumer("bolt", "b", "a/api_key")].join(", ");
    let policy = "{ concurrency: { by: [consumer, tool], max: 1 } }";
    let yaml = yaml(&upstream, policy, &format!("consumers: [{consumers}]\n"))
        .replace("[keyless]", "[{ api_key: {} }]");
    let gateway = Tollgate::start(&yaml);
    let ask = |key: &str, tool: &str| {
        gateway.connect().post_json("/a/mcp", &[("x-api-key", key)], &call(tool).to_string()).status
    };
    let _slow = begun(&gateway, &[("x-api-key", "a")], &upstream);
    assert_eq!((ask("a", "slow"), ask("a", "fast"), ask("b", "fast")), (429, 200, 200));
}

#[test]
fn what_is_no_call_may_not_be_counted() {
    let (upstream, _gate) = slow();
    let gateway = start(&upstream, "{ concurrency: { by: address, max: 1, count: tools/call } }");
    let _slow = begun(&gateway, &[], &upstream);
    assert_eq!(post(&gateway, &call("fast")).status, 429);
    assert_eq!(post(&gateway, &message("tools/list", &json!({}))).status, 200);
    assert_eq!(gateway.get("/a/mcp").status, 200, "nor is a stream that hears of what the server does");
}

#[test]
fn places_are_still_taken_after_a_reload() {
    let (upstream, _gate) = slow();
    let yaml = yaml(&upstream, "{ concurrency: { by: address, max: 1 } }", "");
    let mut gateway = Tollgate::start(&yaml);
    let _slow = begun(&gateway, &[], &upstream);
    assert_eq!(gateway.reload(&yaml), "applied");
    assert_eq!(post(&gateway, &call("fast")).status, 429);
    assert_eq!(gateway.reload(&yaml.replace("max: 1", "max: 2")), "applied");
    assert_eq!(post(&gateway, &call("fast")).status, 200);
}
