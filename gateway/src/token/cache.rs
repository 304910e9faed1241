//! Tokens that were verified before, by their SHA-256: the token itself is not kept.

use std::sync::Arc;

use foldhash::fast::RandomState;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::keys::KeySet;
use super::verify::Verified;

/// What stands for a token.
pub type Digest = [u8; 32];

/// What an entry takes besides its claims, in bytes.
const ENTRY: usize = 512;
/// How much larger claims are as values than as text, at most about.
const VALUES: usize = 8;

/// What is remembered of a token.
#[derive(Clone)]
pub struct Entry {
    /// The place of its issuer among those of the verifier.
    pub issuer: usize,
    pub verified: Arc<Verified>,
    /// What it was verified with: with other keys it has to be verified again.
    pub keys: Arc<KeySet>,
    weight: u32,
}

/// The tokens of one verifier. Whether one is still good is for the verifier to say.
pub struct TokenCache {
    by_digest: Cache<Digest, Entry, RandomState>,
}

pub fn digest(token: &str) -> Digest {
    Sha256::digest(token).into()
}

impl TokenCache {
    pub fn new(bytes_max: u64) -> TokenCache {
        // By default a full cache would rather turn away a newcomer.
        let by_digest = Cache::builder()
            .max_capacity(bytes_max)
            .weigher(|_, entry: &Entry| entry.weight)
            .eviction_policy(EvictionPolicy::lru())
            .build_with_hasher(RandomState::default());
        TokenCache { by_digest }
    }

    pub fn get(&self, digest: &Digest) -> Option<Entry> {
        self.by_digest.get(digest)
    }

    pub fn remember(&self, digest: Digest, issuer: usize, verified: &Arc<Verified>, keys: Arc<KeySet>) {
        let weight = ENTRY + VALUES * verified.claims.to_string().len();
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        self.by_digest.insert(digest, Entry { issuer, verified: verified.clone(), keys, weight });
    }

    pub fn forget(&self, digest: &Digest) {
        self.by_digest.invalidate(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::testing::{NOW, Signer, claims, settings};
    use crate::token::verify::Token;

    #[test]
    fn only_so_many_bytes_of_tokens_are_remembered() {
        let signer = Signer::ed25519("k");
        let text = signer.token(&claims());
        let keys = Arc::new(signer.set());
        let verified = Token::parse(&text).and_then(|token| token.verify(&settings(), &keys, NOW));
        let verified = Arc::new(verified.expect("a good token"));
        let cache = TokenCache::new(100_000);
        for number in 0..1_000 {
            cache.remember(digest(&number.to_string()), 0, &verified, keys.clone());
        }
        cache.by_digest.run_pending_tasks();
        assert!(cache.by_digest.weighted_size() <= 100_000);
        assert!((10..200).contains(&cache.by_digest.entry_count()));
        assert!(cache.get(&digest("999")).is_some());
    }
}
