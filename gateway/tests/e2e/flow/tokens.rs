//! A session outlives its token: expiry, refresh, revocation and step-up, each begun by a challenge that came
//! through the gateway.

use serde_json::{Value, json};

use crate::support::authorization::Temper;
use crate::support::node::Server;
use crate::support::report::Report;
use crate::support::secured::Secured;

fn whoami() -> Value {
    json!({ "callTool": { "name": "whoami" } })
}

#[test]
fn an_expired_token_is_refreshed_for_the_gateways_url() {
    let authorization_server = Server::authorization_server(&["--temper", "bind", "--access-token-ttl", "3"]);
    let secured = Secured::with(&authorization_server, &[]);
    let steps = json!([{ "connect": true }, { "waitMs": 4000 }, whoami()]);
    for report in secured.run_both(&steps) {
        assert_eq!(report.logins(), 1);
        assert!(report.refreshes() >= 1);
        assert_eq!(report.result(2)["json"]["audience"], json!([secured.url]));
    }
}

#[test]
fn a_token_revoked_in_the_middle_of_a_session_is_replaced_by_a_refresh() {
    let secured = Secured::start(Temper::Ignore, &[]);
    for sdk in ["v1", "v2"] {
        let report = lose_the_token(&secured, sdk);
        assert_eq!((report.logins(), report.refreshes()), (1, 1));
        assert_eq!(report.challenged(), [401, 401]);
    }
}

#[test]
fn without_a_refresh_token_a_revoked_token_leads_to_a_new_login_in_the_same_session() {
    let authorization_server = Server::authorization_server(&["--temper", "bind", "--no-refresh-tokens"]);
    let secured = Secured::with(&authorization_server, &[]);
    for sdk in ["v1", "v2"] {
        let report = lose_the_token(&secured, sdk);
        assert_eq!((report.logins(), report.refreshes()), (2, 0));
        assert_eq!(report.result(2)["json"]["subject"], "alice");
    }
}

/// Revokes the client's token once its session is complete, standalone stream included, and lets it call a tool then.
fn lose_the_token(secured: &Secured, sdk: &str) -> Report {
    let steps = json!([{ "connect": true }, { "waitForNotifications": { "count": 1 } }, whoami()]);
    secured.upstream.wait_for_counter("/streams/GET", 0);
    let report = std::thread::scope(|scope| {
        let client = scope.spawn(|| secured.run(json!({ "sdk": sdk }), steps));
        secured.upstream.wait_for_counter("/streams/GET", 1);
        secured.upstream.control("/revoke", &json!({}));
        secured.upstream.control("/notify", &json!({ "revoked": true }));
        client.join().expect("the client's report")
    });
    report.expect_ok()
}

#[test]
fn a_403_that_asks_for_more_scope_leads_to_a_login_with_that_scope() {
    let write =
        json!({ "callTool": { "name": "write_file", "arguments": { "name": "a.txt", "content": "abc" } } });
    for temper in [Temper::Ignore, Temper::Bind] {
        let secured = Secured::start(temper, &[]);
        for report in secured.run_both(&json!([{ "connect": true }, write, whoami()])) {
            assert_eq!(report.result(1)["text"], "wrote 3 characters to a.txt");
            assert_eq!(report.challenged(), [401, 403]);
            let scope = report.oauth("logins")[1]["scope"].as_str().expect("a scope");
            assert!(scope.split(' ').any(|name| name == "files:write"), "{scope}");
        }
    }
}
