//! What the upstream calls itself, and where it says so: RFC 9728 §3.3 makes the gateway check the name before
//! it vouches for the document.

use serde_json::json;

use crate::support::authorization::{self, Temper};
use crate::support::secured::{Secured, run, secured_upstream};
use crate::support::tollgate::{Tollgate, api, api_with, config};

const METADATA: &str = "/.well-known/oauth-protected-resource/demo/mcp";

fn connect() -> serde_json::Value {
    json!([{ "connect": true }, { "listTools": true }])
}

#[test]
fn a_server_that_calls_itself_by_another_name_is_relayed_only_when_the_configuration_says_that_name() {
    let name = "https://files.internal.example/api";
    let mut secured = Secured::start(Temper::Ignore, &["--resource", name]);

    let refused = secured.gateway.get(METADATA);
    assert_eq!((refused.status, refused.reason().as_str()), (502, "upstream_resource_mismatch"));
    let hint = format!("write `authorization: {{ upstream_resource: \"{name}\" }}`");
    secured.gateway.process.wait_for(0, "the name to write", |line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        line["message"].as_str().filter(|message| message.contains(&hint)).map(drop)
    });
    secured.run(json!({}), connect()).failure();

    let pin = format!("authorization: {{ upstream_resource: \"{name}\" }}");
    let pinned = api_with("demo", "/demo/mcp", secured.upstream.url(), &pin);
    assert_eq!(secured.gateway.reload(&config(&pinned)), "applied");
    for sdk in ["v1", "v2"] {
        secured.run(json!({ "sdk": sdk }), connect()).expect_ok();
    }
}

#[test]
fn a_server_that_knows_the_gateway_has_its_metadata_passed_on_as_it_is() {
    let mut gateway = Tollgate::start(&config(&api("demo", "/mcp", "http://127.0.0.1:9/mcp")));
    let url = format!("{}/mcp", gateway.origin());
    let issuer = authorization::server(Temper::Bind);
    issuer.list_resources(&[&url]);
    let upstream = secured_upstream(issuer, &["--public-url", &gateway.origin(), "--resource", &url]);
    let own_origin = format!("http://127.0.0.1:{}", upstream.ready["port"]);
    let endpoint = format!("{own_origin}/mcp");
    assert_eq!(gateway.reload(&config(&api("demo", "/mcp", &endpoint))), "applied");

    let path = "/.well-known/oauth-protected-resource/mcp";
    let own = crate::support::node::connection_to(&own_origin).get(path);
    assert_eq!(gateway.get(path).body, own.body);
    let steps = json!([{ "connect": true }, { "callTool": { "name": "whoami" } }]);
    let report = run(&gateway, &upstream, &url, json!({}), steps).expect_ok();
    assert_eq!(report.result(1)["json"]["audience"], json!([url]));
}

#[test]
fn metadata_in_a_place_of_its_own_is_found_by_the_servers_challenge() {
    let secured = Secured::start(Temper::Bind, &["--prm-location", "/somewhere/else.json"]);
    let cold = secured.gateway.get(METADATA);
    assert_eq!((cold.status, cold.json()["resource"].as_str()), (200, Some(secured.url.as_str())));
    secured.run_both(&connect());
}

#[test]
fn a_server_that_challenges_without_a_field_is_given_one_that_names_the_metadata() {
    let secured = Secured::start(Temper::Bind, &["--no-challenge"]);
    let answer =
        secured.gateway.connect().post_json("/demo/mcp", &[], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    let expected = format!("Bearer resource_metadata=\"{}{METADATA}\"", secured.gateway.origin());
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(expected.as_str())));
    secured.run_both(&connect());
}

#[test]
fn a_change_of_the_servers_metadata_reaches_the_client_with_the_next_challenge() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let issuers = || secured.gateway.get(METADATA).json()["authorization_servers"].clone();
    let before = issuers();
    secured
        .upstream
        .control("/prm", &json!({ "members": { "authorization_servers": ["https://as.example"] } }));
    assert_eq!(issuers(), before, "kept until the server challenges");
    assert_eq!(secured.gateway.get("/demo/mcp").status, 401);
    assert_eq!(issuers(), json!(["https://as.example"]));
}
