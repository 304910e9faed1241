//! Callers with a certificate, and tokens that are bound to one.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::issuer::{AUDIENCE, Issuer};
use super::upstream;
use crate::support::PATIENCE;
use crate::support::certificates::Authority;
use crate::support::node::tls_client;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// Reads a certificate with the `openssl` command: the value behind the `=` it prints.
fn openssl(certificate: &Path, words: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-in"]).arg(certificate).args(words);
    let printed = String::from_utf8(command.output().expect("openssl is installed").stdout).expect("text");
    printed.trim().split_once('=').expect("a name and a value").1.to_owned()
}

/// A gateway that asks its clients for certificates of an authority, and clients that have some: `one`, `two` and `three`.
pub struct Partners {
    pub gateway: Tollgate,
    authority: Authority,
    /// The certificates and keys.
    pub clients: [(std::path::PathBuf, std::path::PathBuf); 3],
}

impl Partners {
    /// With these plans and keys of the API `a`, and the consumers that `consumers` makes of the certificates of the clients.
    pub fn start(
        plans: &str,
        keys: &str,
        upstream: &Upstream,
        consumers: impl Fn(&[&Path; 3]) -> String,
    ) -> Partners {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let authority = Authority::new(folder.path(), "ca");
        authority.certify("edge", "IP:127.0.0.1,DNS:localhost");
        let clients = [
            authority.certify("one", "DNS:one.example.com,URI:spiffe://example.com/one"),
            authority.certify("two", "DNS:Two.example.com"),
            authority.certify("three", "email:three@example.com,IP:192.0.2.3"),
        ];
        let consumers = consumers(&clients.each_ref().map(|(certificate, _)| certificate.as_path()));
        let url = upstream.url("/mcp");
        let yaml = format!(
            "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", http2: true, tls: {{ client_auth: {{ ca: ca.pem, mode: \
             optional }}, certificates: [{{ cert: edge-leaf.pem, key: edge-leaf.key }}] }} }}\nconsumers: \
             [{consumers}]\napis:\n  - {{ name: a, path: /a/mcp, endpoints: [\"{url}\"], plans: [{plans}]{keys} \
             }}\n"
        );
        std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
        Partners { gateway: Tollgate::start_in(folder, 1), authority, clients }
    }

    /// The status, and the reason if the gateway gives one, that a client gets; `None` shows no certificate.
    fn ask(&self, client: Option<usize>, protocol: &str, headers: &Value) -> (u64, String) {
        let answer = self.answer(client, protocol, headers);
        let body: Value =
            serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let slug = body["error"]["data"]["reason"].as_str().or(body["reason"].as_str());
        let reason = slug.unwrap_or_default().to_owned();
        assert_eq!(
            answer["headers"]["www-authenticate"].as_str().is_some(),
            answer["status"] == 401,
            "{answer}"
        );
        (answer["status"].as_u64().unwrap_or_default(), reason)
    }

    /// What the client gets, as `tls-client.mjs` has it.
    pub fn answer(&self, client: Option<usize>, protocol: &str, headers: &Value) -> Value {
        let mut script = json!({
            "port": self.gateway.address().port(), "ca": self.authority.ca, "protocols": [protocol],
            "requests": [{ "method": "POST", "path": "/a/mcp", "headers": headers, "body": "{}" }],
        });
        if let Some((certificate, key)) = client.map(|client| &self.clients[client]) {
            script["cert"] = json!(certificate);
            script["key"] = json!(key);
        }
        tls_client(&script)["responses"][0].take()
    }
}

/// What a token that is bound to a certificate has of it (RFC 8705 §3.1).
pub fn thumbprint(certificate: &Path) -> String {
    let pem = std::fs::read_to_string(certificate).expect("a certificate");
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    URL_SAFE_NO_PAD.encode(Sha256::digest(STANDARD.decode(base64).expect("base64")))
}

fn refused(reason: &str) -> (u64, String) {
    (403, reason.to_owned())
}

fn admitted() -> (u64, String) {
    (200, String::new())
}

#[test]
fn a_certificate_is_its_consumers_by_fingerprint_alternative_name_or_subject() {
    let upstream = upstream();
    let consumers = |[one, two, three]: &[&Path; 3]| {
        let fingerprint = openssl(one, &["-fingerprint", "-sha256"]);
        let subject = openssl(three, &["-subject", "-nameopt", "RFC2253"]);
        let _ = two;
        [
            format!("{{ name: one, plans: [a/mtls], certificates: [{{ sha256: \"{fingerprint}\" }}] }}"),
            "{ name: two, plans: [a/mtls], certificates: [{ san: \"dns:two.EXAMPLE.com\" }] }".to_owned(),
            format!("{{ name: three, plans: [a/mtls], certificates: [{{ subject: \"{subject}\" }}] }}"),
        ]
        .join(", ")
    };
    let mut partners = Partners::start("mtls", "", &upstream, consumers);
    for (client, name) in ["one", "two", "three"].iter().enumerate() {
        for protocol in ["http/1.1", "h2"] {
            assert_eq!(partners.ask(Some(client), protocol, &json!({})), admitted(), "{name} {protocol}");
            let line = partners.gateway.process.wait_for(0, "its access line", |line| {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["consumer"] == *name).then_some(line)
            });
            assert_eq!(line["plan"], "mtls");
        }
    }
    let before = upstream.seen().len();
    assert_eq!(partners.ask(None, "http/1.1", &json!({})), refused("certificate_missing"));
    assert_eq!(upstream.seen().len(), before, "nobody else reaches the upstream");
}

