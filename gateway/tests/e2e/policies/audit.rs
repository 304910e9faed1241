//! Who has called what.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::plans::consumer;
use super::super::plans::issuer::{AUDIENCE, Issuer};
use super::{call, message, post, reached, yaml};
use crate::support::PATIENCE;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::Upstream;

/// The records in a file, once there are this many.
fn records(file: &Path, least: usize) -> Vec<Value> {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        if lines.len() >= least {
            return lines;
        }
        assert!(std::time::Instant::now() < deadline, "{} of {least} records: {text}", lines.len());
        std::thread::park_timeout(PATIENCE / 1000);
    }
}

struct Audited {
    gateway: Tollgate,
    folder: tempfile::TempDir,
    yaml: String,
}

impl Audited {
    /// A gateway that writes records to `audit.jsonl`, with further settings of the policy and further policies.
    fn start(upstream: &Upstream, settings: &str, policies: &str) -> Audited {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("audit.jsonl");
        let acme = consumer("acme", "secret-key", "a/api_key");
        let yaml = yaml(
            upstream,
            &format!("{{ audit: {{ to: {{ file: {file:?} }}{settings} }} }}{policies}"),
            &format!("consumers: [{acme}]\n"),
        )
        .replace("[keyless]", "[{ api_key: {} }, keyless]");
        Audited { gateway: Tollgate::start(&yaml), folder, yaml }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("audit.jsonl")
    }
}

#[test]
fn each_call_has_a_record_of_who_has_called_what_and_what_came_of_it() {
    let upstream = reached();
    let audited = Audited::start(
        &upstream,
        "",
        ", { mcp_acl: { allow: [{ tools: [good] }], deny: [{ tools: [bad] }] } }",
    );
    let arguments = r#"{"password" : "hunter2"}"#;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"good","arguments":{arguments}}}}}"#
    );
    let headers = [("x-api-key", "secret-key"), ("Mcp-Session-Id", "secret-session")];
    assert_eq!(audited.gateway.connect().post_json("/a/mcp", &headers, &body).text(), "\"reached\"");
    post(&audited.gateway, &call("bad"));
    post(&audited.gateway, &message("tools/list", &json!({})));
    post(&audited.gateway, &call("good"));
    let records = records(&audited.file(), 3);
    let [good, bad, _] = &records[..] else { panic!("{records:#?}") };
    let hash: String = Sha256::digest(arguments).iter().map(|byte| format!("{byte:02x}")).collect();
    let of = |record: &Value, keys: &[&str]| keys.iter().map(|key| record[*key].clone()).collect::<Vec<_>>();
    assert_eq!(
        of(
            good,
            &[
                "event",
                "api",
                "plan",
                "consumer",
                "client",
                "method",
                "name",
                "verdict",
                "status",
                "upstream_status"
            ]
        ),
        [
            json!("audit"),
            json!("a"),
            json!("api_key"),
            json!("acme"),
            json!("127.0.0.1"),
            json!("tools/call"),
            json!("good"),
            json!("allowed"),
            json!(200),
            json!(200)
        ]
    );
    assert_eq!(good["arguments_sha256"], hash);
    assert_eq!(
        of(bad, &["plan", "name", "verdict", "reason", "policy", "rule", "upstream_status"]),
        [
            json!("keyless"),
            json!("bad"),
            json!("denied"),
            json!("access_denied"),
            json!("mcp_acl"),
            json!("deny[0]"),
            json!(null)
        ]
    );
    let text = std::fs::read_to_string(audited.file()).expect("records");
    assert!(
        !["hunter2", "secret-key", "secret-session"].iter().any(|secret| text.contains(secret)),
        "{text}"
    );
}

#[test]
fn which_methods_have_records_and_whether_arguments_are_hashed_can_be_said() {
    let upstream = reached();
    let audited = Audited::start(&upstream, ", methods: [\"resources/*\"], arguments: none", "");
    post(&audited.gateway, &call("good"));
    post(&audited.gateway, &message("resources/read", &json!({ "uri": "file:///a", "arguments": {} })));
    let records = records(&audited.file(), 1);
    assert_eq!(
        (records.len(), &records[0]["name"], &records[0]["arguments_sha256"]),
        (1, &json!("file:///a"), &json!(null))
    );
}

