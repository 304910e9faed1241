//! Callers with access tokens of an issuer the operator trusts; the MCP server knows nothing of OAuth.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::issuer::{AUDIENCE, Issuer};
use super::{Private, ask, upstream, yaml};
use crate::support::http::Response;
use crate::support::node::Server;
use crate::support::secured;
use crate::support::tollgate::{Tollgate, api_with, config};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

const PROTECT: &str = "authorization: { mode: protect }";

fn plan(issuer: &str, further: &str) -> String {
    format!("{{ jwt: {{ issuers: [{issuer}], audiences: [\"{AUDIENCE}\"]{further} }} }}")
}

fn with_token(gateway: &Tollgate, token: &str) -> Response {
    ask(gateway, &[("Authorization", &format!("Bearer {token}"))])
}

fn challenge(answer: &Response) -> &str {
    answer.header("www-authenticate").unwrap_or_default()
}

#[test]
fn a_client_logs_in_at_the_operators_authorization_server_for_an_mcp_server_that_has_none() {
    let authorization_server = Server::authorization_server(&["--temper", "bind"]);
    let open = Server::mcp_server(&[]);
    let issuer = authorization_server.text("issuer");
    // The gateway's own URL is known once it listens.
    let protected = |audience: &str| {
        let plan =
            format!("{{ jwt: {{ issuers: [\"{issuer}\"], audiences: [\"{audience}\"], scopes: [mcp] }} }}");
        let api = api_with("demo", "/demo/mcp", open.url(), PROTECT);
        config(&api.replace("plans: [keyless]", &format!("plans: [{plan}]")))
    };
    let mut gateway = Tollgate::start(&protected("https://not-yet.example"));
    let url = format!("{}/demo/mcp", gateway.origin());
    assert_eq!(gateway.reload(&protected(&url)), "applied");
    authorization_server.list_resources(&[&url]);
    let steps =
        json!([{ "connect": true }, { "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } }]);
    for sdk in ["v1", "v2"] {
        let report = secured::run(&gateway, &open, &url, json!({ "sdk": sdk }), steps.clone()).expect_ok();
        assert_eq!(report.logins(), 1);
        assert_eq!(report.0["oauth"]["logins"][0]["resource"], json!([url]));
    }
    let sent = open.journal().iter().filter(|request| !request["headers"]["authorization"].is_null()).count();
    assert_eq!(sent, 0, "tokens end at the gateway");
}

#[test]
fn a_good_token_opens_the_plan_and_ends_at_the_gateway() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let gateway = Tollgate::start(&yaml(&plan(&format!("\"{}\"", issuer.url()), ""), PROTECT, &upstream, ""));
    assert_eq!(with_token(&gateway, &issuer.token(&json!({}))).text(), "reached");
    assert!(upstream.seen()[0].all("authorization").is_empty());
}

#[test]
fn a_token_that_is_not_to_be_accepted_is_told_why_and_reaches_nobody() {
    let (issuer, other, upstream) = (Issuer::start(), Issuer::start(), upstream());
    let plans = format!("{}, keyless", plan(&format!("\"{}\"", issuer.url()), ""));
    let gateway = Tollgate::start(&yaml(&plans, PROTECT, &upstream, ""));
    let good = issuer.token(&json!({}));
    let forged = other.token(&json!({ "iss": issuer.url() }));
    for (token, reason) in [
        (issuer.token(&json!({ "exp": 1000 })), "token_expired"),
        (issuer.token(&json!({ "aud": "https://gw.example/b/mcp" })), "token_audience"),
        (issuer.token(&json!({ "nbf": 99_999_999_999_u64 })), "token_not_yet_valid"),
        (issuer.token(&json!({ "cnf": { "jkt": "x" } })), "token_bound"),
        (other.token(&json!({})), "token_issuer"),
        (forged, "token_signature"),
        (good[..good.len() - 10].to_string(), "token_signature"),
        ("opaque".to_string(), "token_malformed"),
        (String::new(), "token_malformed"),
    ] {
        let answer = with_token(&gateway, &token);
        assert_eq!((answer.status, answer.reason().as_str()), (401, reason), "{token}");
        let metadata = format!("{}/.well-known/oauth-protected-resource/a/mcp", gateway.origin());
        let expected = format!("Bearer error=\"invalid_token\", resource_metadata=\"{metadata}\"");
        assert_eq!(challenge(&answer), expected);
    }
    assert!(with_token(&gateway, "opaque").text().contains("the token does not have three parts"));
    assert!(upstream.seen().is_empty());
    assert_eq!(ask(&gateway, &[]).text(), "reached", "without one the next plan is asked");
    for line in gateway.process.lines() {
        assert!(!line.contains(&good[..40]), "a token in the log: {line}");
    }
}

#[test]
fn a_token_must_have_every_scope_and_clients_are_told_which() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let plan = plan(&format!("\"{}\"", issuer.url()), ", scopes: [crm.read, crm.write]");
    let gateway = Tollgate::start(&yaml(&plan, PROTECT, &upstream, ""));
    assert_eq!(with_token(&gateway, &issuer.token(&json!({}))).text(), "reached");
    let answer = with_token(&gateway, &issuer.token(&json!({ "scope": "crm.write" })));
    assert_eq!((answer.status, answer.reason().as_str()), (403, "insufficient_scope"));
    assert!(challenge(&answer).contains("error=\"insufficient_scope\""), "{}", challenge(&answer));
    assert!(challenge(&answer).ends_with("scope=\"crm.read crm.write\""), "{}", challenge(&answer));
    let answer = ask(&gateway, &[]);
    assert_eq!((answer.status, answer.reason().as_str()), (401, "token_missing"));
    assert!(challenge(&answer).starts_with("Bearer resource_metadata="), "no error without a token");
    let metadata = gateway.get("/.well-known/oauth-protected-resource/a/mcp");
    let metadata: Value = serde_json::from_str(metadata.text()).expect("JSON");
    assert_eq!(
        metadata,
        json!({
            "resource": format!("{}/a/mcp", gateway.origin()),
            "authorization_servers": [issuer.url()],
            "bearer_methods_supported": ["header"],
            "scopes_supported": ["crm.read", "crm.write"],
        })
    );
}

#[test]
fn an_issuer_may_sign_with_the_algorithms_and_write_the_types_of_its_settings_and_no_others() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let answered = |further: &str, kind: &str| {
        let one = format!("{{ issuer: \"{}\"{further} }}", issuer.url());
        let gateway = Tollgate::start(&yaml(&plan(&one, ""), PROTECT, &upstream, ""));
        let answer = with_token(&gateway, &issuer.token_of_type(kind, &json!({})));
        if answer.status == 200 { "reached".to_string() } else { answer.reason() }
    };
    assert_eq!(answered("", "JWT"), "token_type");
    assert_eq!(answered(", types: [JWT]", "jwt"), "reached");
    assert_eq!(answered(", types: [JWT]", "at+jwt"), "reached");
    assert_eq!(answered(", types: [JWT]", "other"), "token_type");
    assert_eq!(answered(", types: [JWT]", ""), "token_type", "no type at all");
    assert_eq!(answered(", types: [none]", ""), "reached");
    assert_eq!(answered(", types: [none]", "JWT"), "token_type");
    assert_eq!(answered(", algorithms: [RS256, ES256]", "at+jwt"), "token_algorithm");
    assert_eq!(answered(", algorithms: [EdDSA]", "at+jwt"), "reached");
}