#[test]
fn every_kind_of_alternative_name_is_a_consumers_and_another_certificate_of_the_authority_is_nobodys() {
    let upstream = upstream();
    for (san, client) in
        [("uri:spiffe://example.com/one", 0), ("email:three@example.com", 2), ("ip:192.0.2.3", 2)]
    {
        let consumers =
            |_: &[&Path; 3]| format!("{{ name: c, plans: [a/mtls], certificates: [{{ san: \"{san}\" }}] }}");
        let partners = Partners::start("mtls", "", &upstream, consumers);
        assert_eq!(partners.ask(Some(client), "http/1.1", &json!({})), admitted(), "{san}");
        assert_eq!(partners.ask(Some(1), "http/1.1", &json!({})), refused("certificate_unknown"), "{san}");
    }
}

#[test]
fn a_bad_certificate_does_not_fall_through_to_the_plan_that_asks_for_none() {
    let upstream = upstream();
    let consumers = |_: &[&Path; 3]| {
        "{ name: c, plans: [a/mtls], certificates: [{ san: \"dns:one.example.com\" }] }".to_owned()
    };
    let partners = Partners::start("mtls, keyless", "", &upstream, consumers);
    assert_eq!(partners.ask(Some(0), "http/1.1", &json!({})), admitted());
    assert_eq!(partners.ask(Some(1), "http/1.1", &json!({})), refused("certificate_unknown"));
    assert_eq!(partners.ask(None, "http/1.1", &json!({})), admitted(), "by the plan `keyless`");
}

