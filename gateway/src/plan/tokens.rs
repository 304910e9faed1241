//! Plans for callers with an access token of an issuer the operator trusts (RFC 9068, RFC 7662), and what such an API
//! tells clients that have none: the challenge (RFC 6750 §3, RFC 9728 §5.1) and the metadata it leads to (RFC 9728 §2).

use std::fmt;
use std::sync::{Arc, Weak};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header;
use serde_json::json;
use tollgate_protocol::envelope::Envelope;

use crate::config::{Introspection, Issuer, TokenCheck, TokenPlan};
use crate::endpoint::resolve::Dns;
use crate::fetch::{Fetcher, Trust};
use crate::gateway::Identifier;
use crate::listener::client_certificate::ClientCertificate;
use crate::oauth::Client;
use crate::oauth::introspection::Introspector;
use crate::plan::operations::Operation;
use crate::reason::{self, Reason};
use crate::respond::Refusal;
use crate::token::jwks::{Bounds, Jwks};
use crate::token::keys::KeySet;
use crate::token::verify::{Bindings, Kinds};
use crate::token::{Rejected, Settings, Trusted, Verified, Verifier};

/// About how much is spent on remembering the tokens of one plan.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// The tokens that open one plan.
pub struct Tokens {
    settings: TokenPlan,
    dns: Dns,
    judge: Judge,
}

/// Who says whether one is good.
enum Judge {
    Keys(Verifier, Vec<Arc<Jwks>>),
    Issuer(Box<Introspector>),
}

impl Tokens {
    /// # Errors
    /// When there is no way to ask an issuer, which the configuration rules out.
    pub fn new(settings: &TokenPlan, dns: &Dns) -> Result<Tokens, String> {
        let judge = match &settings.check {
            TokenCheck::Jwt(issuers) => by_keys(settings, issuers, dns)?,
            TokenCheck::Introspection(introspection) => {
                Judge::Issuer(Box::new(introspector(settings, introspection, dns)?))
            }
        };
        Ok(Tokens { settings: settings.clone(), dns: dns.clone(), judge })
    }

    pub fn are_for(&self, settings: &TokenPlan, dns: &Dns) -> bool {
        self.settings == *settings && self.dns == *dns
    }

    /// The keys to keep fresh.
    pub fn keys(&self) -> impl Iterator<Item = Weak<Jwks>> {
        let keys = match &self.judge {
            Judge::Keys(_, keys) => keys.as_slice(),
            Judge::Issuer(_) => &[],
        };
        keys.iter().map(Arc::downgrade)
    }

    /// Judges the token of a request; `None` when it has none. `now` in seconds since 1970.
    pub async fn find(
        &self,
        headers: &HeaderMap,
        certificate: Option<&ClientCertificate>,
        identifier: &Identifier,
        now: u64,
    ) -> Option<Result<Arc<Verified>, Refusal>> {
        let token = bearer(headers)?;
        let verified = match &self.judge {
            Judge::Keys(verifier, _) => verifier.verify(token, now).await,
            Judge::Issuer(introspector) => introspector.verify(token, now).await,
        };
        let verified = verified.and_then(|verified| self.check_binding(verified, certificate));
        Some(match verified {
            Ok(verified) if self.settings.scopes.iter().all(|scope| verified.has_scope(scope)) => {
                Ok(verified)
            }
            Ok(_) => Err(self.insufficient(identifier, &[])),
            Err(rejected) if rejected.cannot_be_told() => Err(Refusal::new(rejected.reason())),
            Err(rejected) => {
                let refusal = self.challenged(rejected.reason(), identifier, Some("invalid_token"), &[]);
                Err(match rejected {
                    Rejected::Malformed(why) => Refusal { detail: why.into(), ..refusal },
                    _ => refusal,
                })
            }
        })
    }

    /// RFC 8705 §3: a token that was stolen is worth nothing without the certificate it is bound to.
    fn check_binding(
        &self,
        verified: Arc<Verified>,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Arc<Verified>, Rejected> {
        if !self.settings.certificate_bound {
            return Ok(verified);
        }
        let shown = certificate.map(|certificate| URL_SAFE_NO_PAD.encode(certificate.sha256));
        let bound = verified.confirmation.as_ref().and_then(|bound| bound.certificate.as_ref());
        match bound.is_some() && bound == shown.as_ref() {
            true => Ok(verified),
            false => Err(Rejected::Certificate),
        }
    }

    /// Whether it matters what a message asks for.
    pub fn reads_messages(&self) -> bool {
        !self.settings.operations.is_empty()
    }

    /// Whether a token is good for everything the messages of a body ask for.
    ///
    /// # Errors
    /// When it is not, with all the scopes they need: a client that asks for those alone may lose what it had
    /// (RFC 6750 §3.1).
    pub fn allow(
        &self,
        token: &Verified,
        envelope: &Envelope<'_>,
        identifier: &Identifier,
    ) -> Result<(), Refusal> {
        let messages = envelope.messages();
        let asked = |operation: &&Operation| messages.iter().any(|message| operation.is(message));
        let needed = self.settings.operations.iter().filter(asked).flat_map(|operation| &operation.scopes);
        let needed: Vec<&str> = needed.map(String::as_str).collect();
        match needed.iter().all(|scope| token.has_scope(scope)) {
            true => Ok(()),
            false => Err(self.insufficient(identifier, &needed)),
        }
    }

    /// What a token without all these scopes is told.
    pub fn insufficient(&self, identifier: &Identifier, needed: &[&str]) -> Refusal {
        self.challenged(&reason::INSUFFICIENT_SCOPE, identifier, Some("insufficient_scope"), needed)
    }

    /// What a request without a token is told.
    pub fn missing(&self, identifier: &Identifier) -> Refusal {
        self.challenged(&reason::TOKEN_MISSING, identifier, None, &[])
    }

    /// A request without any token gets no error code (RFC 6750 §3.1). None of the parameters needs an escape: the URL is
    /// one, and a scope has neither quotes nor backslashes.
    fn challenged(
        &self,
        reason: &'static Reason,
        identifier: &Identifier,
        error: Option<&'static str>,
        further: &[&str],
    ) -> Refusal {
        let mut challenge = String::from("Bearer ");
        if let Some(error) = error {
            challenge += &format!("error=\"{error}\", ");
        }
        challenge += &format!("resource_metadata=\"{}\"", identifier.metadata_url());
        let scopes = each_once(self.scopes().chain(further.iter().copied()));
        if !scopes.is_empty() {
            challenge += &format!(", scope=\"{}\"", scopes.join(" "));
        }
        Refusal { challenge: Some(challenge), ..Refusal::new(reason) }
    }

    /// What clients are to ask for.
    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.settings.scopes.iter().chain(&self.settings.optional_scopes).map(String::as_str)
    }

