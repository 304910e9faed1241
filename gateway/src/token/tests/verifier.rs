//! Several issuers, and what is remembered of their tokens.

use std::sync::Arc;

use serde_json::json;

use crate::token::jwks::Jwks;
use crate::token::testing::{ISSUER, NOW, Signer, claims, settings};
use crate::token::{Rejected, Settings, Trusted, Verifier};

fn trusted(issuer: &str, signer: &Signer) -> Trusted {
    let settings = Settings { issuer: issuer.to_string(), ..settings() };
    Trusted { settings, keys: Jwks::fixed(issuer, signer.set()) }
}

fn token_of(issuer: &str, signer: &Signer) -> String {
    let mut claims = claims();
    claims["iss"] = issuer.into();
    signer.token(&claims)
}

#[tokio::test]
async fn a_token_is_verified_with_the_keys_of_its_own_issuer() {
    let (a, b) = (Signer::ed25519("k"), Signer::ed25519("k"));
    let verifier =
        Verifier::new(vec![trusted("https://a.example", &a), trusted("https://b.example", &b)], 100_000);
    for (issuer, signer, expected) in [
        ("https://a.example", &a, None),
        ("https://b.example", &b, None),
        ("https://a.example", &b, Some(Rejected::Signature)),
        ("https://c.example", &a, Some(Rejected::Issuer)),
    ] {
        let verified = verifier.verify(&token_of(issuer, signer), NOW).await;
        assert_eq!(verified.err(), expected, "{issuer}");
    }
}

#[tokio::test]
async fn a_token_is_verified_once_and_remembered_until_it_expires() {
    let signer = Signer::ed25519("k");
    let verifier = Verifier::new(vec![trusted(ISSUER, &signer)], 100_000);
    let token = signer.token(&claims());
    let first = verifier.verify(&token, NOW).await.expect("a good token");
    let second = verifier.verify(&token, NOW + 329).await.expect("a good token");
    assert!(Arc::ptr_eq(&first, &second), "the same one, and so not verified again");
    assert_eq!(verifier.verify(&token, NOW + 330).await.err(), Some(Rejected::Expired));
}

#[tokio::test]
async fn what_is_refused_is_not_remembered_as_good() {
    let signer = Signer::ed25519("k");
    let verifier = Verifier::new(vec![trusted(ISSUER, &signer)], 100_000);
    let token = signer.token(&json!({ "iss": ISSUER, "aud": "x", "exp": NOW + 300 }));
    for _ in 0..2 {
        assert_eq!(verifier.verify(&token, NOW).await.err(), Some(Rejected::Audience));
    }
}

#[tokio::test]
async fn an_unknown_key_of_an_issuer_with_fixed_keys_is_refused_at_once() {
    let (signer, other) = (Signer::ed25519("k"), Signer::ed25519("other"));
    let verifier = Verifier::new(vec![trusted(ISSUER, &signer)], 100_000);
    assert_eq!(verifier.verify(&other.token(&claims()), NOW).await.err(), Some(Rejected::KeyUnknown));
}
