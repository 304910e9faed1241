//! What other MCP gateways, servers and clients were attacked with. Each row is one of theirs, and the test that it is
//! none of ours.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::keys::count_tests;
use crate::plans::{consumer, yaml};
use crate::support::tollgate::{Tollgate, api, binary, config};
use crate::support::upstream::{Upstream, response};

/// Identifier, what it was about, and the test.
const ROWS: &[(&str, &str, &str)] = &[
    (
        "GHSA-4gph-2hhr-5mwg",
        "members in another case win, and bodies are written anew",
        "names_in_another_case_are_refused",
    ),
    (
        "CVE-2026-27896",
        "`Method`, `paramſ` and a Kelvin sign are taken for members",
        "names_in_another_case_are_refused",
    ),
    (
        "GHSA-g53w-w6mj-hrpp",
        "a header of the client's chooses the server and skips the token",
        "no_header_chooses_the_server",
    ),
    ("CVE-2026-59822", "a bad key falls through to nobody in particular", "a_bad_key_lets_nobody_in"),
    (
        "CVE-2026-110279",
        "a header of the client's replaces the server's credential",
        "no_header_replaces_the_credential",
    ),
    (
        "CVE-2026-78573",
        "an administrator with a password everybody knows",
        "the_admin_listener_is_off_and_serves_no_files",
    ),
    (
        "CVE-2026-77825",
        "files outside of a folder are served",
        "the_admin_listener_is_off_and_serves_no_files",
    ),
    (
        "CVE-2026-77822",
        "a name leads into the private network",
        "keys_come_from_where_the_plan_says_over_tls_of_the_operators_and_from_a_private_network",
    ),
    (
        "CVE-2025-64443",
        "a page rebinds its name",
        "a_foreign_page_is_refused_before_the_upstream_hears_of_it",
    ),
    (
        "CVE-2026-34742",
        "a page rebinds its name",
        "a_foreign_page_is_refused_before_the_upstream_hears_of_it",
    ),
    (
        "CVE-2026-42559",
        "a page rebinds its name",
        "a_foreign_page_is_refused_before_the_upstream_hears_of_it",
    ),
    ("CVE-2026-25536", "answers go to other clients", "sixty_four_clients_get_their_own_answers"),
    (
        "GHSA-j975-95f5-7wqh",
        "an exception ends the server",
        "an_upstream_that_refuses_connections_is_unreachable",
    ),
    ("CVE-2025-6514", "a URL in metadata is a command", "what_is_no_valid_document_is_a_502"),
    (
        "CVE-2025-49596",
        "a local endpoint that asks nobody who they are",
        "the_metrics_are_answered_on_the_admin_listener_alone_to_get_under_a_loopback_name",
    ),
    ("CVE-2026-26118", "a tool makes the server fetch what it should not", "no_header_chooses_the_server"),
    ("CVE-2026-32211", "a configuration starts programs", "no_key_of_the_configuration_starts_a_program"),
    ("CVE-2026-30623", "a configuration starts programs", "no_key_of_the_configuration_starts_a_program"),
];

#[test]
fn each_row_has_a_test() {
    let mut tests = BTreeMap::new();
    count_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e"), &mut tests);
    for (id, what, test) in ROWS {
        assert_eq!(tests.get(*test), Some(&1), "{id}, {what}: {test}");
    }
}

fn reached() -> Upstream {
    Upstream::start(|_| response("200 OK", &[], "reached"))
}

#[test]
fn names_in_another_case_are_refused() {
    let upstream = reached();
    let acl = "policies: [{ mcp_acl: { allow: [{ tools: [good, \"\u{212a}\"] }] } }]";
    let gateway = Tollgate::start(&yaml("keyless", acl, &upstream, ""));
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"bad"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"good"},"paramſ":{"name":"bad"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"good","NAME":"bad"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","params":{"name":"bad"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"good","\u004eame":"bad"}}"#,
    ] {
        let answer = gateway.connect().post_json("/a/mcp", &[], body);
        assert_eq!((answer.status, answer.reason().as_str()), (400, "bad_message"), "{body}");
    }
    let k = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"k"}}"#;
    assert_eq!(gateway.connect().post_json("/a/mcp", &[], k).reason(), "access_denied", "no Kelvin sign");
    assert!(upstream.seen().is_empty());
    let odd = "{ \"id\" : 1.0e0 ,\"jsonrpc\":\"2.0\"}".replace("1.0e0", "1") + "\n";
    let odd = odd.replace(
        "\"id\"",
        "\"method\":\"tools\\/call\",\"params\":{\"name\":\"g\\u006fod\",\"x\":1.50},\"id\"",
    );
    assert_eq!(gateway.connect().post_json("/a/mcp", &[], &odd).text(), "reached");
    assert_eq!(upstream.seen()[0].body, odd.as_bytes(), "not written anew");
}

