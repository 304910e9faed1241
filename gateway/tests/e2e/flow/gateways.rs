//! Several gateways in front of the same servers: an official client's session goes on at any of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::node::{Server, client};
use crate::support::report::Report;
use crate::support::tollgate::{Tollgate, config};

/// A gateway of its own folder, with the key that all of them have.
fn gateway(servers: &[&Server]) -> Tollgate {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let key = folder.path().join("sessions.key");
    fs::write(&key, "3b".repeat(32)).expect("the key is written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
    let endpoints: Vec<&str> = servers.iter().map(|server| server.url()).collect();
    let yaml = config(&format!(
        "  - {{ name: demo, path: /demo/mcp, endpoints: [\"{}\"], plans: [keyless], \
         sessions: {{ seal_keys: [sessions.key] }} }}\n",
        endpoints.join("\", \"")
    ));
    fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    Tollgate::start_in(folder, 2)
}

fn run(gateway: &Tollgate, sdk: &str, steps: Value) -> Report {
    Report(client(&json!({ "sdk": sdk, "url": format!("{}/demo/mcp", gateway.origin()), "steps": steps })))
}

/// What the server calls the sessions of the requests it has answered.
fn own_ids(server: &Server) -> Vec<String> {
    let journal = server.journal();
    journal
        .iter()
        .filter_map(|request| request["headers"]["mcp-session-id"].as_str().map(str::to_string))
        .collect()
}

#[test]
fn a_session_of_the_official_client_goes_on_at_another_gateway() {
    let servers = [Server::mcp_server(&[]), Server::mcp_server(&[])];
    let here = gateway(&[&servers[0], &servers[1]]);
    let there = gateway(&[&servers[1], &servers[0]]);
    let call = json!({ "callTool": { "name": "slow_stream", "arguments": { "count": 3, "gapMs": 10 } } });
    for sdk in ["v1", "v2"] {
        let begun = run(&here, sdk, json!([{ "connect": true }, call])).expect_ok();
        assert_eq!(begun.progress(1), [1, 2, 3]);
        let id = begun.result(0)["sessionId"].as_str().expect("a session").to_string();
        let resume = json!({ "connect": { "sessionId": id } });
        let steps = json!([resume, call, call, { "terminateSession": true }]);
        let continued = run(&there, sdk, steps).expect_ok();
        assert_eq!(continued.progress(1), [1, 2, 3]);
        let failed = run(&here, sdk, json!([resume, call]));
        assert_eq!(failed.0["ok"], false, "the session has ended: {:#}", failed.0);
        let seen = servers.each_ref().map(own_ids);
        assert!(!seen.iter().flatten().any(|own| *own == id), "a server saw a sealed id");
        assert_eq!(servers.iter().map(|server| server.answered("DELETE", 200)).max(), Some(1));
    }
    // Each server began one session, and every request of it came there: it would have answered 404 to another's.
    for ids in servers.each_ref().map(own_ids) {
        assert!(ids.len() > 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}
