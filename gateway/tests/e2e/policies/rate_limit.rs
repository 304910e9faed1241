//! How much a caller may ask for within a time.

mod shared;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::super::plans::consumer;
use super::super::plans::issuer::{AUDIENCE, Issuer};
use super::{call, message, post, reached, start, yaml};
use crate::support::PATIENCE;
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;

fn told(answer: &Response) -> (u16, String) {
    (answer.status, if answer.status == 200 { String::new() } else { answer.reason() })
}

/// How many of `requests` are let through, sent over this many connections at the same time to gateways in turn.
fn accepted(gateways: &[&Tollgate], connections: usize, requests: usize) -> usize {
    let accepted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..connections {
            let (gateway, accepted) = (gateways[number % gateways.len()], &accepted);
            scope.spawn(move || {
                let mut connection = gateway.connect();
                for _ in 0..requests / connections {
                    let answer = connection.get("/a/mcp");
                    assert!([200, 429].contains(&answer.status), "{}", answer.text());
                    accepted.fetch_add(usize::from(answer.status == 200), Ordering::Relaxed);
                }
            });
        }
    });
    accepted.into_inner()
}

#[test]
fn of_ten_thousand_requests_exactly_as_many_as_may_be_are_let_through() {
    let upstream = reached();
    let yaml = yaml(&upstream, "{ rate_limit: { by: address, windows: [{ requests: 1000, per: 1h }] } }", "");
    let mut gateway = Tollgate::start(&yaml);
    assert_eq!(accepted(&[&gateway], 64, 6_400), 1000);
    assert_eq!(gateway.reload(&yaml), "applied");
    assert_eq!(accepted(&[&gateway], 64, 3_200), 0, "a reload forgets nothing");
    assert_eq!(gateway.reload(&yaml.replace("1000", "1200")), "applied");
    assert_eq!(accepted(&[&gateway], 64, 640), 200, "nor where it is another number");
}

#[test]
fn whoever_asks_too_often_is_told_how_things_stand_and_when_to_come_back() {
    let upstream = reached();
    let policy = "{ name: spike, rate_limit: { by: address, windows: [{ requests: 2, per: 1s }, { requests: 1000, per: 1d }] } }";
    let mut gateway = start(&upstream, policy);
    let first = post(&gateway, &call("echo"));
    assert_eq!(first.all("ratelimit-policy"), ["\"spike-1s\";q=2;w=1, \"spike-1d\";q=1000;w=86400"]);
    assert_eq!(
        first.header("ratelimit").map(|field| field.split(';').next().unwrap_or_default()),
        Some("\"spike-1s\"")
    );
    let deadline = Instant::now() + PATIENCE;
    let refused = loop {
        let answer = post(&gateway, &call("echo"));
        if answer.status != 200 {
            break answer;
        }
        assert!(Instant::now() < deadline, "nothing is limited");
    };
    assert_eq!(told(&refused), (429, "rate_limited".into()));
    assert_eq!(
        (refused.json()["error"]["code"].as_i64(), refused.header("retry-after")),
        (Some(-32005), Some("1"))
    );
    assert!(refused.header("ratelimit").is_some_and(|field| field.starts_with("\"spike-1s\";r=0;t=")));
    let line = gateway.access_line("/a/mcp");
    assert!(line["reason"].is_null() || line["policy"] == "spike");
    while post(&gateway, &call("echo")).status != 200 {
        assert!(Instant::now() < deadline, "the window does not end");
    }
    let quiet = start(&upstream, &policy.replace("windows:", "headers: false, windows:"));
    let answer = post(&quiet, &call("echo"));
    assert_eq!(
        (answer.status, answer.header("ratelimit"), answer.header("ratelimit-policy")),
        (200, None, None)
    );
}

