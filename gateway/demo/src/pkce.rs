//! Proof Key for Code Exchange, method S256 (RFC 7636 §4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The `code_challenge` of a verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether `verifier` is well formed (§4.1) and the one behind `code_challenge`.
pub fn verifies(verifier: &str, code_challenge: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && challenge(verifier) == code_challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_standard_s_own_example_verifies() {
        assert_eq!(challenge(VERIFIER), CHALLENGE);
        assert!(verifies(VERIFIER, CHALLENGE));
    }

    #[test]
    fn another_verifier_does_not_verify() {
        assert!(!verifies(&crate::random::unguessable(), CHALLENGE));
    }

    #[test]
    fn the_plain_method_does_not_verify() {
        assert!(!verifies(CHALLENGE, CHALLENGE));
    }

    #[test]
    fn a_verifier_outside_the_grammar_does_not_verify_even_if_it_hashes_right() {
        let spaced = format!("{VERIFIER} ");
        for verifier in ["short", &"a".repeat(129), &spaced] {
            assert!(!verifies(verifier, &challenge(verifier)), "{verifier:?}");
        }
    }
}
