//! TLS and HTTP/2 to endpoints: who is trusted there, who the gateway is, and how connections are shared.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{asked, fleet};
use crate::support::certificates::Authority;
use crate::support::node::Server;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::Upstream;

/// A folder with an authority, and a server's certificate of it.
struct Keys {
    _folder: tempfile::TempDir,
    authority: Authority,
    server: (PathBuf, PathBuf),
}

impl Keys {
    fn new() -> Keys {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let authority = Authority::new(folder.path(), "ca");
        let server = authority.certify_this_machine();
        Keys { _folder: folder, authority, server }
    }

    fn server(&self, settings: &Value) -> Server {
        let mut settings = settings.clone();
        settings["cert"] = json!(self.server.0);
        settings["key"] = json!(self.server.1);
        Server::start("tls-server.mjs", &[&settings.to_string()])
    }

    /// A gateway before a server, with these keys in `upstream.tls` besides the authority, and in `upstream`.
    fn gateway(&self, server: &Server, tls: &str, upstream: &str) -> Tollgate {
        let ca = self.authority.ca.display();
        let keys = format!("upstream: {{ tls: {{ ca: \"{ca}\"{tls} }}{upstream} }}");
        Tollgate::start(&fleet(&[format!("\"{}\"", server.url())], &keys))
    }
}

/// What the server says about a request.
fn seen(gateway: &Tollgate) -> Value {
    let answer = gateway.connect().post_json("/a/mcp", &[], "{}");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn fingerprint(certificate: &Path) -> String {
    let words = ["x509", "-noout", "-fingerprint", "-sha256", "-in"];
    let output = Command::new("openssl").args(words).arg(certificate).output().expect("openssl is installed");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().split_once('=').expect("a fingerprint").1.to_string()
}

#[test]
fn the_gateway_shows_its_certificate_to_an_endpoint_that_asks_for_one() {
    let keys = Keys::new();
    let (cert, key) = keys.authority.certify("edge", "DNS:edge.example");
    let server = keys.server(&json!({ "ca": keys.authority.ca }));
    let own = format!(", cert: \"{}\", key: \"{}\"", cert.display(), key.display());
    assert_eq!(seen(&keys.gateway(&server, &own, ""))["client"], "edge");
    let without = asked(&keys.gateway(&server, "", ""));
    assert!(["upstream_unreachable", "upstream_failed"].contains(&without.as_str()), "{without}");
}

#[test]
fn connections_that_were_made_with_different_certificates_are_not_shared() {
    let keys = Keys::new();
    let server = keys.server(&json!({ "ca": keys.authority.ca }));
    let api = |name: &str| {
        let (cert, key) = keys.authority.certify(name, "DNS:edge.example");
        let (ca, cert, key) = (keys.authority.ca.display(), cert.display(), key.display());
        format!(
            "  - {{ name: {name}, path: /{name}, endpoints: [\"{}\"], plans: [keyless], \
             upstream: {{ tls: {{ ca: \"{ca}\", cert: \"{cert}\", key: \"{key}\" }} }} }}\n",
            server.url()
        )
    };
    let apis = [api("one"), api("two")].concat();
    let gateway = Tollgate::start(&crate::support::tollgate::config(&apis));
    for name in ["one", "two", "one", "two"] {
        let answer = gateway.connect().post_json(&format!("/{name}"), &[], "{}");
        assert_eq!(answer.json()["client"], name, "{answer:?}");
    }
}

#[test]
fn an_endpoint_may_be_expected_under_another_name_than_its_urls() {
    let mut keys = Keys::new();
    keys.server = keys.authority.certify("internal", "DNS:mcp.internal");
    let server = keys.server(&json!({}));
    assert_eq!(asked(&keys.gateway(&server, "", "")), "upstream_unreachable");
    let gateway = keys.gateway(&server, ", server_name: mcp.internal", "");
    assert_eq!(seen(&gateway)["servername"], "mcp.internal");
}

#[test]
fn a_valid_certificate_that_is_not_pinned_is_refused_before_anything_is_sent() {
    let keys = Keys::new();
    let server = keys.server(&json!({ "protocols": ["http/1.1"] }));
    let (right, wrong) = (fingerprint(&keys.server.0), fingerprint(&keys.authority.ca));
    let pinned = keys.gateway(&server, &format!(", pins: [\"{wrong}\", \"{right}\"]"), "");
    assert_eq!(seen(&pinned)["version"], "1.1");
    let bare = right.replace(':', "").to_lowercase();
    assert_eq!(seen(&keys.gateway(&server, &format!(", pins: [{bare}]"), ""))["version"], "1.1");
    let refused = keys.gateway(&server, &format!(", pins: [\"{wrong}\"]"), "");
    assert_eq!(asked(&refused), "upstream_unreachable");
}

/// How many connections the server sees eight requests come over that are under way at the same time.
fn connections_of_eight(gateway: &Tollgate) -> (String, usize) {
    let mut clients: Vec<_> = (0..8).map(|_| gateway.connect()).collect();
    let json = [("Content-Type", "application/json")];
    for client in &mut clients {
        client.send_request("POST", "/a/mcp", &json, b"{}");
        // One after the other, so that each finds the connection of the one before.
        std::thread::park_timeout(std::time::Duration::from_millis(30));
    }
    let answers: Vec<_> = clients.iter_mut().map(|client| client.response("POST").json()).collect();
    let connections: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer["connection"].as_u64()).collect();
    (answers[0]["version"].as_str().expect("a version").to_string(), connections.len())
}

