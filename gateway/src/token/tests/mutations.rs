//! Whatever is changed of a good token, nothing else comes out than a refusal.

use std::sync::OnceLock;

use proptest::prelude::*;
use tollgate_protocol::jwt::Algorithm;

use crate::token::keys::KeySet;
use crate::token::testing::{NOW, Signer, claims, set_of, settings};
use crate::token::verify::Token;

/// A token for each type of key, and the keys.
fn issued() -> &'static (Vec<String>, KeySet) {
    static ISSUED: OnceLock<(Vec<String>, KeySet)> = OnceLock::new();
    ISSUED.get_or_init(|| {
        let algorithms = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];
        let signers = algorithms.map(|algorithm| Signer::new(algorithm.name(), algorithm));
        let tokens = signers.iter().map(|signer| signer.token(&claims())).collect();
        (tokens, set_of(&signers.each_ref().map(Signer::jwk)))
    })
}

fn is_accepted(token: &str) -> bool {
    let (_, keys) = issued();
    Token::parse(token).and_then(|token| token.verify(&settings(), keys, NOW)).is_ok()
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= \n\0";

#[derive(Clone, Debug)]
enum Change {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Swap(usize, usize),
    Cut(usize),
    Double(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || (0..ALPHABET.len()).prop_map(|at| ALPHABET[at]);
    prop_oneof![
        (any::<usize>(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<usize>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<usize>().prop_map(Change::Remove),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Change::Swap(one, other)),
        any::<usize>().prop_map(Change::Cut),
        (any::<usize>(), 1..40usize).prop_map(|(at, length)| Change::Double(at, length)),
    ]
}

fn apply(token: &mut Vec<u8>, change: &Change) {
    let length = token.len().max(1);
    match *change {
        _ if token.is_empty() => {}
        Change::Replace(at, byte) => token[at % length] = byte,
        Change::Insert(at, byte) => token.insert(at % length, byte),
        Change::Remove(at) => drop(token.remove(at % length)),
        Change::Swap(one, other) => token.swap(one % length, other % length),
        Change::Cut(at) => token.truncate(at % length),
        Change::Double(at, more) => {
            let start = at % length;
            let part = token[start..(start + more).min(length)].to_vec();
            token.splice(start..start, part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_token_that_was_changed_is_never_accepted(
        which in 0..4usize,
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let (tokens, _) = issued();
        let mut changed = tokens[which].clone().into_bytes();
        changes.iter().for_each(|change| apply(&mut changed, change));
        let changed = String::from_utf8(changed).expect("ASCII");
        prop_assert_eq!(is_accepted(&changed), tokens.contains(&changed), "{}", changed);
    }

    #[test]
    fn parts_of_different_tokens_never_make_one(parts in [0..4usize, 0..4, 0..4]) {
        let (tokens, _) = issued();
        let part = |which: usize| tokens[parts[which]].split('.').nth(which).expect("three parts");
        let mixed = [part(0), part(1), part(2)].join(".");
        prop_assert_eq!(is_accepted(&mixed), tokens.contains(&mixed));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(!is_accepted(&text));
    }
}

#[test]
fn every_character_of_a_token_counts() {
    let (tokens, _) = issued();
    for token in tokens {
        assert!(is_accepted(token));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(!is_accepted(std::str::from_utf8(&changed).expect("ASCII")), "character {at}");
        }
    }
}