#[test]
fn a_message_that_nobody_can_read_has_a_record_too_and_no_name_can_forge_one() {
    let upstream = reached();
    let audited = Audited::start(&upstream, "", "");
    post(&audited.gateway, &call("x\"}\n{\"verdict\":\"forged\u{2028}"));
    audited.gateway.connect().post_json("/a/mcp", &[], "{");
    let records = records(&audited.file(), 2);
    assert_eq!(records[0]["name"], "x\"}\n{\"verdict\":\"forged\u{2028}");
    assert_eq!((&records[1]["unread"], &records[1]["verdict"]), (&json!(true), &json!("allowed")));
}

#[test]
fn a_body_that_is_only_looked_at_is_passed_on_as_it_comes_and_a_long_one_too() {
    let upstream = reached();
    let audited = Audited::start(&upstream, "", "");
    let long = message("tools/call", &json!({ "name": "good", "arguments": { "pad": "x".repeat(300_000) } }));
    assert_eq!(post(&audited.gateway, &long).text(), "\"reached\"");
    assert_eq!(upstream.seen().remove(0).body, long.to_string().into_bytes());
    assert_eq!(records(&audited.file(), 1)[0]["unread"], true, "too long to be looked at");
    let enforced = Audited::start(&upstream, "", ", { mcp_acl: { allow: [{ tools: [x] }] } }");
    post(&enforced.gateway, &long);
    let record = &records(&enforced.file(), 1)[0];
    assert_eq!((&record["name"], &record["verdict"]), (&json!("good"), &json!("denied")), "it was held back");
}

#[test]
fn a_call_that_lacks_a_scope_of_its_operation_has_a_record() {
    let (issuer, upstream) = (Issuer::start(), reached());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("audit.jsonl");
    let plan = format!(
        "{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"], operations: [{{ method: tools/call, scopes: [more] }}] }} }}",
        issuer.url()
    );
    let gateway = Tollgate::start(
        &yaml(&upstream, &format!("{{ audit: {{ to: {{ file: {file:?} }} }} }}"), "")
            .replace("plans: [keyless]", &format!("authorization: {{ mode: protect }}, plans: [{plan}]")),
    );
    let authorization = format!("Bearer {}", issuer.token(&json!({ "client_id": "c1", "sub": "u1" })));
    let answer =
        gateway.connect().post_json("/a/mcp", &[("Authorization", &authorization)], &call("x").to_string());
    assert_eq!(answer.status, 403);
    let record = &records(&file, 1)[0];
    assert_eq!(
        (&record["reason"], &record["subject"], &record["name"]),
        (&json!("insufficient_scope"), &json!("u1"), &json!("x"))
    );
    assert!(!std::fs::read_to_string(&file).expect("records").contains(&authorization["Bearer ".len()..]));
}

#[test]
fn records_go_to_standard_output_where_that_is_said() {
    let upstream = reached();
    let mut gateway = Tollgate::start(&yaml(&upstream, "{ audit: { to: stdout } }", ""));
    post(&gateway, &call("good"));
    let record = gateway.process.wait_for(0, "a record", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["event"] == "audit").then_some(line)
    });
    assert_eq!(record["name"], "good");
}

#[test]
fn a_reload_opens_the_file_anew_and_the_end_of_the_process_loses_no_record() {
    let upstream = reached();
    let mut audited = Audited::start(&upstream, "", "");
    post(&audited.gateway, &call("one"));
    records(&audited.file(), 1);
    let moved = audited.folder.path().join("audit.1");
    std::fs::rename(audited.file(), &moved).expect("it is moved");
    assert_eq!(audited.gateway.reload(&audited.yaml.clone()), "applied");
    post(&audited.gateway, &call("two"));
    assert_eq!((records(&audited.file(), 1)[0]["name"].as_str(), records(&moved, 1).len()), (Some("two"), 1));
    for _ in 0..50 {
        post(&audited.gateway, &call("more"));
    }
    audited.gateway.process.signal("TERM");
    assert!(audited.gateway.process.wait().success());
    assert_eq!(records(&audited.file(), 51).len(), 51);
}

#[test]
fn a_file_that_cannot_be_written_is_refused_and_a_reload_to_one_changes_nothing() {
    let upstream = reached();
    let mut audited = Audited::start(&upstream, "", "");
    let folder = audited.folder.path().join("folder");
    std::fs::create_dir(&folder).expect("a folder");
    let broken = audited.yaml.replace(&format!("{:?}", audited.file()), &format!("{folder:?}"));
    assert_eq!(audited.gateway.reload(&broken), "refused");
    post(&audited.gateway, &call("still"));
    assert_eq!(records(&audited.file(), 1)[0]["name"], "still");
}
