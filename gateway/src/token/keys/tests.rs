use serde_json::{Value, json};
use tollgate_protocol::jwt::Algorithm;

use super::*;
use crate::token::testing::{Signer, encode};

fn parse(keys: &[Value]) -> Result<KeySet, BadSet> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

/// A good key, changed.
fn changed(algorithm: Algorithm, change: impl FnOnce(&mut Value)) -> Value {
    let mut key = Signer::new("changed", algorithm).jwk();
    change(&mut key);
    key
}

fn remove(name: &str) -> impl Fn(&mut Value) {
    move |key| drop(key.as_object_mut().expect("an object").remove(name))
}

fn set(name: &str, value: Value) -> impl Fn(&mut Value) {
    move |key| key[name] = value.clone()
}

fn rsa_of(bits: usize) -> String {
    let mut n = vec![0; bits.div_ceil(8)];
    n[0] = if bits.is_multiple_of(8) { 0x80 } else { 1 << (bits % 8 - 1) };
    // Odd, and nothing like a power of 65537 modulo 11.
    *n.last_mut().expect("bytes") |= 0x05;
    encode(n)
}

/// A power of 65537, of 2049 bits: what the residues of a guessable modulus are is what this one is.
fn guessable() -> String {
    let mut n = vec![1_u8];
    for _ in 0..128 {
        let mut carry = 0;
        let shifted = [&n[..], &[0, 0]].concat();
        let added = [&[0, 0], &n[..]].concat();
        n = shifted.iter().zip(&added).rev().fold(Vec::new(), |mut sum, (one, other)| {
            carry += u32::from(*one) + u32::from(*other);
            sum.insert(0, carry as u8);
            carry >>= 8;
            sum
        });
    }
    encode(n)
}

#[test]
fn a_key_is_used_if_it_is_for_verifying_signatures() {
    let use_of = |algorithm, change: &dyn Fn(&mut Value)| parse(&[changed(algorithm, change)]).is_ok();
    for algorithm in Algorithm::ALL {
        assert!(use_of(algorithm, &|_| ()));
        for name in ["use", "alg", "kid"] {
            assert!(use_of(algorithm, &remove(name)), "{name}");
        }
        for operations in [json!(["verify"]), json!(["sign", "verify"])] {
            assert!(use_of(algorithm, &set("key_ops", operations)));
        }
    }
    assert!(use_of(Algorithm::EdDsa, &set("alg", "Ed25519".into())));
    assert!(use_of(Algorithm::Rs256, &set("e", "AAEAAQ".into())), "a leading zero");
    assert!(use_of(Algorithm::Rs256, &set("n", rsa_of(2048).into())));
    assert!(use_of(Algorithm::Rs256, &set("n", rsa_of(8192).into())));
}

#[test]
fn a_key_of_no_use_is_left_out_with_its_reason() {
    use Algorithm::{EdDsa, Es256, Es384, Rs256};
    let rows: Vec<(Value, Unfit)> = vec![
        (changed(Rs256, set("use", "enc".into())), Unfit::Use),
        (changed(Rs256, set("key_ops", json!(["encrypt"]))), Unfit::Use),
        (changed(Rs256, set("key_ops", json!([]))), Unfit::Use),
        (changed(Rs256, set("key_ops", json!("verify"))), Unfit::Malformed),
        (changed(Rs256, set("alg", "RSA-OAEP".into())), Unfit::Algorithm),
        (changed(Rs256, set("alg", "ES256".into())), Unfit::Algorithm),
        (changed(Rs256, set("alg", "HS256".into())), Unfit::Algorithm),
        (changed(Rs256, set("alg", "none".into())), Unfit::Algorithm),
        (changed(Es256, set("alg", "ES384".into())), Unfit::Algorithm),
        (changed(Es384, set("alg", "ES256".into())), Unfit::Algorithm),
        (changed(EdDsa, set("alg", "ES256".into())), Unfit::Algorithm),
        (changed(Rs256, set("kty", "rsa".into())), Unfit::Type),
        (changed(Rs256, remove("kty")), Unfit::Type),
        (changed(Rs256, set("kty", 1.into())), Unfit::Malformed),
        (changed(Es256, set("kty", "RSA".into())), Unfit::Type),
        (changed(Es256, set("crv", "P-521".into())), Unfit::Type),
        (changed(Es256, set("crv", "secp256k1".into())), Unfit::Type),
        (changed(Es256, remove("crv")), Unfit::Type),
        (changed(EdDsa, set("crv", "Ed448".into())), Unfit::Type),
        (changed(EdDsa, set("crv", "X25519".into())), Unfit::Type),
        (changed(EdDsa, set("kty", "EC".into())), Unfit::Type),
        (changed(Es256, set("crv", "P-384".into())), Unfit::Malformed),
        (changed(Es384, set("crv", "P-256".into())), Unfit::Malformed),
        (changed(Es256, remove("y")), Unfit::Malformed),
        (changed(Es256, set("x", "AA".into())), Unfit::Malformed),
        (changed(EdDsa, set("x", encode([0; 33]).into())), Unfit::Malformed),
        (changed(EdDsa, set("x", format!("{}=", encode([0; 32])).into())), Unfit::Malformed),
        (changed(Rs256, remove("n")), Unfit::Malformed),
        (changed(Rs256, remove("e")), Unfit::Malformed),
        (changed(Rs256, set("n", "".into())), Unfit::Malformed),
        (changed(Rs256, set("n", encode([0; 256]).into())), Unfit::Malformed),
        (changed(Rs256, set("n", 5.into())), Unfit::Malformed),
        (changed(Rs256, set("kid", 5.into())), Unfit::Malformed),
        (changed(Rs256, set("n", rsa_of(2047).into())), Unfit::Size),
        (changed(Rs256, set("n", rsa_of(1024).into())), Unfit::Size),
        (changed(Rs256, set("n", rsa_of(8193).into())), Unfit::Size),
        (changed(Rs256, set("n", guessable().into())), Unfit::Guessable),
        (changed(Rs256, set("e", "AQ".into())), Unfit::Size),
        (changed(Rs256, set("e", "Ag".into())), Unfit::Size),
        (changed(Rs256, set("e", encode([1, 0, 0, 0, 1]).into())), Unfit::Size),
    ];
    for (key, unfit) in rows {
        let set = parse(&[key.clone(), Signer::ed25519("good").jwk()]).expect("one key is good");
        assert_eq!(set.left_out.iter().map(|(_, unfit)| *unfit).collect::<Vec<_>>(), [unfit], "{key}");
        assert_eq!(set.keys.len(), 1);
        assert_eq!(parse(&[key]).expect_err("none is good"), BadSet::NoUsableKey);
    }
}

