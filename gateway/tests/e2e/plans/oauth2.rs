//! Callers with tokens that their authorization server is asked about.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::issuer::{AUDIENCE, Issuer};
use super::{Private, ask, upstream};
use crate::support::http::Response;
use crate::support::node::Server;
use crate::support::secured;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// A gateway before `endpoint`, with one plan of this `oauth2` mapping, in a folder with `secret` and `key.pem`.
fn start(endpoint: &str, oauth2: &str, consumers: &str) -> Tollgate {
    start_with(&yaml(endpoint, oauth2, consumers))
}

fn start_with(yaml: &str) -> Tollgate {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("secret"), "resource-server-secret\n").expect("the file is written");
    std::fs::write(folder.path().join("key.pem"), &key().0).expect("the file is written");
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    Tollgate::start_in(folder, 1 + usize::from(yaml.contains("admin:")))
}

fn yaml(endpoint: &str, oauth2: &str, consumers: &str) -> String {
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nconsumers: [{consumers}]\napis:\n  - {{ name: a, \
         path: /a/mcp, endpoints: [\"{endpoint}\"], plans: [{{ oauth2: {{ {oauth2} }} }}], authorization: {{ mode: \
         protect }} }}\n"
    )
}

/// A private key on Ed25519 in PEM, and its public half as a JWK has it.
fn key() -> &'static (String, String) {
    static KEY: OnceLock<(String, String)> = OnceLock::new();
    KEY.get_or_init(|| {
        let pem = openssl(&["genpkey", "-algorithm", "ed25519"], b"");
        let public = openssl(&["pkey", "-pubout", "-outform", "DER"], &pem);
        // RFC 8410 §4: the key itself ends it.
        let x = URL_SAFE_NO_PAD.encode(&public[public.len() - 32..]);
        (String::from_utf8(pem).expect("text"), x)
    })
}

/// What the program `openssl` makes of `input`.
fn openssl(words: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    let mut child = command
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "openssl {words:?}");
    output.stdout
}

const CLIENT: &str = "client: { id: resource-server, secret: \"${file:secret}\" }";

/// An authorization server that says this of every token, and how often it was asked.
fn says(answer: impl Fn() -> (&'static str, Value) + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |_| {
        let (status, body) = answer();
        response(status, &["Content-Type: application/json"], &body.to_string())
    })
}

fn introspected_by(server: &Upstream, further: &str) -> String {
    let url = server.url("");
    format!(
        "issuer: \"{url}\", introspection_endpoint: \"{url}/introspect\", audiences: [\"{AUDIENCE}\"], {CLIENT}{further}"
    )
}

fn with_token(gateway: &Tollgate, token: &str) -> Response {
    ask(gateway, &[("Authorization", &format!("Bearer {token}"))])
}

/// The status and the reason; none for what the upstream has answered.
fn outcome(answer: &Response) -> (u16, String) {
    (answer.status, if answer.status == 200 { String::new() } else { answer.reason() })
}

