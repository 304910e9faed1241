//! What the authorization server makes of `resource` decides what a token is good for (RFC 8707): it may ignore
//! it, bind the token to the gateway's URL, or refuse to know that URL.

use serde_json::json;

use crate::support::authorization::{self, Temper};
use crate::support::node::Server;
use crate::support::secured::{Secured, run, secured_upstream};
use crate::support::tollgate::{Tollgate, api, config};

#[test]
fn an_unmodified_client_logs_in_and_calls_a_tool_through_the_gateway() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let add = json!({ "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } });
    let steps =
        json!([{ "connect": true }, { "listTools": true }, add, { "callTool": { "name": "whoami" } }]);
    for report in secured.run_both(&steps) {
        assert_eq!(report.result(2)["text"], "3");
        assert_eq!(report.result(3)["json"]["subject"], "alice");
        assert_eq!(report.result(3)["json"]["audience"], json!([]));
        assert_eq!((report.logins(), report.refreshes()), (1, 0));
        assert_eq!(report.oauth("tokenRequests").len(), 1);
    }
}

#[test]
fn a_token_bound_to_the_gateways_url_is_good_at_a_server_that_accepts_it() {
    let secured = Secured::start(Temper::Bind, &[]);
    for report in secured.run_both(&json!([{ "connect": true }, { "callTool": { "name": "whoami" } }])) {
        assert_eq!(report.result(1)["json"]["audience"], json!([secured.url]));
        assert_eq!(report.logins(), 1);
    }
}

#[test]
fn a_token_bound_to_the_gateways_url_is_refused_by_a_server_that_wants_its_own_and_the_client_is_told() {
    let secured = Secured::start(Temper::Bind, &[]);
    secured.upstream.control("/audiences", &json!({ "accept": [secured.upstream.url()] }));
    for sdk in ["v1", "v2"] {
        let report = secured.run(json!({ "sdk": sdk }), json!([{ "connect": true }]));
        assert!(report.failure().to_lowercase().contains("auth"), "{}", report.failure());
        let challenges = report.oauth("challenges");
        let last = challenges.last().expect("a challenge");
        assert_eq!(last["status"], 401);
        assert!(last["challenge"].as_str().is_some_and(|text| text.contains("invalid_token")), "{last}");
        assert!(report.logins() >= 1);
    }
    assert_eq!(secured.upstream.answered("POST", 200), 0, "no call got through");
    let log = secured.gateway.process.lines();
    let diagnosis =
        log.iter().find(|line| line.contains("audience_mismatch")).expect("the operator is told why");
    assert!(diagnosis.contains(secured.upstream.url()), "{diagnosis}");
}

#[test]
fn an_authorization_server_that_does_not_know_the_gateways_url_refuses_the_login() {
    let upstream = secured_upstream(authorization::server(Temper::Bind), &[]);
    let gateway = Tollgate::start(&config(&api("demo", "/demo/mcp", upstream.url())));
    let url = format!("{}/demo/mcp", gateway.origin());
    let report = run(&gateway, &upstream, &url, json!({}), json!([{ "connect": true }]));
    assert!(report.failure().contains("invalid_target"), "{}", report.failure());
}

#[test]
fn an_issuer_with_a_path_is_found_through_the_gateway() {
    let options = ["--temper", "bind", "--issuer-path", "/realms/test"];
    let authorization_server = Server::authorization_server(&options);
    let secured = Secured::with(&authorization_server, &[]);
    let steps = json!([{ "connect": true }, { "callTool": { "name": "whoami" } }]);
    for report in secured.run_both(&steps) {
        assert_eq!(report.result(1)["json"]["issuer"], authorization_server.text("issuer"));
    }
}
