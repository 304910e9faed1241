//! Plans for callers with an access token of an issuer the operator trusts (RFC 9068), and what such an API tells clients
//! that have none: the challenge (RFC 6750 §3, RFC 9728 §5.1) and the metadata it leads to (RFC 9728 §2).

use std::fmt;
use std::sync::{Arc, Weak};

use http::HeaderMap;
use http::header;
use serde_json::json;

use crate::config::{Issuer, JwtPlan};
use crate::endpoint::resolve::Dns;
use crate::fetch::{Fetcher, Trust};
use crate::gateway::Identifier;
use crate::reason::{self, Reason};
use crate::respond::Refusal;
use crate::token::jwks::{Bounds, Jwks};
use crate::token::verify::Kinds;
use crate::token::{Rejected, Settings, Trusted, Verifier};

/// About how much is spent on remembering the tokens of one plan.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// The tokens that open one plan.
pub struct Tokens {
    settings: JwtPlan,
    dns: Dns,
    verifier: Verifier,
    keys: Vec<Arc<Jwks>>,
}

impl Tokens {
    /// # Errors
    /// When there is no way to ask an issuer, which the configuration rules out.
    pub fn new(settings: &JwtPlan, dns: &Dns) -> Result<Tokens, String> {
        let fetcher = Arc::new(Fetcher::default());
        let mut trusted = Vec::new();
        for issuer in &settings.issuers {
            let trust = Trust { private: issuer.private, ca: issuer.ca.clone(), dns: dns.clone() };
            let (fetcher, bounds) = (fetcher.clone(), Bounds::default());
            let keys = match &issuer.jwks_uri {
                Some(url) => Jwks::pinned(&issuer.name, url.clone(), trust, bounds, fetcher),
                None => Jwks::discovered(&issuer.name, issuer.url.clone(), trust, bounds, fetcher),
            };
            let keys = keys.map_err(|why| format!("the keys of {}: {why:?}", issuer.url))?;
            trusted.push(Trusted { settings: accepted(issuer, &settings.audiences), keys });
        }
        let keys = trusted.iter().map(|trusted| trusted.keys.clone()).collect();
        let verifier = Verifier::new(trusted, CACHE_BYTES);
        Ok(Tokens { settings: settings.clone(), dns: dns.clone(), verifier, keys })
    }

    pub fn are_for(&self, settings: &JwtPlan, dns: &Dns) -> bool {
        self.settings == *settings && self.dns == *dns
    }

    /// The keys to keep fresh.
    pub fn keys(&self) -> impl Iterator<Item = Weak<Jwks>> {
        self.keys.iter().map(Arc::downgrade)
    }

    /// Judges the token of a request; `None` when it has none. `now` in seconds since 1970.
    pub async fn find(
        &self,
        headers: &HeaderMap,
        identifier: &Identifier,
        now: u64,
    ) -> Option<Result<(), Refusal>> {
        let token = bearer(headers)?;
        Some(match self.verifier.verify(token, now).await {
            Ok(verified) if self.settings.scopes.iter().all(|scope| verified.has_scope(scope)) => Ok(()),
            Ok(_) => {
                Err(self.challenged(&reason::INSUFFICIENT_SCOPE, identifier, Some("insufficient_scope")))
            }
            Err(Rejected::KeysUnavailable) => Err(Refusal::new(&reason::KEYS_UNAVAILABLE)),
            Err(rejected) => {
                let refusal = self.challenged(rejected.reason(), identifier, Some("invalid_token"));
                Err(match rejected {
                    Rejected::Malformed(why) => Refusal { detail: why.into(), ..refusal },
                    _ => refusal,
                })
            }
        })
    }

    /// What a request without a token is told.
    pub fn missing(&self, identifier: &Identifier) -> Refusal {
        self.challenged(&reason::TOKEN_MISSING, identifier, None)
    }

    /// A request without any token gets no error code (RFC 6750 §3.1). None of the parameters needs an escape: the URL is
    /// one, and a scope has neither quotes nor backslashes.
    fn challenged(
        &self,
        reason: &'static Reason,
        identifier: &Identifier,
        error: Option<&'static str>,
    ) -> Refusal {
        let mut challenge = String::from("Bearer ");
        if let Some(error) = error {
            challenge += &format!("error=\"{error}\", ");
        }
        challenge += &format!("resource_metadata=\"{}\"", identifier.metadata_url());
        if !self.settings.scopes.is_empty() {
            challenge += &format!(", scope=\"{}\"", self.settings.scopes.join(" "));
        }
        Refusal { challenge: Some(challenge), ..Refusal::new(reason) }
    }

    /// The metadata of a resource that these tokens open.
    pub fn metadata(&self, identifier: &Identifier) -> Vec<u8> {
        let issuers: Vec<&str> = self.settings.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        let mut metadata = json!({
            "resource": identifier.resource(),
            "authorization_servers": issuers,
            "bearer_methods_supported": ["header"],
        });
        if !self.settings.scopes.is_empty() {
            metadata["scopes_supported"] = json!(self.settings.scopes);
        }
        metadata.to_string().into_bytes()
    }
}

/// Without what is nobody's business.
impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tokens").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What a token of an issuer has to be.
fn accepted(issuer: &Issuer, audiences: &[String]) -> Settings {
    Settings {
        algorithms: issuer.algorithms.clone(),
        kinds: issuer.types.iter().fold(Kinds::default(), |kinds, kind| kinds.and(kind)),
        ..Settings::of(&issuer.name, audiences.to_vec())
    }
}

/// What follows the scheme, even if it is nothing: whoever says that they have a token is judged by it.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    const SCHEME: &[u8] = b"bearer";
    let field = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = field.split_at_checked(SCHEME.len())?;
    let is_whole = rest.first().is_none_or(|byte| *byte == b' ');
    let token = std::str::from_utf8(rest).unwrap_or_default();
    (scheme.eq_ignore_ascii_case(SCHEME) && is_whole).then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderValue;

    #[test]
    fn whoever_names_the_scheme_has_a_token_even_if_it_is_none() {
        let find = |field: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(field).unwrap());
            bearer(&headers).map(str::to_owned)
        };
        for (field, token) in [("Bearer a.b.c", "a.b.c"), ("bEARER  x", "x"), ("Bearer", ""), ("Bearer ", "")]
        {
            assert_eq!(find(field.as_bytes()).as_deref(), Some(token), "{field:?}");
        }
        assert_eq!(find(b"Bearer a\xff").as_deref(), Some(""));
        for other in ["Basic YTpi", "Bearerx", "Bear", ""] {
            assert_eq!(find(other.as_bytes()), None, "{other:?}");
        }
    }
}
