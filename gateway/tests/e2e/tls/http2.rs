//! HTTP/2: negotiated with TLS, by prior knowledge without; the same rules as for HTTP/1.1.

use serde_json::{Value, json};

use super::{CERTIFICATES, NOWHERE, Secure};
use crate::support::node::tls_client;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

fn reason(response: &Value) -> String {
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap_or_default();
    let slug = body["error"]["data"]["reason"].as_str().or(body["reason"].as_str());
    slug.unwrap_or_else(|| panic!("no reason in {response}")).to_string()
}

fn ask(secure: &Secure, requests: Value) -> Vec<Value> {
    let seen = secure.connect(json!({ "requests": requests }));
    assert_eq!(seen["alpn"], "h2", "{seen}");
    seen["responses"].as_array().expect("a list").clone()
}

#[test]
fn http2_is_offered_with_tls_unless_it_is_switched_off() {
    let on = Secure::start(CERTIFICATES, "", NOWHERE);
    assert_eq!(on.connect(json!({}))["alpn"], "h2");
    assert_eq!(on.connect(json!({ "protocols": ["http/1.1"] }))["alpn"], "http/1.1");
    let off = Secure::start(CERTIFICATES, ", http2: false", NOWHERE);
    assert_eq!(off.connect(json!({}))["alpn"], "http/1.1");
}

#[test]
fn without_tls_http2_is_spoken_by_prior_knowledge_only_where_it_is_switched_on() {
    let start = |http2: &str| {
        Tollgate::start(&format!(
            "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\"{http2} }}\napis:\n  \
             - {{ name: a, path: /a, endpoints: [\"{NOWHERE}\"], plans: [keyless] }}\n"
        ))
    };
    let ask = |gateway: &Tollgate| {
        let requests = json!([{ "path": "/nothing" }]);
        tls_client(&json!({ "port": gateway.address().port(), "prior": true, "requests": requests }))
    };
    let gateway = start(", http2: true");
    assert_eq!(ask(&gateway)["responses"][0]["status"], 404);
    assert_eq!(gateway.get("/nothing").status, 404, "HTTP/1.1 is spoken all the same");
    assert_eq!(ask(&start(""))["connected"], false);
}

#[test]
fn a_challenge_over_http2_names_the_https_origin_the_client_dialled() {
    let upstream = Upstream::start(|seen| {
        let url = format!("http://{}/.well-known/oauth-protected-resource/mcp", seen.all("host")[0]);
        let challenge = format!("WWW-Authenticate: Bearer resource_metadata=\"{url}\"");
        response("401 Unauthorized", &[&challenge, "Keep-Alive: timeout=5", "Connection: keep-alive"], "no")
    });
    let secure = Secure::start(CERTIFICATES, "", &upstream.url("/mcp"));
    let request = json!({ "method": "POST", "path": "/a/mcp", "body": "{}" });
    let answers = ask(&secure, json!([request, request]));
    let port = secure.gateway.address().port();
    let metadata = format!("https://127.0.0.1:{port}/.well-known/oauth-protected-resource/a/mcp");
    for answer in answers {
        assert_eq!((answer["status"].as_u64(), answer["body"].as_str()), (Some(401), Some("no")), "{answer}");
        assert_eq!(answer["headers"]["www-authenticate"], format!("Bearer resource_metadata=\"{metadata}\""));
        assert!(answer["headers"]["keep-alive"].is_null() && answer["headers"]["connection"].is_null());
    }
    let posts = upstream.seen().into_iter().filter(|seen| seen.method() == "POST" && seen.target() == "/mcp");
    assert!(posts.count() >= 2, "one session carried both");
}

#[test]
fn an_event_stream_passes_over_http2() {
    let upstream = Upstream::start(|_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n").into_bytes()
    });
    let secure = Secure::start(CERTIFICATES, "", &upstream.url("/mcp"));
    let answers =
        ask(&secure, json!([{ "method": "POST", "path": "/a/mcp", "body": "{}" }, { "path": "/a/mcp" }]));
    for answer in answers {
        assert_eq!(answer["body"], "data: 1\n\ndata: 2\n\n", "{answer}");
        assert_eq!(answer["headers"]["content-type"], "text/event-stream");
    }
}

#[test]
fn the_authority_selects_the_origin_and_must_agree_with_the_host() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let port = secure.gateway.address().port();
    let own = format!("localhost:{port}");
    let answers = ask(
        &secure,
        json!([
            { "path": "/nothing", "headers": { ":authority": own } },
            { "path": "/nothing", "headers": { ":authority": "evil.example" } },
            { "path": "/nothing", "headers": { ":authority": own, "host": "evil.example" } },
        ]),
    );
    assert_eq!(reason(&answers[0]), "no_api");
    assert_eq!(reason(&answers[1]), "unknown_host");
    assert_ne!(answers[2]["status"], 404, "{}", answers[2]);
}

#[test]
fn the_bounds_and_rules_for_heads_are_those_of_http_1() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "reached"));
    let secure = Secure::start(CERTIFICATES, "", &upstream.url("/mcp"));
    let many: serde_json::Map<String, Value> = (0..120).map(|n| (format!("x-{n}"), json!("v"))).collect();
    let answers = ask(
        &secure,
        json!([
            { "path": "/a/mcp", "headers": many },
            { "path": "/a/mcp", "headers": { "x-long": "v".repeat(17 * 1024) } },
            { "path": format!("/a/mcp/{}", "v".repeat(9 * 1024)) },
            { "path": "/a/mcp/../b" },
            { "path": "/a/mcp/%2fb" },
            { "path": "/a/mcp?access_token=x" },
            { "method": "TRACE", "path": "/a/mcp" },
        ]),
    );
    let reasons: Vec<String> = answers.iter().map(reason).collect();
    let expected = [
        "head_too_large",
        "head_too_large",
        "target_too_long",
        "bad_path",
        "bad_path",
        "token_in_query",
        "method_not_supported",
    ];
    assert_eq!(reasons, expected);
    assert!(upstream.seen().is_empty());
}

#[test]
fn an_early_refusal_over_http2_does_not_hang_on_an_unread_body() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let body = "x".repeat(1024 * 1024);
    let answers =
        ask(&secure, json!([{ "method": "POST", "path": "/nothing", "body": body }, { "path": "/nothing" }]));
    assert_eq!(answers[1]["status"], 404, "{}", answers[1]);
    assert!(answers[0]["status"] == 404 || !answers[0]["error"].is_null(), "{}", answers[0]);
}
