//! Requests of clients.

use super::{MAIN, alone, configured, gated, nobody, ok, started};
use crate::support::http::Connection;
use crate::support::tollgate::{Tollgate, api};
use crate::support::upstream::{Upstream, response};

const REQUESTS: &str = "tollgate_http_requests_total";
const REJECTED: &str = "tollgate_rejected_total";

#[test]
fn a_request_is_counted_by_its_listener_api_plan_method_and_status() {
    let teapot = Upstream::start(|_| response("418 I'm a teapot", &[], ""));
    let plans = "plans: [{ name: open, keyless: {} }]";
    let apis = format!(
        "{}  - {{ name: b, path: /b, endpoints: [\"{}\"], {plans} }}\n",
        api("a", "/a/mcp", &ok().url("/mcp")),
        teapot.url("/mcp")
    );
    let listeners = [MAIN, "name: side, address: \"127.0.0.1:0\""];
    let gateway = Tollgate::start(&configured(&listeners, &apis));
    gateway.connect().post_json("/a/mcp", &[], "{}");
    gateway.get("/a/mcp/deeper?query");
    gateway.get("/a/mcp");
    Connection::open(gateway.listener("side")).request("DELETE", "/b", &[], b"");
    gateway.get("/nowhere");
    for (listener, api, plan, method, code, count) in [
        ("main", "a", "keyless", "POST", "200", 1.0),
        ("main", "a", "keyless", "GET", "200", 2.0),
        ("side", "b", "open", "DELETE", "418", 1.0),
        ("main", "-", "-", "GET", "404", 1.0),
    ] {
        let labels =
            [("listener", listener), ("api", api), ("plan", plan), ("method", method), ("code", code)];
        gateway.counts(REQUESTS, &labels, count);
    }
    gateway.counts(REQUESTS, &[], 5.0);
}

#[test]
fn the_time_and_the_bodies_of_requests_are_added_up_for_each_api() {
    let gateway = alone(&Upstream::start(|_| response("200 OK", &[], "four")));
    gateway.connect().request("POST", "/a/mcp", &[], b"sixsix");
    gateway.connect().request("POST", "/a/mcp", &[], b"sixsix");
    gateway.counts("tollgate_http_request_body_bytes_total", &[("api", "a")], 12.0);
    gateway.counts("tollgate_http_response_body_bytes_total", &[("api", "a")], 8.0);
    gateway.counts("tollgate_http_request_duration_seconds_count", &[("api", "a")], 2.0);
    let metrics = gateway.metrics();
    let sum = metrics.value("tollgate_http_request_duration_seconds_sum", &[("api", "a")]);
    assert!(sum > 0.0 && sum < 20.0, "{sum}");
    let bounds = metrics.samples("tollgate_http_request_duration_seconds_bucket", &[("api", "a")]);
    let bounds: Vec<_> = bounds.map(|sample| sample.labels["le"].as_str()).collect();
    assert_eq!((bounds.first(), bounds.get(bounds.len() - 2)), (Some(&"0.001"), Some(&"30.0")));
    assert_eq!(metrics.value("tollgate_http_request_body_bytes_total", &[("api", "-")]), 0.0);
}

#[test]
fn a_request_is_in_flight_until_its_answer_has_ended() {
    let (gate, upstream) = gated();
    let gateway = alone(&upstream);
    let labels = [("api", "a"), ("endpoint", "endpoints[0]")];
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[], b"{}");
    upstream.is_reached();
    let metrics = gateway.metrics();
    assert_eq!(metrics.value("tollgate_http_requests_in_flight", &[]), 1.0);
    assert_eq!(metrics.value("tollgate_upstream_requests_in_flight", &labels), 1.0);
    gate.open();
    client.response("POST");
    gateway.counts("tollgate_http_requests_in_flight", &[], 0.0);
    gateway.counts("tollgate_upstream_requests_in_flight", &labels, 0.0);
}

