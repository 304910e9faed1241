//! The limits of a request body over HTTP/2, where all requests share a connection: one that is slow is ended alone.

use serde_json::{Value, json};

use crate::support::node::tls_client;
use crate::support::tollgate::{Tollgate, api};
use crate::support::upstream::{Upstream, response};

fn gateway(limits: &str, upstream: &Upstream) -> Tollgate {
    let api = api("a", "/a/mcp", &upstream.url("/mcp"));
    Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", http2: true, limits: {{ {limits} }} }}\napis:\n{api}"
    ))
}

/// What becomes of a body that never ends, and of a request after it on the same connection.
fn ask(gateway: &Tollgate) -> [Value; 2] {
    let slow = json!({ "method": "POST", "path": "/a/mcp", "body": "{", "unfinished": true });
    let requests = json!([slow, { "path": "/nothing" }]);
    let seen = tls_client(&json!({ "port": gateway.address().port(), "prior": true, "requests": requests }));
    [seen["responses"][0].clone(), seen["responses"][1].clone()]
}

#[test]
fn a_body_over_http2_of_a_length_nobody_announced_ends_once_for_the_upstream() {
    let upstream = Upstream::start(|seen| response("200 OK", &[], &seen.body.len().to_string()));
    let gateway = gateway("", &upstream);
    // Node ends such a body with an empty frame, which Pingora would send as an end of its own.
    let post = json!({ "method": "POST", "path": "/a/mcp", "body": "hello", "split": true });
    let requests = json!([post, post, post]);
    let seen = tls_client(&json!({ "port": gateway.address().port(), "prior": true, "requests": requests }));
    for answer in seen["responses"].as_array().expect("a list") {
        assert_eq!((answer["status"].as_u64(), answer["body"].as_str()), (Some(200), Some("5")), "{seen}");
    }
    assert_eq!(upstream.seen().len(), 3, "{:?}", upstream.seen());
}

#[test]
fn cookies_in_several_fields_over_http2_are_one_for_the_upstream() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "reached"));
    let gateway = gateway("", &upstream);
    let request = json!({ "path": "/a/mcp", "headers": { "cookie": ["a=1", "b=2"] } });
    let port = gateway.address().port();
    let seen = tls_client(&json!({ "port": port, "prior": true, "requests": [request] }));
    assert_eq!(seen["responses"][0]["status"], 200, "{seen}");
    assert_eq!(upstream.seen()[0].all("cookie"), ["a=1; b=2"]);
}

#[test]
fn a_body_over_http2_that_stalls_is_cut_and_the_connection_goes_on() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "whole"));
    for limits in ["min_rate_grace: 1s", "min_request_rate: 0, body_timeout: 1s"] {
        let [slow, next] = ask(&gateway(limits, &upstream));
        assert_eq!(slow["status"], 408, "{slow}");
        assert!(slow["body"].as_str().is_some_and(|body| body.contains("body_too_slow")), "{slow}");
        assert_eq!(next["status"], 404, "{next}");
    }
    assert!(upstream.seen().is_empty(), "no whole request");
}
