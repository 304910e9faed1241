//! The mission: an unmodified client logs in at the upstream's own authorization server, through the gateway.

use serde_json::json;

use crate::support::node::{Server, client};
use crate::support::tollgate::{Tollgate, api, config};

#[test]
fn an_unmodified_client_logs_in_and_calls_a_tool_through_the_gateway() {
    let authorization_server = Server::authorization_server(&["--temper", "ignore"]);
    let upstream = Server::mcp_server(&["--issuer", authorization_server.url()]);
    let gateway = Tollgate::start(&config(&api("demo", "/demo/mcp", upstream.url())));
    let url = format!("{}/demo/mcp", gateway.origin());
    let report = client(&json!({
        "url": url,
        "steps": [
            { "connect": true },
            { "listTools": true },
            { "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } },
        ],
    }));
    assert_eq!(report["ok"], true, "{report:#}");
    let contacted = report["contacted"].as_array().expect("a list of origins");
    assert!(!contacted.iter().any(|origin| origin == upstream.text("origin")), "{contacted:?}");
    let logins = report["oauth"]["logins"].as_array().expect("a list of logins");
    assert_eq!(logins.len(), 1, "{logins:?}");
    assert_eq!(logins[0]["resource"], json!([url]), "the client asked for a token for the URL it dialled");
}
