//! What is spoken on a listener with TLS, seen from outside (S43).

use std::io::Write;
use std::path::Path;
use std::process::Command;

use super::{CERTIFICATES, NOWHERE, Secure, path};
use crate::support::process::Process;

#[test]
fn sslyze_finds_mozillas_intermediate_profile() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sslyze/check.sh");
    let target = format!("localhost:{}", secure.gateway.address().port());
    let output = Command::new(script).arg(&target).arg(path(&secure.authority.ca)).output();
    let output = output.expect("the script runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    match output.status.code() {
        Some(0) => {}
        // Written past the test harness, which shows what a test prints only when it fails.
        Some(77) => writeln!(std::io::stderr(), "SKIPPED: the TLS profile was not checked: {said}").unwrap(),
        _ => panic!("{said}"),
    }
}

#[test]
fn what_a_client_gets_wrong_in_its_handshake_fills_no_log() {
    let mut secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let address = secure.gateway.address();
    let before = secure.gateway.process.lines().len();
    for _ in 0..3 {
        let mut command = Command::new("openssl");
        // A host name that is an address, which TLS does not allow.
        command.args(["s_client", "-servername", "127.0.0.1", "-connect", &address.to_string()]);
        let mut client = Process::start("openssl", &mut command);
        client.wait_for(0, "a handshake", |line| line.contains("CONNECTED").then_some(()));
        drop(client.child.stdin.take());
        client.wait();
    }
    assert_eq!(secure.connect(serde_json::json!({}))["connected"], true);
    secure.gateway.process.signal("TERM");
    secure.gateway.process.wait();
    let lines = secure.gateway.process.all_lines();
    let written = &lines[before..];
    assert!(!written.iter().any(|line| line.contains(r#""level":"warn""#)), "{written:#?}");
}