#[test]
fn over_http2_requests_share_a_connection_at_the_same_time() {
    let keys = Keys::new();
    let server = keys.server(&json!({ "protocols": ["h2", "http/1.1"] }));
    let gateway = keys.gateway(&server, "", ", http2: true");
    assert_eq!(seen(&gateway)["version"], "2.0", "the connection is there before the eight");
    drop(server);
    let server = keys.server(&json!({ "protocols": ["h2", "http/1.1"], "hold": 9 }));
    let gateway = keys.gateway(&server, "", ", http2: true");
    let mut first = gateway.connect();
    first.send_request("POST", "/a/mcp", &[], b"{}");
    // The ninth is the one that is under way already.
    std::thread::park_timeout(std::time::Duration::from_millis(300));
    let (version, connections) = connections_of_eight(&gateway);
    assert_eq!(version, "2.0");
    assert!(connections <= 3, "{connections} connections");
    assert_eq!(first.response("POST").json()["version"], "2.0");
}

#[test]
fn without_it_requests_that_are_under_way_at_the_same_time_have_connections_of_their_own() {
    let keys = Keys::new();
    let server = keys.server(&json!({ "protocols": ["h2", "http/1.1"], "hold": 8 }));
    assert_eq!(connections_of_eight(&keys.gateway(&server, "", "")), ("1.1".to_string(), 8));
}

#[test]
fn over_tls_too_a_connection_is_used_again() {
    let keys = Keys::new();
    let server = keys.server(&json!({}));
    let gateway = keys.gateway(&server, "", "");
    let mut client = gateway.connect();
    let connections = [(); 3].map(|()| client.post_json("/a/mcp", &[], "{}").json()["connection"].clone());
    assert_eq!(connections, [1, 1, 1]);
}

#[test]
fn an_endpoint_that_speaks_no_http2_is_spoken_to_in_http1() {
    let keys = Keys::new();
    let server = keys.server(&json!({ "protocols": ["http/1.1"] }));
    let gateway = keys.gateway(&server, "", ", http2: true");
    assert_eq!([seen(&gateway)["version"].clone(), seen(&gateway)["version"].clone()], ["1.1", "1.1"]);
}

#[test]
fn without_tls_http2_is_spoken_to_an_endpoint_from_the_first_byte_on() {
    let server = Server::start("tls-server.mjs", &["{}"]);
    let endpoint = format!("{{ url: \"{}\", http2: true }}", server.url());
    assert_eq!(seen(&Tollgate::start(&fleet(&[endpoint], "")))["version"], "2.0");
}

#[test]
fn an_endpoint_that_is_tried_second_is_told_of_the_client_whichever_protocol_it_speaks() {
    let broken = Upstream::with_stream(|_, _| false);
    let server = Server::start("tls-server.mjs", &["{}"]);
    let endpoints = [
        format!("\"{}\"", broken.url("/mcp")),
        format!("{{ url: \"{}\", http2: true, backup: true }}", server.url()),
    ];
    let gateway = Tollgate::start(&fleet(&endpoints, ""));
    let answer = gateway.get("/a/mcp");
    assert_eq!(broken.seen().len(), 1, "{answer:?}");
    let answer = answer.json();
    assert_eq!((&answer["version"], &answer["forwarded"]), (&json!("2.0"), &json!("for=127.0.0.1")));
}

#[test]
fn over_http2_an_endpoint_that_never_answers_is_a_504() {
    let server = Server::start("tls-server.mjs", &[&json!({ "hold": 2 }).to_string()]);
    let keys = "upstream: { http2: true, timeouts: { first_byte: 200ms } }";
    let gateway = Tollgate::start(&fleet(&[format!("\"{}\"", server.url())], keys));
    assert_eq!(asked(&gateway), "upstream_timeout");
}

#[test]
fn an_endpoint_may_have_its_own_tls_and_version_of_http() {
    let mut keys = Keys::new();
    keys.server = keys.authority.certify("internal", "DNS:mcp.internal");
    let server = keys.server(&json!({ "ca": keys.authority.ca, "protocols": ["h2", "http/1.1"] }));
    let (cert, key) = keys.authority.certify("edge", "DNS:edge.example");
    let (ca, cert, key) = (keys.authority.ca.display(), cert.display(), key.display());
    let own = |pin: &str, http2: bool| {
        let tls = format!(
            "ca: \"{ca}\", cert: \"{cert}\", key: \"{key}\", server_name: mcp.internal, pins: [\"{pin}\"]"
        );
        let endpoint = format!("{{ url: \"{}\", tls: {{ {tls} }}, http2: {http2} }}", server.url());
        Tollgate::start(&fleet(&[endpoint], "upstream: { tls: { server_name: other.example }, http2: true }"))
    };
    let pin = fingerprint(&keys.server.0);
    let (two, one) = (seen(&own(&pin, true)), seen(&own(&pin, false)));
    assert_eq!(
        (&two["version"], &two["client"], &two["servername"]),
        (&json!("2.0"), &json!("edge"), &json!("mcp.internal"))
    );
    assert_eq!(one["version"], "1.1");
    assert_eq!(asked(&own(&pin.replace(':', "").replace(&pin[..2], "00"), true)), "upstream_unreachable");
}
