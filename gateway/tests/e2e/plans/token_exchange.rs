//! Callers' tokens that become tokens for the MCP server.

use serde_json::{Value, json};

use super::issuer::{AUDIENCE, Issuer};
use super::{Private, ask, upstream, yaml};
use crate::support::http::Response;
use crate::support::node::Server;
use crate::support::secured::{self, secured_upstream};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// A gateway with `secret` in a file.
fn start(yaml: &str) -> Tollgate {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("secret"), "resource-server-secret\n").expect("the file is written");
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    Tollgate::start_in(folder, 1)
}

const CLIENT: &str = "client: { id: resource-server, secret: \"${file:secret}\" }";

/// A gateway whose callers have tokens of the issuer, and exchanges them at `token_endpoint` by these further keys.
fn exchanging(issuer: &Issuer, upstream: &Upstream, token_endpoint: &str, further: &str) -> Tollgate {
    start(&exchange_yaml(issuer, upstream, token_endpoint, further))
}

fn exchange_yaml(issuer: &Issuer, upstream: &Upstream, token_endpoint: &str, further: &str) -> String {
    let plan = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
    let exchange = format!("{{ token_endpoint: \"{token_endpoint}\", {CLIENT}{further} }}");
    let keys =
        format!("authorization: {{ mode: protect }}, upstream: {{ auth: {{ token_exchange: {exchange} }} }}");
    yaml(&plan, &keys, upstream, "")
}

/// An authorization server that answers every exchange like this.
fn answers(status: &'static str, body: Value) -> Upstream {
    Upstream::start(move |_| response(status, &["Content-Type: application/json"], &body.to_string()))
}

fn gives(lifetime: u64) -> Upstream {
    answers(
        "200 OK",
        json!({ "access_token": "for-the-server", "token_type": "Bearer", "expires_in": lifetime }),
    )
}

fn with(gateway: &Tollgate, token: &str) -> Response {
    ask(gateway, &[("Authorization", &format!("Bearer {token}"))])
}