    /// And what they may have to ask for later.
    fn scopes_supported(&self) -> impl Iterator<Item = &str> {
        let operations = self.settings.operations.iter().flat_map(|operation| &operation.scopes);
        self.scopes().chain(operations.map(String::as_str))
    }

    fn issuers(&self) -> Vec<&str> {
        match &self.settings.check {
            TokenCheck::Jwt(issuers) => issuers.iter().map(|issuer| issuer.name.as_str()).collect(),
            TokenCheck::Introspection(introspection) => vec![&introspection.issuer],
        }
    }
}

/// The metadata of a resource that all of these tokens open (RFC 9728 §2), with these further members.
pub fn metadata(all: &[&Tokens], identifier: &Identifier, further: &[(&str, String)]) -> Vec<u8> {
    let issuers = each_once(all.iter().flat_map(|tokens| tokens.issuers()));
    let scopes = each_once(all.iter().flat_map(|tokens| tokens.scopes_supported()));
    let mut metadata = json!({
        "resource": identifier.resource(),
        "authorization_servers": issuers,
        "bearer_methods_supported": ["header"],
    });
    if !scopes.is_empty() {
        metadata["scopes_supported"] = json!(scopes);
    }
    if all.iter().all(|tokens| tokens.settings.certificate_bound) {
        metadata["tls_client_certificate_bound_access_tokens"] = json!(true);
    }
    for (member, value) in further {
        metadata[*member] = json!(value);
    }
    metadata.to_string().into_bytes()
}

fn each_once<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut once = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

/// Without what is nobody's business.
impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tokens").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn by_keys(settings: &TokenPlan, issuers: &[Issuer], dns: &Dns) -> Result<Judge, String> {
    let fetcher = Arc::new(Fetcher::default());
    let mut trusted = Vec::new();
    for issuer in issuers {
        let trust = Trust { private: issuer.private, ca: issuer.ca.clone(), dns: dns.clone() };
        let (fetcher, bounds) = (fetcher.clone(), Bounds::default());
        let keys = match (&issuer.keys, &issuer.jwks_uri) {
            (Some(text), _) => {
                let set = KeySet::parse(text).map_err(|why| format!("the keys of {}: {why}", issuer.url))?;
                Ok(Jwks::fixed(&issuer.name, set))
            }
            (None, Some(url)) => Jwks::pinned(&issuer.name, url.clone(), trust, bounds, fetcher),
            (None, None) => Jwks::discovered(&issuer.name, issuer.url.clone(), trust, bounds, fetcher),
        };
        let keys = keys.map_err(|why| format!("the keys of {}: {why:?}", issuer.url))?;
        trusted.push(Trusted { settings: accepted(issuer, settings), keys });
    }
    let keys = trusted.iter().map(|trusted| trusted.keys.clone()).collect();
    Ok(Judge::Keys(Verifier::new(trusted, CACHE_BYTES), keys))
}

/// What a token of an issuer has to be.
fn accepted(issuer: &Issuer, settings: &TokenPlan) -> Settings {
    let kinds = issuer.types.iter().fold(Kinds::default(), |kinds, kind| kinds.and(kind));
    Settings {
        algorithms: issuer.algorithms.clone(),
        kinds: if issuer.untyped { kinds.or_absent() } else { kinds },
        skew: issuer.skew,
        subject: issuer.subject.clone(),
        consumer: issuer.consumer.clone(),
        groups: issuer.groups.clone(),
        bindings: bindings(settings),
        ..Settings::of(&issuer.name, settings.audiences.clone())
    }
}

fn bindings(settings: &TokenPlan) -> Bindings {
    Bindings { certificate: settings.certificate_bound, ..Bindings::default() }
}

fn introspector(
    settings: &TokenPlan,
    introspection: &Introspection,
    dns: &Dns,
) -> Result<Introspector, String> {
    let Introspection { issuer, endpoint, client, cache, negative_cache, ca, private } = introspection;
    let trust = Trust { private: *private, ca: ca.clone(), dns: dns.clone() };
    let client = Client::new(client.clone(), endpoint.clone(), issuer.clone(), trust)
        .map_err(|why| format!("introspection at {endpoint}: {why:?}"))?;
    let accepted =
        Settings { bindings: bindings(settings), ..Settings::of(issuer, settings.audiences.clone()) };
    Ok(Introspector::new(client, accepted, *cache, *negative_cache))
}

/// What follows the scheme, even if it is nothing: whoever says that they have a token is judged by it.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
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