#[test]
fn a_client_logs_in_for_opaque_tokens_and_the_gateway_proves_itself_in_every_way() {
    let jwk =
        json!({ "kty": "OKP", "crv": "Ed25519", "x": key().1, "use": "sig", "alg": "EdDSA", "kid": "gate" });
    let authorization_server = Server::authorization_server(&[
        "--temper",
        "bind",
        "--token-format",
        "opaque",
        "--key-client",
        &jwk.to_string(),
    ]);
    let open = Server::mcp_server(&[]);
    let issuer = authorization_server.text("issuer");
    let steps =
        json!([{ "connect": true }, { "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } }]);
    for (client, sdk) in [
        (CLIENT, "v1"),
        ("client: { id: post-server, secret: \"${file:secret}\", authentication: client_secret_post }", "v2"),
        ("client: { id: key-server, private_key: \"${file:key.pem}\", key_id: gate }", "v2"),
    ] {
        let oauth2 = format!(
            "issuer: \"{issuer}\", introspection_endpoint: \"{}\", {client}, scopes: [mcp]",
            authorization_server.text("introspection")
        );
        // Without `audiences`, for the API under its own URL.
        let gateway = start(open.url(), &oauth2, "");
        let url = format!("{}/a/mcp", gateway.origin());
        authorization_server.list_resources(&[&url]);
        let report = secured::run(&gateway, &open, &url, json!({ "sdk": sdk }), steps.clone()).expect_ok();
        assert_eq!(report.logins(), 1, "{client}");
    }
    let sent = open.journal().iter().filter(|request| !request["headers"]["authorization"].is_null()).count();
    assert_eq!(sent, 0, "tokens end at the gateway");
}

#[test]
fn what_the_authorization_server_does_not_vouch_for_is_refused_and_reaches_nobody() {
    let good =
        json!({ "active": true, "aud": AUDIENCE, "sub": "alice", "scope": "a b", "exp": 9_999_999_999_u64 });
    for (change, expected) in [
        (json!({}), (200, "")),
        (json!({ "active": false }), (401, "token_inactive")),
        (json!({ "active": "true" }), (401, "token_inactive")),
        (json!({ "exp": 1000 }), (401, "token_expired")),
        (json!({ "nbf": 9_999_999_999_u64 }), (401, "token_not_yet_valid")),
        (json!({ "aud": "https://gw.example/b/mcp" }), (401, "token_audience")),
        (json!({ "aud": null }), (401, "token_malformed")),
        (json!({ "iss": "https://other.example" }), (401, "token_issuer")),
        (json!({ "token_type": "N_A" }), (401, "token_type")),
        (json!({ "cnf": { "jkt": "x" } }), (401, "token_bound")),
        (json!({ "scope": "a" }), (403, "insufficient_scope")),
    ] {
        let mut said = good.clone();
        for (name, value) in change.as_object().expect("an object") {
            said[name] = value.clone();
        }
        let (server, upstream) = (says(move || ("200 OK", said.clone())), upstream());
        let gateway = start(&upstream.url("/mcp"), &introspected_by(&server, ", scopes: [a, b]"), "");
        let answer = with_token(&gateway, "opaque");
        assert_eq!(outcome(&answer), (expected.0, expected.1.to_owned()), "{change}");
        assert_eq!(answer.header("www-authenticate").is_some(), expected.0 != 200, "{change}");
        assert_eq!(upstream.seen().len(), usize::from(expected.0 == 200), "{change}");
    }
}

#[test]
fn an_authorization_server_that_does_not_answer_lets_nobody_in_and_sends_nobody_to_log_in() {
    for (status, body) in [
        ("500 Internal Server Error", json!({})),
        ("401 Unauthorized", json!({ "error": "invalid_client" })),
        ("302 Found", json!({ "active": true, "aud": AUDIENCE })),
    ] {
        let (server, upstream) = (says(move || (status, body.clone())), upstream());
        let mut gateway = start(&upstream.url("/mcp"), &introspected_by(&server, ""), "");
        for _ in 0..3 {
            let answer = with_token(&gateway, "opaque-secret");
            assert_eq!(outcome(&answer), (503, "introspection_unavailable".to_owned()), "{status}");
            assert_eq!(answer.header("www-authenticate"), None);
        }
        assert_eq!(server.seen().len(), 1, "it is left alone for a moment");
        assert!(upstream.seen().is_empty());
        gateway
            .process
            .wait_for(0, "a warning", |line| line.contains("tokens cannot be checked").then_some(()));
        assert!(!gateway.process.lines().iter().any(|line| line.contains("opaque-secret")));
    }
}

#[test]
fn an_answer_counts_for_a_while_that_differs_for_good_and_bad_tokens() {
    let asked = |active: bool, further: &str| {
        let count = Arc::new(AtomicUsize::new(0));
        let counting = count.clone();
        let server = says(move || {
            counting.fetch_add(1, Ordering::Relaxed);
            ("200 OK", json!({ "active": active, "aud": AUDIENCE, "sub": "alice" }))
        });
        let upstream = upstream();
        let gateway = start(&upstream.url("/mcp"), &introspected_by(&server, further), "");
        for _ in 0..5 {
            let expected = if active { 200 } else { 401 };
            assert_eq!(with_token(&gateway, "opaque").status, expected);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        count.load(Ordering::Relaxed)
    };
    assert_eq!((asked(true, ""), asked(false, "")), (1, 1));
    assert_eq!((asked(true, ", cache: 1ms"), asked(false, ", cache: 1ms")), (5, 1));
    assert_eq!((asked(true, ", negative_cache: 1ms"), asked(false, ", negative_cache: 1ms")), (1, 5));
}

#[test]
fn all_who_have_the_same_token_wait_for_one_answer() {
    let server = says(|| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        ("200 OK", json!({ "active": true, "aud": AUDIENCE }))
    });
    let upstream = upstream();
    let gateway = start(&upstream.url("/mcp"), &introspected_by(&server, ""), "");
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| with_token(&gateway, "opaque").status)).collect();
        assert!(callers.into_iter().all(|caller| caller.join().expect("an answer") == 200));
    });
    assert_eq!(server.seen().len(), 1);
    let question = server.seen().remove(0);
    assert_eq!((question.method(), question.target()), ("POST", "/introspect"));
    assert_eq!(String::from_utf8_lossy(&question.body), "token=opaque&token_type_hint=access_token");
}