#[test]
fn no_header_chooses_the_server() {
    let (upstream, elsewhere) = (reached(), reached());
    let acme = consumer("acme", "good", "a/api_key");
    let gateway = Tollgate::start(&yaml("{ api_key: {} }", "", &upstream, &acme));
    let to = elsewhere.address.to_string();
    let chosen = [
        ("mcp-init-host", to.as_str()),
        ("router-key", "secret"),
        ("x-mcp-servername", "other"),
        ("x-original-host", to.as_str()),
        ("x-envoy-original-dst-host", to.as_str()),
        ("x-upstream-url", to.as_str()),
        ("mcp-server", to.as_str()),
    ];
    let without = gateway.connect().post_json("/a/mcp", &chosen, "{}");
    assert_eq!((without.status, without.reason().as_str()), (403, "api_key_missing"));
    let with = [&chosen[..], &[("x-api-key", "good")]].concat();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "fetch", "arguments": { "url": elsewhere.url("/") } } });
    assert_eq!(gateway.connect().post_json("/a/mcp", &with, &body.to_string()).text(), "reached");
    assert_eq!((upstream.seen().len(), elsewhere.connections()), (1, 0));
    assert_eq!(upstream.seen()[0].all("host"), [upstream.address.to_string()]);
}

#[test]
fn a_bad_key_lets_nobody_in() {
    let upstream = reached();
    let acme = consumer("acme", "good", "a/api_key");
    let gateway = Tollgate::start(&yaml("{ api_key: {} }, keyless", "", &upstream, &acme));
    let answer = gateway.connect().post_json("/a/mcp", &[("x-api-key", "bad")], "{}");
    assert_eq!(
        (answer.status, answer.reason().as_str(), upstream.connections()),
        (403, "api_key_invalid", 0)
    );
}

#[test]
fn no_header_replaces_the_credential() {
    let upstream = reached();
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("token"), "ours").expect("it is written");
    let keys = "authorization: { mode: protect }, upstream: { auth: { bearer: \"${file:token}\" } }";
    std::fs::write(folder.path().join("gateway.yaml"), yaml("keyless", keys, &upstream, ""))
        .expect("it is written");
    let gateway = Tollgate::start_in(folder, 1);
    for field in
        ["Authorization", "X-Upstream-Authorization", "Proxy-Authorization", "X-Forwarded-Access-Token"]
    {
        gateway.connect().post_json("/a/mcp", &[(field, "Bearer theirs")], "{}");
        assert_eq!(
            upstream.seen().pop().expect("a request").all("authorization"),
            ["Bearer ours"],
            "{field}"
        );
    }
}

#[test]
fn the_admin_listener_is_off_and_serves_no_files() {
    let upstream = reached();
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("gateway.yaml");
    std::fs::write(&file, yaml.replace("admin: { address: \"127.0.0.1", "admin: { address: \"0.0.0.0"))
        .expect("it is written");
    let checked = binary().args(["check", "-c"]).arg(&file).output().expect("the program runs");
    assert!(!checked.status.success(), "others could reach it");
    let gateway = Tollgate::start(&yaml);
    for path in
        ["/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "/logs/../../etc/passwd", "/gateway.yaml", "/"]
    {
        let answer = gateway.admin(path);
        assert!(
            [400, 404].contains(&answer.status) && !answer.text().contains("root:"),
            "{path}: {}",
            answer.status
        );
    }
}

#[test]
fn sixty_four_clients_get_their_own_answers() {
    let upstream = Upstream::start(|seen| response("200 OK", &[], &String::from_utf8_lossy(&seen.body)));
    let acl = "policies: [{ mcp_acl: { allow: [{ tools: [\"*\"] }] } }]";
    let gateway = Tollgate::start(&yaml("keyless", acl, &upstream, ""));
    std::thread::scope(|scope| {
        for client in 0..64 {
            let gateway = &gateway;
            scope.spawn(move || {
                let mut connection = gateway.connect();
                for call in 0..100 {
                    let nonce = format!("nonce-{client}-{call}");
                    let body = json!({ "jsonrpc": "2.0", "id": nonce, "method": "tools/call", "params": { "name": nonce } });
                    let answer = connection.post_json("/a/mcp", &[], &body.to_string());
                    assert_eq!(answer.json()["id"], nonce);
                    // One in ten goes away before its answer is there.
                    if call % 10 == 9 {
                        connection.send_request("POST", "/a/mcp", &[], body.to_string().as_bytes());
                        connection = gateway.connect();
                    }
                }
            });
        }
    });
}

#[test]
fn no_key_of_the_configuration_starts_a_program() {
    let schema = binary().arg("schema").output().expect("the program runs").stdout;
    let schema: Value = serde_json::from_slice(&schema).expect("a JSON Schema");
    let mut names = Vec::new();
    collect(&schema, &mut names);
    assert!(names.len() > 100);
    for word in ["exec", "command", "cmd", "args", "script", "shell", "program", "stdio", "run"] {
        assert!(!names.iter().any(|name| name == word), "{word}");
    }
}

/// The names of all keys.
fn collect(node: &Value, names: &mut Vec<String>) {
    for (name, value) in node["properties"].as_object().into_iter().flatten() {
        names.push(name.clone());
        collect(value, names);
    }
    for children in [&node["$defs"], &node["items"]] {
        children.as_object().into_iter().flatten().for_each(|(_, child)| collect(child, names));
    }
}