#[test]
fn what_no_publisher_of_public_keys_sends_discredits_the_set() {
    let good = Signer::ed25519("good").jwk();
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let private = changed(Algorithm::Rs256, set(member, "AQAB".into()));
        assert_eq!(parse(&[good.clone(), private]).unwrap_err(), BadSet::Private("changed".to_string()));
    }
    // Even of a key that would be left out.
    let private = changed(Algorithm::Rs256, |key| (key["d"], key["use"]) = ("AQAB".into(), "enc".into()));
    assert!(matches!(parse(&[good.clone(), private]), Err(BadSet::Private(_))));
    for secret in [json!({ "kty": "oct", "k": "AAAA", "kid": "s" }), json!({ "kty": "oct", "kid": "s" })] {
        assert_eq!(parse(&[good.clone(), secret]).unwrap_err(), BadSet::Secret("s".to_string()));
    }
    let twice = [Signer::ed25519("good").jwk(), good.clone()];
    assert_eq!(parse(&twice).unwrap_err(), BadSet::DuplicateId("good".to_string()));
    let unnamed = changed(Algorithm::Es256, remove("kid"));
    assert!(parse(&[unnamed.clone(), changed(Algorithm::Es384, remove("kid")), good]).is_ok());
}

#[test]
fn a_document_that_is_no_set_is_refused() {
    let good = Signer::ed25519("k").jwk();
    for text in [
        String::new(),
        "<html>".to_string(),
        "[]".to_string(),
        "{}".to_string(),
        r#"{"keys":{}}"#.to_string(),
        r#"{"keys":null}"#.to_string(),
        r#"{"keys":["x"]}"#.to_string(),
        format!(r#"{{"keys":[{good}],"keys":[{good}]}}"#),
        format!(r#"{{"keys":[{}]}}"#, good.to_string().replacen('{', r#"{"kty":"oct","#, 1)),
        format!(r#"{{"keys":[{good}]}} x"#),
        format!("\u{feff}{{\"keys\":[{good}]}}"),
        good.to_string(),
    ] {
        assert!(matches!(KeySet::parse(text.as_bytes()), Err(BadSet::Malformed(_))), "{text}");
    }
    assert!(matches!(KeySet::parse(b"{\"keys\":[\"\xff\"]}"), Err(BadSet::Malformed(_))));
    assert_eq!(KeySet::parse(br#"{"keys":[]}"#).unwrap_err(), BadSet::NoUsableKey);
}

#[test]
fn sets_are_bounded() {
    let key = |number: usize| {
        let mut key = Signer::ed25519("").jwk();
        key["kid"] = number.to_string().into();
        key
    };
    let keys: Vec<Value> = (0..=KEYS_MAX).map(key).collect();
    assert!(parse(&keys[1..]).is_ok());
    assert_eq!(parse(&keys).unwrap_err(), BadSet::TooMany);
    let padded = |length: usize| {
        let mut text = json!({ "keys": [key(0)] }).to_string();
        text.push_str(&" ".repeat(length - text.len()));
        KeySet::parse(text.as_bytes())
    };
    assert!(padded(BYTES_MAX).is_ok());
    assert_eq!(padded(BYTES_MAX + 1).unwrap_err(), BadSet::TooLarge);
}

#[test]
fn what_is_said_of_a_key_in_logs_is_one_short_line() {
    let private = changed(Algorithm::Rs256, |key| {
        key["d"] = "sensitive".into();
        key["kid"] = format!("a\n{}", "b".repeat(500)).into();
    });
    let said = parse(&[private]).unwrap_err().to_string();
    assert!(!said.contains('\n') && said.len() < 200 && !said.contains("sensitive"), "{said}");
}