#[test]
fn a_certificate_that_expires_while_its_connection_is_open_is_refused_from_then_on() {
    let upstream = upstream();
    let consumers = |_: &[&Path; 3]| {
        "{ name: c, plans: [a/mtls], certificates: [{ san: \"dns:short.example.com\" }] }".to_owned()
    };
    let partners = Partners::start("mtls", "", &upstream, consumers);
    let (certificate, key) = partners.authority.certify_for(8, "short", "DNS:short.example.com");
    let mut client = Command::new("openssl");
    client.args(["s_client", "-quiet", "-connect", &partners.gateway.address().to_string()]);
    client.arg("-CAfile").arg(&partners.authority.ca).arg("-cert").arg(certificate).arg("-key").arg(key);
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = client.spawn().expect("openssl is installed");
    let mut sent = client.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(client.stdout.take().expect("a pipe")).lines();
    let deadline = Instant::now() + PATIENCE;
    let mut statuses = Vec::new();
    while statuses.last() != Some(&403) {
        assert!(Instant::now() < deadline, "it is good for ever: {statuses:?}");
        let host = partners.gateway.address();
        write!(sent, "GET /a/mcp HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("the connection is open");
        let status = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, status) = line.split_once("HTTP/1.1 ")?;
            status.get(..3)?.parse::<u16>().ok()
        });
        statuses.push(status.expect("an answer on the same connection"));
        std::thread::park_timeout(PATIENCE / 100);
    }
    assert_eq!(statuses.first(), Some(&200), "it was good before");
    // The last one closes the connection, so that there is no more to come.
    let host = partners.gateway.address();
    write!(sent, "GET /a/mcp HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it is open");
    let body = lines.map_while(Result::ok).find(|line| line.contains("reason"));
    assert!(body.is_some_and(|body| body.contains("certificate_expired")));
    let _ = client.kill();
    let _ = client.wait();
}

#[test]
fn a_token_that_is_bound_to_a_certificate_is_good_with_it_alone() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let plan = |further: &str| {
        let issuer = issuer.url();
        format!("{{ jwt: {{ issuers: [\"{issuer}\"], audiences: [\"{AUDIENCE}\"]{further} }} }}")
    };
    let protect = ", authorization: { mode: protect }";
    let partners = Partners::start(&plan(", certificate_bound: true"), protect, &upstream, |_| String::new());
    let bound = issuer.token(&json!({ "cnf": { "x5t#S256": thumbprint(&partners.clients[0].0) } }));
    let with = |token: &str| json!({ "authorization": format!("Bearer {token}") });
    for protocol in ["http/1.1", "h2"] {
        assert_eq!(partners.ask(Some(0), protocol, &with(&bound)), admitted());
    }
    let unbound = (401, "token_certificate".to_owned());
    assert_eq!(partners.ask(Some(1), "http/1.1", &with(&bound)), unbound, "another's certificate");
    assert_eq!(partners.ask(None, "http/1.1", &with(&bound)), unbound, "no certificate");
    assert_eq!(partners.ask(Some(0), "http/1.1", &with(&issuer.token(&json!({})))), unbound, "no binding");
    let plain = Partners::start(&plan(""), protect, &upstream, |_| String::new());
    let unchecked = (401, "token_bound".to_owned());
    assert_eq!(plain.ask(Some(0), "http/1.1", &with(&bound)), unchecked, "nobody has said to check it");
}

#[test]
fn an_opaque_token_that_is_bound_to_a_certificate_is_good_with_it_alone() {
    let shown = Arc::new(OnceLock::new());
    let said = shown.clone();
    let server = Upstream::start(move |_| {
        let body = json!({ "active": true, "aud": AUDIENCE, "cnf": { "x5t#S256": said.get() } });
        response("200 OK", &["Content-Type: application/json"], &body.to_string())
    });
    let (upstream, url) = (upstream(), server.url(""));
    let folder = tempfile::tempdir().expect("a temporary directory");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").expect("the file is written");
    let plan = format!(
        "{{ oauth2: {{ issuer: \"{url}\", introspection_endpoint: \"{url}/introspect\", audiences: \
         [\"{AUDIENCE}\"], client: {{ id: gate, secret: \"${{file:{}}}\" }}, certificate_bound: true }} }}",
        secret.display()
    );
    let protect = ", authorization: { mode: protect }";
    let partners = Partners::start(&plan, protect, &upstream, |_| String::new());
    shown.set(thumbprint(&partners.clients[0].0)).expect("set once");
    let token = json!({ "authorization": "Bearer opaque" });
    assert_eq!(partners.ask(Some(0), "http/1.1", &token), admitted());
    assert_eq!(partners.ask(Some(1), "http/1.1", &token), (401, "token_certificate".to_owned()));
}
