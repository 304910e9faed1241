//! Certificates of clients.

use serde_json::{Value, json};

use super::{CERTIFICATES, NOWHERE, Secure, path};
use crate::support::certificates::Authority;

/// A gateway that accepts certificates of the authority `partners`, with this `mode`, and two such clients, of
/// which the second is revoked; and one of another authority.
struct Partners {
    secure: Secure,
    clients: Vec<Value>,
}

fn partners(mode: &str, crl: bool) -> Partners {
    let crl_key = if crl { ", crl: partners/revoked.crl" } else { "" };
    let tls = format!("{CERTIFICATES}, client_auth: {{ ca: partners/partners.pem, mode: {mode}{crl_key} }}");
    let mut clients = Vec::new();
    let secure = Secure::prepared(&tls, "", NOWHERE, |edge| {
        let folder = edge.ca.parent().expect("a folder").join("partners");
        std::fs::create_dir(&folder).expect("a new folder");
        let authority = Authority::new(&folder, "partners");
        let good = authority.certify("good", "DNS:good.example.com");
        let revoked = authority.certify("revoked", "DNS:revoked.example.com");
        authority.revoke(&revoked.0);
        let foreign = edge.certify("foreign", "DNS:foreign.example.com");
        for (certificate, key) in [good, revoked, foreign] {
            clients.push(json!({
                "cert": path(&certificate),
                "key": path(&key),
                "protocols": ["http/1.1"],
                "requests": [{ "path": "/nothing" }],
            }));
        }
    });
    Partners { secure, clients }
}

/// Whether a client got as far as an answer.
fn is_admitted(secure: &Secure, client: &Value) -> bool {
    secure.connect(client.clone())["responses"][0]["status"] == 404
}

fn nobody() -> Value {
    json!({ "protocols": ["http/1.1"], "requests": [{ "path": "/nothing" }] })
}

#[test]
fn where_a_client_certificate_is_required_only_the_authoritys_clients_connect() {
    let Partners { secure, clients } = partners("required", false);
    assert!(is_admitted(&secure, &clients[0]));
    assert!(is_admitted(&secure, &clients[1]), "revocation is not checked without a list");
    assert!(!is_admitted(&secure, &clients[2]));
    assert!(!is_admitted(&secure, &nobody()));
}

#[test]
fn where_it_is_optional_a_client_without_one_connects_and_one_with_anothers_does_not() {
    let Partners { secure, clients } = partners("optional", false);
    assert!(is_admitted(&secure, &clients[0]));
    assert!(is_admitted(&secure, &nobody()));
    assert!(!is_admitted(&secure, &clients[2]));
}

#[test]
fn a_revoked_client_certificate_is_refused() {
    let Partners { secure, clients } = partners("required", true);
    assert!(is_admitted(&secure, &clients[0]));
    assert!(!is_admitted(&secure, &clients[1]));
}
