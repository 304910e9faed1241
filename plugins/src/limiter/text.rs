//! Keys as text, for a store that several processes share.

use sha2::{Digest, Sha256};

/// The most bytes a part has that stands for itself.
const PART_BYTES_MAX: usize = 64;

/// What [`Key::of`](super::Key::of) makes a key of, as text: `consumer=acme,tool=search`. Different parts have different
/// texts.
///
/// Only ASCII letters and digits and `-._%=,*` occur. A part has at most 65 bytes: a longer one is `*` and its SHA-256.
pub fn key_text(parts: &[(&str, &str)]) -> String {
    let pairs = parts.iter().map(|(name, value)| format!("{}={}", part_text(name), part_text(value)));
    pairs.collect::<Vec<_>>().join(",")
}

fn part_text(part: &str) -> String {
    let mut text = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        if text.len() > PART_BYTES_MAX {
            return format!("*{:x}", Sha256::digest(part));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Key;
    use super::*;

    #[test]
    fn parts_are_not_run_together() {
        let all: [&[(&str, &str)]; 7] = [
            &[],
            &[("", "")],
            &[("a", "bc")],
            &[("ab", "c")],
            &[("a", "b"), ("c", "d")],
            &[("a", "b=c,d")],
            &[("c", "d"), ("a", "b")],
        ];
        for (i, one) in all.iter().enumerate() {
            for (j, other) in all.iter().enumerate() {
                assert_eq!(
                    Key::of(one.iter().copied()) == Key::of(other.iter().copied()),
                    i == j,
                    "{one:?} {other:?}"
                );
                assert_eq!(key_text(one) == key_text(other), i == j, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_text_is_plain_and_a_long_part_is_its_digest() {
        assert_eq!(key_text(&[("consumer", "acme"), ("tool", "x y,ü")]), "consumer=acme,tool=x%20y%2C%C3%BC");
        let (longest, longer) = ("a".repeat(64), "a".repeat(65));
        assert_eq!(key_text(&[("", &longest)]), format!("={longest}"));
        let digest = "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0";
        assert_eq!(key_text(&[("", &longer)]), format!("=*{digest}"));
        // Nobody can call himself what another's digest is.
        assert_ne!(key_text(&[("", &format!("*{digest}"))]), key_text(&[("", &longer)]));
    }

    fn parts() -> impl Strategy<Value = Vec<(String, String)>> {
        // Few characters, so that equal and nearly equal ones are tried.
        prop::collection::vec(("[a=,%*]{0,3}", "[a=,%*2]{0,3}|a{60,70}"), 0..3)
    }

    fn borrowed(parts: &[(String, String)]) -> Vec<(&str, &str)> {
        parts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    proptest! {
        #[test]
        fn different_parts_have_different_keys_and_texts(one in parts(), other in parts()) {
            let (a, b) = (borrowed(&one), borrowed(&other));
            prop_assert_eq!(key_text(&a) == key_text(&b), one == other);
            prop_assert_eq!(Key::of(a) == Key::of(b), one == other);
        }
    }
}
