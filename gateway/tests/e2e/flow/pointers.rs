//! Fields of a response that point back at the upstream: redirects and cookies stay on the gateway's side.

use serde_json::json;

use crate::support::authorization::Temper;
use crate::support::node::Server;
use crate::support::secured::{Secured, run};
use crate::support::tollgate::{Tollgate, api, config};

#[test]
fn a_client_follows_the_upstreams_redirect_through_the_gateway() {
    let upstream = Server::mcp_server(&["--redirect"]);
    let gateway = Tollgate::start(&config(&api("demo", "/demo/mcp", upstream.url())));
    let url = format!("{}/demo/mcp/old", gateway.origin());
    let steps =
        json!([{ "connect": true }, { "callTool": { "name": "echo", "arguments": { "text": "hello" } } }]);
    for sdk in ["v1", "v2"] {
        let report = run(&gateway, &upstream, &url, json!({ "sdk": sdk }), steps.clone()).expect_ok();
        assert_eq!(report.result(1)["text"], "hello");
    }
    let home = gateway.get("/demo/mcp/old");
    assert_eq!(
        (home.status, home.header("location")),
        (307, Some(&*format!("{}/demo/mcp", gateway.origin())))
    );
}

#[test]
fn a_redirect_to_somewhere_else_is_passed_on_as_it_is() {
    let upstream = Server::mcp_server(&["--redirect", "--foreign", "https://foreign.example/mcp?a=%20b"]);
    let gateway = Tollgate::start(&config(&api("demo", "/demo/mcp", upstream.url())));
    let answer = gateway.get("/demo/mcp/foreign");
    assert_eq!(answer.header("location"), Some("https://foreign.example/mcp?a=%20b"));
}

#[test]
fn cookies_come_back_to_the_api_that_set_them_and_to_no_other() {
    let secured = Secured::start(Temper::Ignore, &["--cookie"]);
    let answer = secured.gateway.get("/demo/mcp");
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.all("set-cookie"),
        ["upstream=1; Path=/demo/mcp; HttpOnly", "everywhere=2; Path=/demo/mcp; SameSite=Lax"]
    );
    secured.run(json!({}), json!([{ "connect": true }])).expect_ok();
}