#[test]
fn what_the_gateway_answers_itself_is_counted_by_its_reason() {
    let gateway = started(&api("down", "/down", &format!("http://{}/mcp", nobody::address())));
    let send = |method: &str, path: &str, fields: &[(&str, &str)]| {
        gateway.connect().request(method, path, fields, b"");
    };
    send("GET", "/nowhere", &[]);
    send("GET", "/nowhere/else", &[]);
    send("GET", "/a/../b", &[]);
    send("BREW", "/down", &[]);
    send("GET", "/down", &[("Host", "evil.example")]);
    send("GET", "/down", &[("Origin", "http://evil.example")]);
    send("POST", "/down", &[]);
    for (reason, count) in [
        ("no_api", 2.0),
        ("bad_path", 1.0),
        ("method_not_supported", 1.0),
        ("unknown_host", 1.0),
        ("origin_not_allowed", 1.0),
        ("upstream_unreachable", 1.0),
    ] {
        gateway.counts(REJECTED, &[("reason", reason)], count);
    }
    gateway.counts(REJECTED, &[], 7.0);
    let shown = gateway.metrics().samples(REJECTED, &[]).count();
    assert_eq!(shown, tollgate::reason::all().count(), "every reason is there from the start");
}

#[test]
fn a_client_that_went_away_before_its_answer_is_counted_with_no_status() {
    let (_gate, upstream) = gated();
    let gateway = alone(&upstream);
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[], b"{}");
    upstream.is_reached();
    client.close();
    gateway.counts(REQUESTS, &[("api", "a"), ("code", "0")], 1.0);
    gateway.counts(REJECTED, &[("reason", "client_closed")], 1.0);
    gateway.counts("tollgate_upstream_requests_total", &[("api", "a"), ("code", "0")], 1.0);
}

#[test]
fn a_head_that_never_came_is_counted_as_rejected_and_its_connection_as_refused() {
    let listener = format!("{MAIN}, limits: {{ head_timeout: 200ms }}");
    let apis = api("a", "/a/mcp", &format!("http://{}/", nobody::address()));
    let gateway = Tollgate::start(&configured(&[&listener], &apis));
    let mut client = gateway.connect();
    client.try_send(b"GET / HTTP/1.1\r\n");
    assert!(client.rest().starts_with(b"HTTP/1.1 408 "));
    gateway.counts(REJECTED, &[("reason", "head_timeout")], 1.0);
    gateway.counts("tollgate_connections_refused_total", &[("reason", "head_timeout")], 1.0);
    gateway.counts(REQUESTS, &[], 0.0);
}

#[test]
fn messages_that_are_read_are_counted_by_method_and_by_what_became_of_them() {
    let upstream = ok();
    let url = upstream.url("/mcp");
    let gateway = started(&format!(
        "  - {{ name: a, path: /a/mcp, endpoints: [\"{url}\"], plans: [keyless], policies: [{{ mcp_acl: {{ allow: [{{ tools: \
         [good] }}, {{ methods: [\"x/*\"] }}] }} }}] }}\n  - {{ name: b, path: /b/mcp, endpoints: [\"{url}\"], plans: [keyless] }}\n"
    ));
    let post = |path: &str, method: &str, tool: &str| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"name":"{tool}"}}}}"#);
        gateway.connect().post_json(path, &[], &body);
    };
    for (path, method, tool) in [
        ("/a/mcp", "tools/call", "good"),
        ("/a/mcp", "tools/call", "good"),
        ("/a/mcp", "tools/call", "bad"),
        ("/a/mcp", "x/one", ""),
        ("/a/mcp", "x/two", ""),
        ("/b/mcp", "tools/call", "good"),
    ] {
        post(path, method, tool);
    }
    let counts = |method: &str, outcome: &str, count: f64| {
        gateway.counts(
            "tollgate_messages_total",
            &[("api", "a"), ("method", method), ("outcome", outcome)],
            count,
        );
    };
    counts("tools/call", "passed", 2.0);
    counts("tools/call", "refused", 1.0);
    counts("other", "passed", 2.0);
    gateway.counts("tollgate_messages_total", &[("api", "b")], 0.0);
}
