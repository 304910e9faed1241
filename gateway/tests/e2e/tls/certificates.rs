//! The certificate a client is shown, and the versions it is shown with.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{CERTIFICATES, NOWHERE, Secure, path};
use crate::support::certificates::Authority;
use crate::support::node::client_trusting;
use crate::support::tollgate::binary;
use crate::support::{authorization, authorization::Temper, node::Server};

#[test]
fn the_host_a_client_names_chooses_the_certificate_and_the_first_is_for_all_others() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    for (host, name) in [
        ("other.example.com", "other.example.com"),
        ("OTHER.example.com", "other.example.com"),
        ("edge.example.com", "edge.example.com"),
        ("x.wild.example.com", "edge.example.com"),
        ("unknown.example.com", "edge.example.com"),
        ("", "edge.example.com"),
    ] {
        let seen = secure.connect(json!({ "servername": host }));
        assert!(seen["names"].as_str().is_some_and(|names| names.contains(name)), "{host}: {seen}");
    }
}

#[test]
fn versions_1_2_and_1_3_are_spoken_and_no_older_one() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let seen = secure.connect(json!({ "minVersion": version, "maxVersion": version }));
        assert_eq!(seen["version"], version, "{seen}");
    }
    let seen = secure.connect(json!({ "minVersion": "TLSv1", "maxVersion": "TLSv1.1" }));
    assert_eq!(seen["connected"], false, "{seen}");
}

#[test]
fn a_connection_that_never_says_hello_is_closed() {
    let secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let mut silent = TcpStream::connect(secure.gateway.address()).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    assert_eq!(silent.read(&mut [0; 64]).unwrap(), 0, "closed by the gateway");
}

#[test]
fn a_client_logs_in_through_a_listener_with_tls() {
    let authorization_server: &Server = authorization::server(Temper::Ignore);
    let upstream = Server::mcp_server(&["--issuer", authorization_server.url()]);
    let secure = Secure::start(CERTIFICATES, "", upstream.url());
    let url = format!("https://localhost:{}/a/mcp", secure.gateway.address().port());
    let steps =
        json!([{ "connect": true }, { "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } }]);
    let report: Value = client_trusting(&json!({ "url": url, "steps": steps }), &secure.authority.ca);
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["oauth"]["logins"][0]["resource"], json!([url]));
}

#[test]
fn a_reload_changes_the_certificate_of_the_next_connection() {
    let mut secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let before = secure.connect(json!({}));
    secure.authority.certify("edge", "DNS:edge.example.com,DNS:renewed.example.com,IP:127.0.0.1");
    let yaml = std::fs::read_to_string(secure.gateway.config_path()).unwrap();
    assert_eq!(secure.gateway.reload(&yaml), "applied");
    let after = secure.connect(json!({ "servername": "renewed.example.com" }));
    assert_ne!(after["serial"], before["serial"]);
    assert!(after["names"].as_str().is_some_and(|names| names.contains("renewed")), "{after}");
}

#[test]
fn a_renewed_certificate_is_used_without_anybody_asking() {
    let mut secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let before = secure.connect(json!({}));
    let seen = secure.gateway.process.lines().len();
    secure.authority.certify("edge", "DNS:renewed.example.com,IP:127.0.0.1");
    secure.gateway.process.wait_for(seen, "the reload", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["trigger"] == "files" && line["outcome"] == "applied").then_some(())
    });
    let after = secure.connect(json!({}));
    assert_ne!(after["serial"], before["serial"]);
    assert!(after["names"].as_str().is_some_and(|names| names.contains("renewed")), "{after}");
}

#[test]
fn a_certificate_without_its_key_changes_nothing_and_an_unfinished_edit_is_not_picked_up() {
    let mut secure = Secure::start(CERTIFICATES, "", NOWHERE);
    let before = secure.connect(json!({}));
    let seen = secure.gateway.process.lines().len();
    std::fs::write(secure.gateway.config_path(), "listeners: [unfinished").unwrap();
    let other = secure.authority.ca.with_file_name("other-leaf.pem");
    let edge = secure.authority.ca.with_file_name("edge-leaf.pem");
    std::fs::copy(&other, &edge).unwrap();
    let outcome = |outcome: &'static str| {
        move |line: &str| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["trigger"] == "files" && line["outcome"] == outcome).then_some(())
        }
    };
    secure.gateway.process.wait_for(seen, "the refusal", outcome("refused"));
    assert_eq!(secure.connect(json!({}))["serial"], before["serial"]);
    std::fs::copy(other.with_extension("key"), edge.with_extension("key")).unwrap();
    secure.gateway.process.wait_for(seen, "the reload", outcome("applied"));
    assert_ne!(secure.connect(json!({}))["serial"], before["serial"]);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ca");
    let ((certificate, _), (_, key)) =
        (authority.certify("one", "DNS:one"), authority.certify("two", "DNS:two"));
    let yaml = format!(
        "listeners:\n  - address: 127.0.0.1:0\n    tls:\n      certificates:\n        - cert: {}\n          \
         key: {}\napis: [{{ name: a, path: /a, endpoints: [\"{NOWHERE}\"], plans: [keyless] }}]\n",
        path(&certificate),
        path(&key)
    );
    let file = folder.path().join("gateway.yaml");
    std::fs::write(&file, yaml).unwrap();
    let output = binary().args(["check", "-c"]).arg(&file).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("is not the key of the certificate in") && said.contains("gateway.yaml:6:"),
        "{said}"
    );
}