#[test]
fn a_clock_may_differ_by_as_much_as_the_issuers_settings_say() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let expired = issuer.token(&json!({ "exp": now() - 15 }));
    for (skew, status) in [("", 200), (", skew: 1s", 401), (", skew: 1m", 200)] {
        let one = format!("{{ issuer: \"{}\"{skew} }}", issuer.url());
        let gateway = Tollgate::start(&yaml(&plan(&one, ""), PROTECT, &upstream, ""));
        assert_eq!(with_token(&gateway, &expired).status, status, "{skew}");
    }
}

#[test]
fn a_token_names_its_user_and_its_consumer_where_the_issuers_settings_say() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let claims = "{ subject: /ext/login, consumer: \"https://acme.example/org\" }";
    let one = format!("{{ issuer: \"{}\", claims: {claims} }}", issuer.url());
    let plan = plan(&one, ", consumer: required");
    let mut gateway = Tollgate::start(&yaml(
        &plan,
        PROTECT,
        &upstream,
        "{ name: acme, plans: [a/jwt] }, { name: other, plans: [a/jwt] }",
    ));
    let named =
        |name: &str| issuer.token(&json!({ "ext": { "login": "al" }, "https://acme.example/org": name }));
    assert_eq!(with_token(&gateway, &named("acme")).status, 200);
    let line = gateway.access_line("/a/mcp");
    assert_eq!((line["subject"].as_str(), line["consumer"].as_str()), (Some("al"), Some("acme")));
    for token in [named("nobody"), issuer.token(&json!({}))] {
        let answer = with_token(&gateway, &token);
        assert_eq!((answer.status, answer.reason().as_str()), (403, "consumer_unknown"));
    }
}

#[test]
fn without_audiences_a_token_is_for_the_api_under_its_own_url() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let plan = format!("{{ jwt: {{ issuers: [\"{}\"] }} }}", issuer.url());
    let gateway = Tollgate::start(&yaml(&plan, PROTECT, &upstream, ""));
    let own = format!("{}/a/mcp", gateway.origin());
    assert_eq!(with_token(&gateway, &issuer.token(&json!({ "aud": own }))).status, 200);
    for other in [gateway.origin(), format!("{}/b/mcp", gateway.origin()), "https://gw.example/a/mcp".into()]
    {
        let answer = with_token(&gateway, &issuer.token(&json!({ "aud": other })));
        assert_eq!((answer.status, answer.reason().as_str()), (401, "token_audience"), "{other}");
    }
}

