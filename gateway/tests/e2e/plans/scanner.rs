//! What mcp-authlab, a scanner for the authorization of MCP servers that other people wrote, says of a plan with tokens
//! (J02).

use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::authorization::{self, Temper};
use crate::support::certificates::Authority;
use crate::support::node::Server;
use crate::support::tollgate::Tollgate;

/// Another resource of the same authorization server.
const OTHER_RESOURCE: &str = "https://other.example/mcp";

fn yaml(issuer: &str, audience: &str, endpoint: &str) -> String {
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", tls: {{ certificates: \
         [{{ cert: server-leaf.pem, key: server-leaf.key }}] }} }}\napis:\n  \
         - {{ name: demo, path: /demo/mcp, endpoints: [\"{endpoint}\"], authorization: {{ mode: protect }}, plans: \
         [{{ jwt: {{ issuers: [\"{issuer}\"], audiences: [\"{audience}\"], scopes: [mcp] }} }}] }}\n"
    )
}

/// The scanner's report, or why there is none on this machine.
fn scan(url: &str, authority: &Path) -> Result<Value, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/authlab/scan.sh");
    let output = Command::new(script).args([url, "mcp", OTHER_RESOURCE]).arg(authority).output();
    let output = output.expect("the script runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => Ok(serde_json::from_slice(&output.stdout).expect("a report")),
        Some(77) => Err(said),
        _ => panic!("{said}"),
    }
}

/// One line about a check: what it wants, what the scanner found, and by which section.
fn told(check: &Value) -> String {
    let members = ["id", "level", "status", "title", "message", "cite", "evidence"];
    members.map(|member| check[member].to_string()).join(" ")
}

#[test]
fn an_api_whose_callers_have_tokens_passes_every_check_of_mcp_authlab() {
    let authorization_server = authorization::server(Temper::Bind);
    let open = Server::mcp_server(&[]);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let authority = Authority::new(folder.path(), "ca");
    authority.certify_this_machine();
    let protected = |audience: &str| yaml(authorization_server.text("issuer"), audience, open.url());
    // The gateway's own URL is known once it listens.
    std::fs::write(folder.path().join("gateway.yaml"), protected("https://not-yet.example"))
        .expect("the file is written");
    let mut gateway = Tollgate::start_in(folder, 1);
    let url = format!("https://{}/demo/mcp", gateway.address());
    assert_eq!(gateway.reload(&protected(&url)), "applied");
    authorization_server.list_resources(&[&url, OTHER_RESOURCE]);
    let report = match scan(&url, &authority.ca) {
        Ok(report) => report,
        // Written past the test harness, which shows what a test prints only when it fails.
        Err(said) => {
            writeln!(std::io::stderr(), "SKIPPED: mcp-authlab did not scan the gateway: {said}").unwrap();
            return;
        }
    };
    let results = report["results"].as_array().expect("a list of results").iter();
    let missed: Vec<String> = results.filter(|check| check["status"] != "pass").map(told).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    // All that this version has: 23 MUST and 10 SHOULD.
    let counted = json!({ "pass": 33, "fail": 0, "warn": 0, "skip": 0, "error": 0 });
    assert_eq!((&report["counts"], &report["conformance"]), (&counted, &json!("Conformant")));
}
