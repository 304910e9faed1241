//! What the gateway shows upstreams about itself, which no caller can choose or replace.

use super::{ask, upstream, yaml};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// A gateway with `secret` in a file, in mode `protect` unless it is said otherwise.
fn gateway(upstream: &Upstream, keys: &str) -> Tollgate {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("secret"), "s3cret\n").expect("the file is written");
    std::fs::write(folder.path().join("gateway.yaml"), yaml("keyless", keys, upstream, "")).expect("written");
    Tollgate::start_in(folder, 1)
}

const PROTECT: &str = "authorization: { mode: protect }";

#[test]
fn an_upstream_gets_the_gateways_credential_in_place_of_the_callers() {
    for (auth, expected) in [
        ("{ bearer: \"${file:secret}\" }", "Bearer s3cret"),
        ("{ basic: { username: edge, password: \"${file:secret}\" } }", "Basic ZWRnZTpzM2NyZXQ="),
    ] {
        let upstream = upstream();
        let gateway = gateway(&upstream, &format!("{PROTECT}, upstream: {{ auth: {auth} }}"));
        for sent in [vec![], vec![("Authorization", "Bearer of-the-caller")]] {
            assert_eq!(ask(&gateway, &sent).text(), "reached");
        }
        for seen in upstream.seen() {
            assert_eq!(seen.all("authorization"), [expected]);
        }
    }
}

#[test]
fn another_header_may_hold_the_credential_in_either_mode() {
    for mode in ["relay", "protect"] {
        let upstream = upstream();
        let auth = "upstream: { auth: { header: { name: X-Edge-Key, value: \"${file:secret}\" } } }";
        let gateway = gateway(&upstream, &format!("authorization: {{ mode: {mode} }}, {auth}"));
        let sent = [
            ("X-Edge-Key", "mine"),
            ("x_edge_key", "mine"),
            ("x.edge-key", "mine"),
            ("Authorization", "Bearer t"),
        ];
        assert_eq!(ask(&gateway, &sent).text(), "reached");
        let seen = &upstream.seen()[0];
        assert_eq!(seen.all("x-edge-key"), ["s3cret"]);
        assert!(!seen.head.join("\n").contains("mine"), "{seen:?}");
        assert_eq!(seen.all("authorization").is_empty(), mode == "protect");
    }
}

#[test]
fn each_endpoint_may_have_a_credential_of_its_own() {
    let upstream = upstream();
    let url = upstream.url("/mcp");
    let endpoints = format!("endpoints: [{{ url: \"{url}\", auth: {{ bearer: \"${{file:secret}}\" }} }}]");
    let keys = format!(
        "{PROTECT}, upstream: {{ auth: {{ basic: {{ username: all, password: \"${{file:secret}}\" }} }} }}"
    );
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("secret"), "s3cret").expect("the file is written");
    let yaml = yaml("keyless", &keys, &upstream, "").replace(&format!("endpoints: [\"{url}\"]"), &endpoints);
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    let gateway = Tollgate::start_in(folder, 1);
    assert_eq!(ask(&gateway, &[]).text(), "reached");
    assert_eq!(upstream.seen()[0].all("authorization"), ["Bearer s3cret"]);
}

#[test]
fn in_mode_protect_no_challenge_and_no_metadata_of_the_upstream_gets_out() {
    let challenging = |status: &'static str| {
        let challenge = "WWW-Authenticate: Bearer resource_metadata=\"http://up.example/m\"";
        Upstream::start(move |_| response(status, &[challenge], "no"))
    };
    let upstream = challenging("401 Unauthorized");
    let gateway_401 = gateway(&upstream, PROTECT);
    let answer = ask(&gateway_401, &[("Authorization", "Bearer of-the-caller")]);
    assert_eq!((answer.status, answer.reason().as_str()), (502, "upstream_refused_credential"));
    assert_eq!(answer.header("www-authenticate"), None);
    assert!(upstream.seen()[0].all("authorization").is_empty());
    let metadata = gateway_401.get("/.well-known/oauth-protected-resource/a/mcp");
    assert_eq!((metadata.status, metadata.reason().as_str()), (404, "no_metadata_here"));
    assert_eq!(upstream.seen().len(), 1, "nobody is asked for any");
    let upstream = challenging("403 Forbidden");
    let answer = ask(&gateway(&upstream, PROTECT), &[]);
    assert_eq!((answer.status, answer.text()), (403, "no"));
    assert_eq!(answer.header("www-authenticate"), None);
}
