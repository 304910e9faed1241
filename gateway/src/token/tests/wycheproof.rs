//! The JSON Web Signature and Key vectors of Project Wycheproof, all that have a public key of a kind verified here.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use tollgate_protocol::jwt::Jwt;

use crate::token::keys::{KeySet, Selected};

/// The vectors of a file; none, and said so, where they are not beside the repository.
fn groups(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
        // Written past the test harness, which shows what a test prints only when it fails.
        let mut out = std::io::stderr();
        writeln!(out, "SKIPPED: {name} is not in {}", folder.display()).expect("stderr is open");
        return Vec::new();
    };
    let document: Value = serde_json::from_str(&text).expect("JSON");
    document["testGroups"].as_array().expect("groups").clone()
}

/// Whether these keys verify this signature: a JWS alone, since the payloads are no claims.
fn is_accepted(jws: &str, keys: &Value) -> bool {
    let (Ok(jwt), Ok(set)) = (Jwt::parse(jws), KeySet::parse(keys.to_string().as_bytes())) else {
        return false;
    };
    match set.select(&jwt) {
        Selected::Key(key) => key.verifies(jwt.algorithm, jwt.signed.as_bytes(), &jwt.signature),
        Selected::Unknown | Selected::Unfit => false,
    }
}

/// P-521 is on no list of this gateway's, so those of its vectors that are valid are refused as well.
fn is_of_another_curve(key: &Value) -> bool {
    key["crv"] == "P-521"
}

/// Signatures with PS384 by a key for PS256, which these vectors call valid, and 338 and 340 their like invalid.
const WITH_A_KEY_FOR_ANOTHER_ALGORITHM: [u64; 2] = [346, 350];

/// Checks a file and returns how many vectors were accepted, and how many refused.
fn check(name: &str) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for group in groups(name) {
        // Where there is none it is about shared secrets, or encryption.
        let Some(public) = group.get("public") else { continue };
        let keys = if public.get("keys").is_some() { public.clone() } else { json!({ "keys": [public] }) };
        for vector in group["tests"].as_array().expect("tests") {
            let jws = vector["jws"].as_str().map_or_else(|| vector["jws"].to_string(), str::to_owned);
            let expected = vector["result"] == "valid" && !is_of_another_curve(public);
            let id = vector["tcId"].as_u64().expect("a number");
            if name.contains("signature") && WITH_A_KEY_FOR_ANOTHER_ALGORITHM.contains(&id) {
                assert!(!is_accepted(&jws, &keys));
                let mut keys = keys.clone();
                keys["keys"][0]["alg"] = "PS384".into();
                assert!(is_accepted(&jws, &keys));
                continue;
            }
            let found = is_accepted(&jws, &keys);
            accepted += usize::from(found);
            refused += usize::from(!found);
            if found != expected {
                wrong.push(format!("{}: {}", vector["tcId"], vector["comment"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    (accepted, refused)
}

#[test]
fn wycheproof_signatures() {
    let found = check("wycheproof_json_web_signature_test.json");
    assert!(found == (0, 0) || found.0 >= 25 && found.1 >= 300, "{found:?}");
}

#[test]
fn wycheproof_keys() {
    let found = check("wycheproof_json_web_key_test.json");
    assert!(found == (0, 0) || found.0 >= 1 && found.1 >= 10, "{found:?}");
}

#[test]
fn wycheproof_all_of_json_web_crypto() {
    let found = check("wycheproof_json_web_crypto_test.json");
    assert!(found == (0, 0) || found.0 >= 2 && found.1 >= 25, "{found:?}");
}

/// What a shared secret would be needed for is refused, whatever it is.
#[test]
fn wycheproof_vectors_without_a_public_key_are_refused() {
    for name in ["wycheproof_json_web_signature_test.json", "wycheproof_json_web_key_test.json"] {
        for group in groups(name).iter().filter(|group| group.get("public").is_none()) {
            for vector in group["tests"].as_array().expect("tests") {
                let private = &group["private"];
                let keys = if private.get("keys").is_some() {
                    private.clone()
                } else {
                    json!({ "keys": [private] })
                };
                assert!(
                    !is_accepted(vector["jws"].as_str().unwrap_or_default(), &keys),
                    "{}",
                    vector["tcId"]
                );
                assert!(KeySet::parse(keys.to_string().as_bytes()).is_err(), "{}", vector["tcId"]);
            }
        }
    }
}
