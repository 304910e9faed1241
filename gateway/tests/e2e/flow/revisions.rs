//! The revisions of MCP, through one and the same relay.

use serde_json::{Value, json};

use crate::support::authorization::Temper;
use crate::support::secured::Secured;

fn echo() -> Value {
    json!({ "callTool": { "name": "echo", "arguments": { "text": "hello", "label": "blue" } } })
}

#[test]
fn revision_2026_07_28_works_whole_without_sessions() {
    let secured = Secured::start(Temper::Bind, &["--sdk", "v2", "--modern-only"]);
    let steps = json!([
        { "connect": true },
        { "discover": true },
        { "listTools": true },
        echo(),
        { "callTool": { "name": "slow_stream", "arguments": { "count": 3 } } },
        { "callTool": { "name": "write_file", "arguments": { "name": "a", "content": "b" } } },
        { "listen": { "toolsListChanged": true } },
        { "waitForNotifications": { "count": 1 } },
    ]);
    let script = json!({ "sdk": "v2", "protocol": "2026-07-28" });
    let report = std::thread::scope(|scope| {
        let client = scope.spawn(|| secured.run(script, steps));
        notify_once_someone_listens(&secured);
        client.join().expect("the client's report")
    });
    let report = report.expect_ok();
    assert_eq!(report.result(0)["protocolVersion"], "2026-07-28");
    assert_eq!(report.progress(4), [1, 2, 3]);
    assert_eq!(report.challenged(), [401, 403]);
    assert_eq!(report.0["notifications"][0]["method"], "notifications/tools/list_changed");
    let labelled = |entry: &Value| {
        entry["headers"]["mcp-param-label"] == "blue" && entry["headers"]["mcp-name"] == "echo"
    };
    assert!(secured.upstream.journal().iter().any(labelled), "every Mcp field reached the upstream");
}

/// Nobody can tell a `listen` stream from another answer in progress, so this asks until one was there.
fn notify_once_someone_listens(secured: &Secured) {
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while secured.upstream.control("/notify", &json!({}))["sent"] == 0 {
        assert!(std::time::Instant::now() < deadline, "nobody listens");
        std::thread::park_timeout(crate::support::PATIENCE / 1000);
    }
}

#[test]
fn a_client_that_tries_2026_07_28_first_falls_back_at_an_older_server() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let script = json!({ "sdk": "v2", "protocol": "auto" });
    let report = secured.run(script, json!([{ "connect": true }, echo()])).expect_ok();
    assert_eq!(report.result(0)["protocolVersion"], "2025-11-25");
    assert_eq!(report.0["requests"][0]["mcp-method"], "server/discover");
    assert_eq!(report.logins(), 1);
}

#[test]
fn the_older_revisions_are_spoken_through_the_gateway() {
    let secured = Secured::start(Temper::Ignore, &[]);
    for protocol in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let script = json!({ "sdk": "v2", "protocol": protocol });
        let report = secured.run(script, json!([{ "connect": true }, echo()])).expect_ok();
        assert_eq!(report.result(0)["protocolVersion"], protocol);
    }
}