#[test]
fn a_user_logs_in_once_and_the_mcp_server_gets_a_token_of_its_own_for_that_user() {
    let authorization_server =
        Server::authorization_server(&["--temper", "bind", "--token-format", "opaque"]);
    let server = secured_upstream(&authorization_server, &[]);
    let issuer = authorization_server.text("issuer");
    let endpoint = server.url();
    let yaml = format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\napis:\n  - {{ name: a, path: /a/mcp, endpoints: \
         [\"{endpoint}\"], authorization: {{ mode: protect }}, plans: [{{ oauth2: {{ issuer: \"{issuer}\", \
         introspection_endpoint: \"{}\", {CLIENT}, scopes: [mcp] }} }}], upstream: {{ auth: {{ token_exchange: {{ \
         token_endpoint: \"{issuer}/token\", {CLIENT}, resource: \"{endpoint}\", scopes: [mcp] }} }} }} }}\n",
        authorization_server.text("introspection")
    );
    let gateway = start(&yaml);
    let url = format!("{}/a/mcp", gateway.origin());
    authorization_server.list_resources(&[&url, endpoint]);
    let steps = json!([{ "connect": true }, { "callTool": { "name": "whoami", "arguments": {} } }]);
    let report = secured::run(&gateway, &server, &url, json!({ "sdk": "v1" }), steps).expect_ok();
    assert_eq!(report.logins(), 1);
    let whoami = report.result(1).to_string();
    assert!(whoami.contains("resource-server"), "the token is the gateway's: {whoami}");
    let refused = server.journal().iter().filter(|request| request["status"] == 401).count();
    assert_eq!(refused, 0, "the server never saw a token that is not for it");
}

#[test]
fn what_is_asked_for_is_what_the_settings_say_and_asked_once_for_as_long_as_it_is_good() {
    let (issuer, upstream, server) = (Issuer::start(), upstream(), gives(300));
    let further = ", audience: crm, resource: \"https://crm.example/mcp\", scopes: [crm.read, crm.write]";
    let gateway = exchanging(&issuer, &upstream, &server.url("/token"), further);
    let token = issuer.token(&json!({}));
    for _ in 0..3 {
        assert_eq!(with(&gateway, &token).text(), "reached");
    }
    for seen in upstream.seen() {
        assert_eq!(seen.all("authorization"), ["Bearer for-the-server"]);
    }
    let asked = server.seen();
    assert_eq!(asked.len(), 1);
    let form = String::from_utf8_lossy(&asked[0].body);
    for part in [
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&",
        &format!("subject_token={token}&"),
        "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&",
        "audience=crm&resource=https%3A%2F%2Fcrm.example%2Fmcp&scope=crm.read+crm.write",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
    assert_eq!(asked[0].all("authorization"), ["Basic cmVzb3VyY2Utc2VydmVyOnJlc291cmNlLXNlcnZlci1zZWNyZXQ="]);
    assert_eq!(with(&gateway, &issuer.token(&json!({ "sub": "bob" }))).text(), "reached");
    assert_eq!(server.seen().len(), 2, "another caller has another token");
}

#[test]
fn a_token_that_is_about_to_end_is_got_anew_as_is_one_the_server_refuses() {
    let (issuer, server) = (Issuer::start(), gives(5));
    let first = upstream();
    let gateway = exchanging(&issuer, &first, &server.url("/token"), "");
    let token = issuer.token(&json!({}));
    for _ in 0..2 {
        assert_eq!(with(&gateway, &token).status, 200);
    }
    assert!(server.seen().len() >= 2, "5 s are too few to be used again");
    let (refusing, server) =
        (Upstream::start(|_| response("401 Unauthorized", &["WWW-Authenticate: Bearer"], "")), gives(300));
    let gateway = exchanging(&issuer, &refusing, &server.url("/token"), "");
    for _ in 0..2 {
        let answer = with(&gateway, &token);
        assert_eq!((answer.status, answer.reason().as_str()), (502, "upstream_refused_credential"));
    }
    assert!(server.seen().len() >= 2, "it was forgotten");
}

#[test]
fn without_a_token_for_it_the_server_hears_nothing_and_nobody_is_sent_to_log_in() {
    for (status, body, expected) in [
        ("400 Bad Request", json!({ "error": "invalid_request" }), (403, "token_exchange_refused")),
        ("400 Bad Request", json!({ "error": "invalid_target" }), (403, "token_exchange_refused")),
        ("401 Unauthorized", json!({ "error": "invalid_client" }), (503, "token_exchange_unavailable")),
        ("500 Internal Server Error", json!({}), (503, "token_exchange_unavailable")),
        ("200 OK", json!({ "access_token": "x", "token_type": "DPoP" }), (503, "token_exchange_unavailable")),
        ("200 OK", json!({ "token_type": "Bearer" }), (503, "token_exchange_unavailable")),
    ] {
        let (issuer, upstream, server) = (Issuer::start(), upstream(), answers(status, body));
        let gateway = exchanging(&issuer, &upstream, &server.url("/token"), "");
        let token = issuer.token(&json!({}));
        let answer = with(&gateway, &token);
        assert_eq!((answer.status, answer.reason().as_str()), expected, "{status}");
        assert_eq!(answer.header("www-authenticate"), None);
        assert!(upstream.seen().is_empty(), "{status}");
        assert!(!gateway.process.lines().iter().any(|line| line.contains(&token[..40])));
    }
}

#[test]
fn tokens_are_exchanged_over_tls_of_the_operators_and_in_a_private_network_where_that_is_said() {
    let (issuer, upstream, server) = (Issuer::start(), upstream(), gives(300));
    let private = Private::before(&server, "login.test");
    private.is_reached_by(|further| {
        let yaml = exchange_yaml(&issuer, &upstream, &private.url("/token"), further);
        with(&start(&private.known_to(&yaml)), &issuer.token(&json!({}))).status
    });
}

#[test]
fn a_callers_token_goes_on_where_that_is_spelled_out() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let plan = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
    let keys = "authorization: { mode: protect }, upstream: { auth: { passthrough: {} } }";
    let gateway = start(&yaml(&plan, keys, &upstream, ""));
    let token = issuer.token(&json!({}));
    assert_eq!(with(&gateway, &token).text(), "reached");
    assert_eq!(upstream.seen()[0].all("authorization"), [format!("Bearer {token}")]);
    assert!(
        gateway.process.lines().iter().any(|line| line.contains("can use them here")),
        "it is warned about"
    );
}

#[test]
fn each_endpoint_may_have_tokens_of_its_own() {
    let (issuer, upstream, server) = (Issuer::start(), upstream(), gives(300));
    let plan = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
    let token = issuer.token(&json!({}));
    let sent = |auth: &str| {
        let shared = "authorization: { mode: protect }, upstream: { auth: { bearer: \"${file:secret}\" } }";
        let url = upstream.url("/mcp");
        let own = format!("endpoints: [{{ url: \"{url}\", auth: {auth} }}]");
        let yaml = yaml(&plan, shared, &upstream, "").replace(&format!("endpoints: [\"{url}\"]"), &own);
        let gateway = start(&yaml);
        assert_eq!(with(&gateway, &token).text(), "reached");
        upstream.seen().last().expect("a request").all("authorization").join(", ")
    };
    assert_eq!(sent("{ passthrough: {} }"), format!("Bearer {token}"));
    let exchange = format!(
        "{{ token_endpoint: \"{}\", {CLIENT}, audience: own, resource: \"https://own.example\", scopes: [own.read] }}",
        server.url("/token")
    );
    assert_eq!(sent(&format!("{{ token_exchange: {exchange} }}")), "Bearer for-the-server");
    let form = String::from_utf8_lossy(&server.seen()[0].body).into_owned();
    assert!(form.ends_with("&audience=own&resource=https%3A%2F%2Fown.example&scope=own.read"), "{form}");
}
