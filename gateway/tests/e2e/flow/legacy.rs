//! The HTTP+SSE transport of MCP 2024-11-05: the first event of a stream names where the client's messages go,
//! and that place must be the gateway's, for as long as the stream is open.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::PATIENCE;
use crate::support::authorization::{self, Temper};
use crate::support::report::Report;
use crate::support::secured::{Secured, run, secured_upstream};
use crate::support::tollgate::{Tollgate, api, config};

fn steps() -> Value {
    json!([
        { "connect": true },
        { "callTool": { "name": "echo", "arguments": { "text": "hello" } } },
        { "callTool": { "name": "slow_stream", "arguments": { "count": 3 } } },
    ])
}

fn script(sdk: &str) -> Value {
    json!({ "sdk": sdk, "transport": "sse" })
}

/// Where the client posted its messages.
fn message_url(report: &Report) -> String {
    let requests = report.0["requests"].as_array().expect("a list of requests");
    let posted = requests.iter().find(|request| request["method"] == "POST" && request["status"] == 202);
    posted.expect("a message that was accepted")["url"].as_str().expect("a URL").to_string()
}

#[test]
fn a_legacy_client_logs_in_and_calls_tools_whatever_form_the_server_announces() {
    for form in ["path", "absolute"] {
        let secured = Secured::start(Temper::Bind, &["--legacy-sse", "--sse-endpoint", form]);
        for sdk in ["v1", "v2"] {
            let report = secured.run(script(sdk), steps()).expect_ok();
            assert_eq!(report.result(1)["text"], "hello");
            assert_eq!(report.progress(2), [1, 2, 3]);
            assert_eq!(report.logins(), 1);
            assert!(
                message_url(&report).starts_with(&format!("{}/", secured.url)),
                "under the API's own path"
            );
        }
    }
}

#[test]
fn the_message_endpoint_is_reachable_only_while_its_stream_is_open() {
    let secured = Secured::start(Temper::Ignore, &["--legacy-sse"]);
    let report = secured.run(script("v1"), json!([{ "connect": true }])).expect_ok();
    let url = message_url(&report);
    let path = url.strip_prefix(&secured.gateway.origin()).expect("a URL of the gateway");
    let post =
        || secured.gateway.connect().post_json(path, &[], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    // The client has gone; the gateway learns of it in its own time, and answers for itself from then on.
    let deadline = Instant::now() + PATIENCE;
    while !post().text().contains("no_api") {
        assert!(Instant::now() < deadline, "{:?}", post());
    }
    let before = secured.upstream.journal().len();
    assert_eq!(post().status, 404);
    assert_eq!(secured.upstream.journal().len(), before, "the upstream was not asked");
    let metadata = secured.gateway.get(&format!("/.well-known/oauth-protected-resource{path}"));
    assert_eq!((metadata.status, metadata.reason().as_str()), (404, "no_metadata_here"));
}

#[test]
fn a_legacy_server_below_a_prefix_keeps_its_own_message_path() {
    let upstream = secured_upstream(authorization::server(Temper::Ignore), &["--legacy-sse"]);
    let gateway = Tollgate::start(&config(&api("demo", "/demo", &upstream.at("/"))));
    let url = format!("{}/demo/sse", gateway.origin());
    let report = run(&gateway, &upstream, &url, script("v1"), steps()).expect_ok();
    assert!(message_url(&report).starts_with(&format!("{}/demo/messages?", gateway.origin())));
}

#[test]
fn an_announcement_that_leads_elsewhere_never_reaches_the_client() {
    let secured = Secured::start(Temper::Ignore, &["--legacy-sse", "--sse-endpoint", "foreign"]);
    let report = secured.run(script("v1"), json!([{ "connect": true }]));
    assert!(!report.failure().contains("foreign.example"), "{}", report.failure());
    assert!(!report.0["contacted"].to_string().contains("foreign.example"));
}
