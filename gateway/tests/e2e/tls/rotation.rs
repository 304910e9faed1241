//! Certificates that are renewed while clients connect (R05).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{CERTIFICATES, NOWHERE, Secure, path};
use crate::support::node::start;

const ROTATIONS: usize = 20;

/// Puts a renewed certificate and its key where the gateway reads them, the way renewing programs do.
fn rotate(folder: &Path, (certificate, key): &(PathBuf, PathBuf)) {
    fs::rename(key, folder.join("edge-leaf.key")).expect("the key is put in place");
    fs::rename(certificate, folder.join("edge-leaf.pem")).expect("the certificate is put in place");
}

#[test]
fn twenty_rotations_lose_no_handshake() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let folder = secure.authority.ca.parent().expect("a folder").to_path_buf();
    let names = "DNS:edge.example.com,IP:127.0.0.1";
    let renewed: Vec<_> =
        (0..ROTATIONS).map(|index| secure.authority.certify(&format!("renewed-{index}"), names)).collect();

    let mut clients = start("handshakes.mjs");
    let mut stdin = clients.child.stdin.take().expect("stdin is piped");
    let port = secure.gateway.address().port();
    let script = json!({ "port": port, "ca": path(&secure.authority.ca), "parallel": 3, "most": 50_000 });
    writeln!(stdin, "{script}").expect("the program reads its script");

    let shown = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["serial"].as_str().map(str::to_string)
    };
    let mut serials = vec![clients.wait_for(0, "a handshake", shown)];
    for certificate in &renewed {
        rotate(&folder, certificate);
        serials.push(clients.wait_for(serials.len(), "a handshake with the renewed certificate", shown));
    }
    drop(stdin);
    let report = clients.wait_for(serials.len(), "the report", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line.get("connections").is_some().then_some(line)
    });
    assert_eq!(report["failures"], json!([]), "{report}");
    assert!(report["connections"].as_u64() > Some(ROTATIONS as u64), "{report}");
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), ROTATIONS + 1, "each was shown");
}