#[test]
fn a_token_is_its_consumers_by_client_or_user_and_the_log_says_whose() {
    let server =
        says(|| ("200 OK", json!({ "active": true, "aud": AUDIENCE, "sub": "alice", "client_id": "agent" })));
    let upstream = upstream();
    let consumer = |owner: &str| {
        let url = server.url("");
        format!(
            "{{ name: acme, plans: [a/oauth2], labels: {{ tier: gold }}, tokens: [{{ issuer: \"{url}\", {owner} }}] }}"
        )
    };
    let required = introspected_by(&server, ", consumer: required");
    for owner in ["client_id: agent", "subject: alice", "client_id: agent, subject: alice"] {
        let mut gateway = start(&upstream.url("/mcp"), &required, &consumer(owner));
        assert_eq!(with_token(&gateway, "opaque").status, 200, "{owner}");
        let line = gateway.access_line("/a/mcp");
        let said = ["consumer", "label_tier", "client_id", "subject"].map(|name| line[name].as_str());
        assert_eq!(said, [Some("acme"), Some("gold"), Some("agent"), Some("alice")]);
    }
    for owner in ["client_id: other", "client_id: agent, subject: bob"] {
        let gateway = start(&upstream.url("/mcp"), &required, &consumer(owner));
        assert_eq!(outcome(&with_token(&gateway, "opaque")), (403, "consumer_unknown".to_owned()), "{owner}");
        let optional = introspected_by(&server, "");
        let gateway = start(&upstream.url("/mcp"), &optional, &consumer(owner));
        assert_eq!(with_token(&gateway, "opaque").status, 200, "{owner}");
    }
}

#[test]
fn it_is_asked_over_tls_of_the_operators_and_in_a_private_network_where_the_plan_says_so() {
    let server = says(|| ("200 OK", json!({ "active": true, "aud": AUDIENCE })));
    let upstream = upstream();
    let private = Private::before(&server, "login.test");
    private.is_reached_by(|further| {
        let oauth2 = format!(
            "issuer: \"{}\", introspection_endpoint: \"{}\", audiences: [\"{AUDIENCE}\"], client: {{ id: gate, secret: \
             \"${{file:secret}}\" }}{further}",
            private.url(""),
            private.url("/introspect")
        );
        let gateway = start_with(&private.known_to(&yaml(&upstream.url("/mcp"), &oauth2, "")));
        with_token(&gateway, "opaque").status
    });
}

#[test]
fn an_opaque_token_needs_the_scopes_of_an_operation_too() {
    let server = says(|| ("200 OK", json!({ "active": true, "aud": AUDIENCE, "scope": "base" })));
    let upstream = upstream();
    let operations = ", operations: [{ method: tools/call, name: \"write_*\", scopes: [files.write] }]";
    let gateway = start(&upstream.url("/mcp"), &introspected_by(&server, operations), "");
    let call = |tool: &str| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool } });
        let headers = [("Authorization", "Bearer opaque")];
        outcome(&gateway.connect().post_json("/a/mcp", &headers, &body.to_string()))
    };
    assert_eq!(call("echo"), (200, String::new()));
    assert_eq!(call("write_file"), (403, "insufficient_scope".to_owned()));
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn what_is_asked_of_authorization_servers_is_counted() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let server = Upstream::start(|seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        let (status, answer) = match seen.target() {
            "/token" if body.contains("bad") => ("400 Bad Request", json!({ "error": "invalid_request" })),
            "/token" => ("200 OK", json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 60 })),
            _ => ("200 OK", json!({ "active": true, "aud": AUDIENCE })),
        };
        response(status, &["Content-Type: application/json"], &answer.to_string())
    });
    let url = server.url("");
    let opaque = format!(
        "{{ name: opaque, when: '\"x-opaque\" in request.headers', oauth2: {{ {} }} }}",
        introspected_by(&server, "")
    );
    let jwt = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
    let exchange = format!("token_endpoint: \"{url}/token\", {CLIENT}");
    let gateway = start_with(&format!(
        "admin: {{ address: \"127.0.0.1:0\" }}\nlisteners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\napis:\n  - {{ \
         name: a, path: /a/mcp, endpoints: [\"{}\"], authorization: {{ mode: protect }}, plans: [{opaque}, {jwt}], \
         upstream: {{ auth: {{ token_exchange: {{ {exchange} }} }} }} }}\n",
        upstream.url("/mcp")
    ));
    let opaque = |token: &str| {
        let field = format!("Bearer {token}");
        ask(&gateway, &[("Authorization", field.as_str()), ("x-opaque", "1")]).status
    };
    assert_eq!((opaque("good"), opaque("good"), opaque("bad")), (200, 200, 403));
    assert_eq!(with_token(&gateway, &issuer.token(&json!({}))).status, 200);
    for (name, outcome, count) in [
        ("introspections", "answered", 2.0),
        ("token_exchanges", "exchanged", 2.0),
        ("token_exchanges", "refused", 1.0),
        ("key_fetches", "fetched", 1.0),
        ("key_fetches", "failed", 0.0),
    ] {
        gateway.counts(&format!("tollgate_{name}_total"), &[("outcome", outcome)], count);
    }
}

#[test]
fn a_token_that_the_authorization_server_chokes_on_keeps_nobody_else_out() {
    let server = Upstream::start(|seen| {
        let chokes = String::from_utf8_lossy(&seen.body).contains("token=odd");
        let status = if chokes { "400 Bad Request" } else { "200 OK" };
        response(status, &[], &json!({ "active": true, "aud": AUDIENCE }).to_string())
    });
    let upstream = upstream();
    let gateway = start(&upstream.url("/mcp"), &introspected_by(&server, ""), "");
    assert_eq!(outcome(&with_token(&gateway, "odd")), (503, "introspection_unavailable".to_owned()));
    assert_eq!(with_token(&gateway, "good").status, 200);
}
