//! Access tokens that are JWTs (RFC 9068): who is their issuer's, and for whom.
//!
//! 1. [`verify`]: one token against what is accepted of its issuer and that issuer's keys; pure.
//! 2. [`claims`]: what the claims say; [`rejected`]: why a token is not accepted.
//! 3. [`keys`]: the keys of an issuer, read with a policy; [`jwks`] fetches them and keeps them fresh.
//! 4. [`cache`]: tokens that were verified before.
//!
//! A token is never printed, and no error holds a part of one. `docs/decisions/0011-token-verification.md` says why
//! signatures are verified the way they are.

pub mod cache;
pub mod claims;
pub mod jwks;
pub mod keys;
pub mod rejected;
pub mod verify;

use std::sync::Arc;

use self::cache::{Digest, TokenCache};
use self::jwks::{Jwks, Newer};
pub use self::rejected::Rejected;
pub use self::verify::{Settings, Token, Verified};

/// An issuer whose tokens are accepted.
pub struct Trusted {
    pub settings: Settings,
    pub keys: Arc<Jwks>,
}

/// Verifies the tokens of the issuers of one plan.
pub struct Verifier {
    /// No two of one issuer.
    trusted: Vec<Trusted>,
    cache: TokenCache,
}

impl Verifier {
    /// At most about `cache_bytes` are spent on remembering tokens. What is remembered goes with the verifier, so that
    /// other settings, which are another verifier, find nothing.
    pub fn new(trusted: Vec<Trusted>, cache_bytes: u64) -> Verifier {
        Verifier { trusted, cache: TokenCache::new(cache_bytes) }
    }

    /// Who calls, at the Unix time `now` in seconds.
    ///
    /// Waits only where keys are missing: while there have never been any, and for a key that is not known yet, within
    /// the bounds of [`Jwks`].
    ///
    /// # Errors
    /// When the token is not one to be accepted, or that cannot be told.
    pub async fn verify(&self, token: &str, now: u64) -> Result<Arc<Verified>, Rejected> {
        let digest = cache::digest(token);
        if let Some(verified) = self.remembered(&digest, now) {
            return Ok(verified);
        }
        let token = Token::parse(token)?;
        let issuer = self.trusted.iter().position(|trusted| trusted.settings.issuer == token.issuer());
        let issuer = issuer.ok_or(Rejected::Issuer)?;
        let Trusted { settings, keys: jwks } = &self.trusted[issuer];
        token.check_header(settings)?;
        let mut keys = jwks.keys().await.ok_or(Rejected::KeysUnavailable)?;
        let mut verified = token.verify(settings, &keys, now);
        if verified.as_ref().is_err_and(|rejected| *rejected == Rejected::KeyUnknown) {
            keys = match jwks.newer_than(&keys).await {
                Newer::Keys(newer) => newer,
                Newer::Same => return Err(Rejected::KeyUnknown),
                Newer::Unavailable => return Err(Rejected::KeysUnavailable),
            };
            verified = token.verify(settings, &keys, now);
        }
        let verified = Arc::new(verified?);
        self.cache.remember(digest, issuer, &verified, keys);
        Ok(verified)
    }

    /// A token that was verified before, with the keys its issuer has now.
    fn remembered(&self, digest: &Digest, now: u64) -> Option<Arc<Verified>> {
        let entry = self.cache.get(digest)?;
        let Trusted { settings, keys } = self.trusted.get(entry.issuer)?;
        let current = keys.are_current(&entry.keys) && !entry.verified.is_over(settings.skew, now);
        if !current {
            self.cache.forget(digest);
        }
        current.then(|| entry.verified.clone())
    }
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