#[test]
fn keys_that_were_fetched_go_on_to_serve_after_a_reload() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let yaml = yaml(&plan(&format!("\"{}\"", issuer.url()), ""), PROTECT, &upstream, "");
    let mut gateway = Tollgate::start(&yaml);
    assert_eq!(with_token(&gateway, &issuer.token(&json!({}))).text(), "reached");
    let asked = issuer.server.seen().len();
    assert_eq!(gateway.reload(&yaml), "applied");
    assert_eq!(with_token(&gateway, &issuer.token(&json!({ "jti": "2" }))).text(), "reached");
    assert_eq!(issuer.server.seen().len(), asked);
}

#[test]
fn without_keys_a_token_is_answered_503_and_no_login_is_asked_for() {
    let upstream = upstream();
    let issuer = Issuer::start();
    let token = issuer.token(&json!({}));
    issuer.server.stop();
    let gateway = Tollgate::start(&yaml(&plan(&format!("\"{}\"", issuer.url()), ""), PROTECT, &upstream, ""));
    let answer = with_token(&gateway, &token);
    assert_eq!((answer.status, answer.reason().as_str()), (503, "keys_unavailable"));
    assert_eq!(answer.header("www-authenticate"), None);
    assert!(upstream.seen().is_empty());
}

#[test]
fn keys_come_from_where_the_plan_says_over_tls_of_the_operators_and_from_a_private_network() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    // Not where its `iss` says.
    let private = Private::before(&issuer.server, "keys.test");
    let jwks_uri = private.url("/jwks");
    private.is_reached_by(|further| {
        let one = format!("{{ issuer: \"{}\", jwks_uri: \"{jwks_uri}\"{further} }}", issuer.url());
        let gateway = Tollgate::start(&private.known_to(&yaml(&plan(&one, ""), PROTECT, &upstream, "")));
        with_token(&gateway, &issuer.token(&json!({}))).status
    });
}

#[test]
fn the_metadata_and_the_challenge_say_what_the_operator_wants_clients_and_people_to_know() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("secret"), "s").expect("the file is written");
    let scopes = "scopes: [crm.read], optional_scopes: [offline_access, crm.write]";
    let jwt =
        format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"], {scopes} }} }}", issuer.url());
    let oauth2 = format!(
        "{{ oauth2: {{ issuer: \"{0}\", introspection_endpoint: \"{0}/i\", client: {{ id: g, secret: \
         \"${{file:{1}/secret}}\" }}, {scopes} }} }}",
        issuer.url(),
        folder.path().display()
    );
    let pages = "documentation: \"https://a.example/docs\", policy_uri: \"https://a.example/policy\", tos_uri: \
                 \"https://a.example/tos\"";
    let keys = format!("authorization: {{ mode: protect, resource: {{ name: The CRM, {pages} }} }}");
    for plan in [jwt.as_str(), oauth2.as_str()] {
        let gateway = Tollgate::start(&yaml(plan, &keys, &upstream, ""));
        let metadata = gateway.get("/.well-known/oauth-protected-resource/a/mcp").json();
        assert_eq!(metadata["scopes_supported"], json!(["crm.read", "offline_access", "crm.write"]));
        for (member, value) in [
            ("resource_name", "The CRM"),
            ("resource_documentation", "https://a.example/docs"),
            ("resource_policy_uri", "https://a.example/policy"),
            ("resource_tos_uri", "https://a.example/tos"),
        ] {
            assert_eq!(metadata[member], value);
        }
        let answer = ask(&gateway, &[]);
        assert!(
            challenge(&answer).ends_with("scope=\"crm.read offline_access crm.write\""),
            "{}",
            challenge(&answer)
        );
    }
    let gateway = Tollgate::start(&yaml(&jwt, &keys, &upstream, ""));
    assert_eq!(
        with_token(&gateway, &issuer.token(&json!({ "scope": "crm.read" }))).status,
        200,
        "not demanded"
    );
}

#[test]
fn keys_may_be_in_a_file_which_is_read_again_when_it_changes_and_nobody_is_asked() {
    let (one, two, upstream) = (Issuer::start(), Issuer::start(), upstream());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("keys.json");
    std::fs::write(&file, one.keys()).expect("the file is written");
    let plan = plan("{ issuer: \"https://login.example\", jwks_file: keys.json }", "");
    std::fs::write(folder.path().join("gateway.yaml"), yaml(&plan, PROTECT, &upstream, "")).expect("written");
    let gateway = Tollgate::start_in(folder, 1);
    let of = |issuer: &Issuer| {
        let token = issuer.token(&json!({ "iss": "https://login.example" }));
        with_token(&gateway, &token).status
    };
    assert_eq!((of(&one), of(&two)), (200, 401));
    std::fs::write(&file, two.keys()).expect("the file is written");
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while of(&two) != 200 {
        assert!(std::time::Instant::now() < deadline, "the new keys are not used");
    }
    assert_eq!(of(&one), 401);
    assert!(one.server.seen().is_empty() && two.server.seen().is_empty());
}
