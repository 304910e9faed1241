//! What is made of the claims of a good token.

use std::time::Duration;

use serde_json::{Value, json};

use crate::token::Rejected;
use crate::token::claims::Confirmation;
use crate::token::testing::{ISSUER, NOW, Signer, claims, settings};
use crate::token::verify::{Bindings, ClaimPath, Settings, Skew, Token, Verified};

fn verify_as(settings: &Settings, change: impl FnOnce(&mut Value)) -> Result<Verified, Rejected> {
    let signer = Signer::ed25519("k");
    let mut claims = claims();
    change(&mut claims);
    let text = signer.token(&claims);
    Token::parse(&text).and_then(|token| token.verify(settings, &signer.set(), NOW))
}

fn verify(change: impl FnOnce(&mut Value)) -> Verified {
    verify_as(&settings(), change).expect("a good token")
}

fn set(name: &str, value: Value) -> impl FnOnce(&mut Value) {
    move |claims: &mut Value| claims[name] = value
}

#[test]
fn a_token_says_who_calls_for_whom_and_what_they_may() {
    let verified = verify(|_| ());
    assert_eq!((verified.issuer.as_str(), verified.expires), (ISSUER, NOW + 300));
    assert_eq!((verified.subject.as_deref(), verified.client_id.as_deref()), (Some("alice"), Some("c1")));
    assert_eq!(verified.scopes, ["tools:read", "tools:list"]);
    assert_eq!((verified.groups.len(), &verified.confirmation), (0, &None));
    assert_eq!(verified.claims["jti"], "1");
}

#[test]
fn the_client_is_the_client_id_or_else_the_authorized_party() {
    let both = verify(set("azp", "c2".into()));
    assert_eq!(both.client_id.as_deref(), Some("c1"));
    let only = verify(|claims| {
        claims["azp"] = "c2".into();
        claims.as_object_mut().expect("an object").remove("client_id");
    });
    assert_eq!(only.client_id.as_deref(), Some("c2"));
    for name in ["client_id", "azp", "sub"] {
        for strange in [json!(1), json!(null), json!(["c1"])] {
            let rejected = verify_as(&settings(), set(name, strange)).expect_err("no string");
            assert_eq!(rejected.reason().slug, "token_malformed");
        }
    }
}

#[test]
fn scopes_come_as_one_string_or_as_several() {
    let of = |name: &str, value: Value| {
        verify(|claims| {
            claims.as_object_mut().expect("an object").remove("scope");
            claims[name] = value;
        })
        .scopes
    };
    for name in ["scope", "scp"] {
        assert_eq!(of(name, json!("a b:c")), ["a", "b:c"]);
        assert_eq!(of(name, json!(" a  b ")), ["a", "b"]);
        assert_eq!(of(name, json!(["a", "b:c"])), ["a", "b:c"]);
        assert!(of(name, json!("")).is_empty() && of(name, json!([])).is_empty());
        let rejected = verify_as(&settings(), set(name, json!({ "a": 1 }))).map(|verified| verified.scopes);
        assert!(name == "scp" || rejected.is_err(), "{rejected:?}");
    }
    assert!(of("other", json!("a")).is_empty());
    assert_eq!(verify(set("scp", json!("more"))).scopes, ["tools:read", "tools:list"], "`scope` comes first");
}

#[test]
fn a_scope_is_had_exactly_or_not_at_all() {
    let verified = verify(set("scope", json!("tools:readwrite xtools:read TOOLS:READ tools")));
    assert!(!verified.has_scope("tools:read") && !verified.has_scope("tools:read tools"));
    assert!(!verified.has_scope("") && verified.has_scope("tools:readwrite"));
}

#[test]
fn groups_are_where_the_path_says() {
    let groups = |path: &str, change: fn(&mut Value)| {
        let settings = Settings { groups: ClaimPath::parse(path), ..settings() };
        verify_as(&settings, change).expect("a good token").groups
    };
    assert_eq!(groups("groups", |claims| claims["groups"] = json!(["a", "b"])), ["a", "b"]);
    assert_eq!(groups("groups", |claims| claims["groups"] = json!("a b")), ["a b"]);
    assert_eq!(
        groups("/realm/roles", |claims| claims["realm"] = json!({ "roles": ["r", 1, "s"] })),
        ["r", "s"]
    );
    let named = "https://claims.example/groups";
    assert_eq!(groups(named, |claims| claims["https://claims.example/groups"] = json!(["a"])), ["a"]);
    for strange in [json!(1), json!({}), json!(null)] {
        let settings = Settings { groups: ClaimPath::parse("groups"), ..settings() };
        let verified = verify_as(&settings, set("groups", strange)).expect("a good token");
        assert!(verified.groups.is_empty());
    }
    assert!(groups("/realm/roles", |_| ()).is_empty());
    assert_eq!(ClaimPath::parse(""), None);
}

#[test]
fn what_a_token_is_bound_to_is_handed_to_who_says_they_check_it() {
    let checking = |certificate, key, bound: Value| {
        let settings = Settings { bindings: Bindings { certificate, key }, ..settings() };
        verify_as(&settings, set("cnf", bound)).map(|verified| verified.confirmation)
    };
    let certificate = json!({ "x5t#S256": "c" });
    let key = json!({ "jkt": "k" });
    let both = json!({ "x5t#S256": "c", "jkt": "k" });
    let confirmation = |certificate: Option<&str>, key: Option<&str>| {
        Ok(Some(Confirmation { certificate: certificate.map(str::to_owned), key: key.map(str::to_owned) }))
    };
    assert_eq!(checking(true, false, certificate.clone()), confirmation(Some("c"), None));
    assert_eq!(checking(false, true, key.clone()), confirmation(None, Some("k")));
    assert_eq!(checking(true, true, both.clone()), confirmation(Some("c"), Some("k")));
    for (certificate, key, bound) in [
        (false, true, certificate),
        (true, false, key),
        (true, false, both.clone()),
        (false, true, both),
        (true, true, json!({ "jwk": {} })),
        (true, true, json!({ "jkt": 1 })),
        (true, true, json!({})),
    ] {
        assert_eq!(checking(certificate, key, bound), Err(Rejected::Bound));
    }
}

#[test]
fn clocks_may_differ_by_a_minute_at_most() {
    assert!(Skew::new(Duration::from_secs(60)).is_some());
    assert_eq!(Skew::new(Duration::from_secs(61)), None);
    assert_eq!(Skew::new(Duration::from_millis(60_001)), None);
    for (skew, expired_for, accepted) in [(0, 0, false), (0, 1, false), (60, 59, true), (60, 60, false)] {
        let settings = Settings { skew: Skew::new(Duration::from_secs(skew)).expect("a skew"), ..settings() };
        let verified = verify_as(&settings, set("exp", json!(NOW - expired_for)));
        assert_eq!(verified.is_ok(), accepted, "{skew} {expired_for}");
    }
}

#[test]
fn neither_a_token_nor_what_it_says_of_a_person_is_printed() {
    let signer = Signer::ed25519("k");
    let text = signer.token(&claims());
    let token = Token::parse(&text).expect("a token");
    let verified = token.verify(&settings(), &signer.set(), NOW).expect("a good token");
    assert_eq!(format!("{token:?}"), "Token { .. }");
    assert!(!format!("{verified:?}").contains("alice"));
}