#[test]
fn consumers_users_and_tools_have_limits_of_their_own_and_nobody_shares_one_for_want_of_a_name() {
    let (issuer, upstream) = (Issuer::start(), reached());
    let keys = [consumer("acme", "a", "a/api_key"), consumer("bolt", "b", "a/api_key")].join(", ");
    let jwt = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
    let begin = |by: &str| {
        let policy = format!("{{ rate_limit: {{ by: {by}, windows: [{{ requests: 1, per: 1h }}] }} }}");
        let listener = "127.0.0.1:0\", trusted_proxies: [127.0.0.1]";
        let yaml = yaml(&upstream, &policy, &format!("consumers: [{keys}]\n"))
            .replace(
                "[keyless]",
                &format!("[{{ api_key: {{}} }}, {jwt}, keyless], authorization: {{ mode: protect }}"),
            )
            .replace("127.0.0.1:0\"", listener);
        Tollgate::start(&yaml)
    };
    let ask = |gateway: &Tollgate, headers: &[(&str, &str)], tool: &str| {
        gateway.connect().post_json("/a/mcp", headers, &call(tool).to_string()).status
    };
    let by_consumer = begin("consumer");
    let statuses = ["a", "a", "b", "b"].map(|key| ask(&by_consumer, &[("x-api-key", key)], "x"));
    assert_eq!(statuses, [200, 429, 200, 429]);
    let from = |address: &'static str| [("X-Forwarded-For", address)];
    let statuses =
        ["192.0.2.1", "192.0.2.1", "192.0.2.2"].map(|address| ask(&by_consumer, &from(address), "x"));
    assert_eq!(statuses, [200, 429, 200], "those without a key are told apart by their addresses");
    let bearer = |claims: Value| format!("Bearer {}", issuer.token(&claims));
    let by_subject = begin("subject");
    let users = [json!({ "sub": "u1" }), json!({ "sub": "u1" }), json!({ "sub": "u2" })];
    let statuses = users.map(|claims| ask(&by_subject, &[("Authorization", &bearer(claims))], "x"));
    assert_eq!(statuses, [200, 429, 200]);
    let by_client = begin("client_id");
    let clients = [json!({ "client_id": "c1" }), json!({ "client_id": "c1" }), json!({ "client_id": "c2" })];
    let statuses = clients.map(|claims| ask(&by_client, &[("Authorization", &bearer(claims))], "x"));
    assert_eq!(statuses, [200, 429, 200]);
    let by_tool = begin("[consumer, tool]");
    let statuses = ["x", "x", "y"].map(|tool| ask(&by_tool, &[("x-api-key", "a")], tool));
    assert_eq!(statuses, [200, 429, 200]);
    let by_session = begin("session");
    let statuses = ["s1", "s1", "s2"].map(|session| ask(&by_session, &[("Mcp-Session-Id", session)], "x"));
    assert_eq!(statuses, [200, 429, 200]);
    let by_plan = begin("plan");
    let statuses = ["a", "b"].map(|key| ask(&by_plan, &[("x-api-key", key)], "x"));
    assert_eq!((statuses, ask(&by_plan, &[], "x")), ([200, 429], 200));
    let by_tenant = begin("{ cel: claims.tenant }");
    let tenants =
        [json!({ "tenant": "t1" }), json!({ "tenant": "t1" }), json!({ "tenant": "t2" }), json!({})];
    let statuses = tenants.map(|claims| ask(&by_tenant, &[("Authorization", &bearer(claims))], "x"));
    assert_eq!(statuses, [200, 429, 200, 403], "who has none is refused");
}

#[test]
fn calls_are_counted_by_what_their_tools_cost_and_nothing_else_is() {
    let upstream = reached();
    let policy = "{ rate_limit: { by: address, count: tools/call, weights: { \"export_*\": 5, help: 0, huge: 10 }, windows: [{ \
                  requests: 10, per: 1h }] } }";
    let gateway = start(&upstream, policy);
    let ask = |message: &Value| told(&post(&gateway, message));
    let fine = || (200, String::new());
    assert_eq!(ask(&call("export_all")), fine());
    for _ in 0..20 {
        assert_eq!(ask(&message("tools/list", &json!({}))), fine());
        assert_eq!(ask(&call("help")), fine());
    }
    assert_eq!(gateway.get("/a/mcp").status, 200);
    assert_eq!(ask(&call("huge")), (429, "rate_limited".into()));
    assert_eq!(ask(&json!([call("export_all"), call("help")])), fine(), "each of a batch");
    let answer = post(&gateway, &call("other"));
    assert_eq!(told(&answer), (429, "rate_limited".into()));
    assert_eq!(answer.json()["id"], "seven");
}

#[test]
fn only_so_many_callers_are_remembered() {
    let upstream = reached();
    let policy = "{ rate_limit: { by: session, max_keys: 1, windows: [{ requests: 1, per: 1h }] } }";
    let gateway = start(&upstream, policy);
    let ask = |session: &str| {
        let headers = [("Mcp-Session-Id", session)];
        gateway.connect().post_json("/a/mcp", &headers, &call("x").to_string()).status
    };
    assert_eq!(["a", "a", "b", "a"].map(ask), [200, 429, 200, 200]);
}
