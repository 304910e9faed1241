//! One token, one issuer's keys, one moment (RFC 9068 §4, RFC 8725): no clock, no network, no memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tollgate_protocol::jwt::{Algorithm, Jwt, media_type};

use super::claims::{Claims, Confirmation};
use super::keys::{KeySet, Selected};
use super::rejected::Rejected;

/// The `typ` of access tokens (RFC 9068 §2.1).
const ACCESS_TOKEN: &str = "at+jwt";

/// What is accepted of one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Compared character by character.
    pub issuer: String,
    pub algorithms: Vec<Algorithm>,
    pub kinds: Kinds,
    /// A token must be for one of them. Compared exactly, but for one slash at the end.
    pub audiences: Vec<String>,
    pub skew: Skew,
    /// Where the user is, if not in `sub`.
    pub subject: Option<ClaimPath>,
    /// Where the operator's own name for whoever calls is.
    pub consumer: Option<ClaimPath>,
    /// Where the groups of the caller are.
    pub groups: Option<ClaimPath>,
    pub bindings: Bindings,
}

impl Settings {
    /// RS256, PS256, ES256 and EdDSA.
    pub const DEFAULT_ALGORITHMS: [Algorithm; 4] =
        [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];

    pub fn of(issuer: &str, audiences: Vec<String>) -> Settings {
        Settings {
            issuer: issuer.to_string(),
            algorithms: Settings::DEFAULT_ALGORITHMS.to_vec(),
            kinds: Kinds::default(),
            audiences,
            skew: Skew::default(),
            subject: None,
            consumer: None,
            groups: None,
            bindings: Bindings::default(),
        }
    }
}

/// The `typ` a token may have besides `at+jwt`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    others: Vec<String>,
    absent: bool,
}

impl Kinds {
    /// In any case, with or without `application/`.
    pub fn and(mut self, kind: &str) -> Kinds {
        self.others.push(media_type(kind));
        self
    }

    /// And none at all.
    pub fn or_absent(self) -> Kinds {
        Kinds { absent: true, ..self }
    }

    fn include(&self, kind: Option<&str>) -> bool {
        match kind {
            None => self.absent,
            Some(kind) => kind == ACCESS_TOKEN || self.others.iter().any(|other| other == kind),
        }
    }
}

/// By how much the issuer's clock may differ. At most a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew(u64);

impl Skew {
    pub const MAX: Duration = Duration::from_secs(60);

    /// Whole seconds; `None` for more than there may be.
    pub fn new(skew: Duration) -> Option<Skew> {
        (skew <= Skew::MAX).then_some(Skew(skew.as_secs()))
    }
}

impl Default for Skew {
    fn default() -> Self {
        Skew(30)
    }
}

/// Where a claim is: the name of one, or a JSON Pointer (RFC 6901) when it begins with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(String);

impl ClaimPath {
    /// `None` for an empty one.
    pub fn parse(text: &str) -> Option<ClaimPath> {
        (!text.is_empty()).then(|| ClaimPath(text.to_string()))
    }

    pub(super) fn find<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        if self.0.starts_with('/') { claims.pointer(&self.0) } else { claims.get(&self.0) }
    }
}

/// What the caller of [`Token::verify`] checks itself of what a token is bound to. A token that is bound to anything
/// else is not accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// That the client has shown this certificate (RFC 8705 §3.1).
    pub certificate: bool,
    /// That the client has proved to have this key (RFC 9449 §6.1).
    pub key: bool,
}

/// A token that is well-formed, with its claims, none of them verified.
pub struct Token<'t> {
    jwt: Jwt<'t>,
    claims: Arc<Value>,
    issuer: String,
}

/// A token that was verified.
pub struct Verified {
    pub issuer: String,
    pub subject: Option<String>,
    pub client_id: Option<String>,
    /// The operator's own name for whoever calls, where the token says it.
    pub consumer: Option<String>,
    pub scopes: Vec<String>,
    /// Empty where none are looked for, or there are none.
    pub groups: Vec<String>,
    /// When it expires, in Unix time, by the issuer's clock.
    pub expires: u64,
    /// What it is bound to, for the caller to check.
    pub confirmation: Option<Confirmation>,
    /// All of them.
    pub claims: Arc<Value>,
}

impl<'t> Token<'t> {
    pub fn parse(token: &'t str) -> Result<Token<'t>, Rejected> {
        let jwt = Jwt::parse(token)?;
        let claims: Value = serde_json::from_slice(jwt.claims()?)
            .map_err(|_| Rejected::Malformed("a number among the token's claims is out of range"))?;
        let issuer = Claims(&claims).text("iss")?.ok_or(Rejected::Issuer)?.to_string();
        Ok(Token { jwt, claims: Arc::new(claims), issuer })
    }

    /// As the token has it: good for choosing the settings to verify it with, and for nothing else.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What needs no key: a token that is refused for this makes nobody look for one.
    pub fn check_header(&self, settings: &Settings) -> Result<(), Rejected> {
        if self.issuer != settings.issuer {
            return Err(Rejected::Issuer);
        }
        if !settings.algorithms.contains(&self.jwt.algorithm) {
            return Err(Rejected::Algorithm);
        }
        if !settings.kinds.include(self.jwt.kind.as_deref()) {
            return Err(Rejected::Type);
        }
        Ok(())
    }

    /// Everything. `keys` are those of the issuer in `settings`, `now` is in Unix time.
    pub fn verify(&self, settings: &Settings, keys: &KeySet, now: u64) -> Result<Verified, Rejected> {
        self.check_header(settings)?;
        self.check_signature(keys)?;
        let claims = Claims(&self.claims);
        let expires = claims.time("exp")?.ok_or(Rejected::Malformed("the token has no `exp`"))?;
        if settings.skew.has_passed(expires.floor(), now) {
            return Err(Rejected::Expired);
        }
        for name in ["nbf", "iat"] {
            if claims.time(name)?.is_some_and(|time| settings.skew.is_to_come(time.ceil(), now)) {
                return Err(Rejected::NotYetValid);
            }
        }
        if !claims.are_for_one_of(&settings.audiences)? {
            return Err(Rejected::Audience);
        }
        if self.jwt.kind.as_deref() != Some(ACCESS_TOKEN) && claims.are_of_an_id_token()? {
            return Err(Rejected::Type);
        }
        Verified::read(self.claims.clone(), settings, expires.floor())
    }

    fn check_signature(&self, keys: &KeySet) -> Result<(), Rejected> {
        let key = match keys.select(&self.jwt) {
            Selected::Key(key) => key,
            Selected::Unknown => return Err(Rejected::KeyUnknown),
            Selected::Unfit => return Err(Rejected::Algorithm),
        };
        let Jwt { algorithm, signed, signature, .. } = &self.jwt;
        let verified = key.verifies(*algorithm, signed.as_bytes(), signature);
        verified.then_some(()).ok_or(Rejected::Signature)
    }
}

impl Skew {
    fn has_passed(self, time: u64, now: u64) -> bool {
        now >= time.saturating_add(self.0)
    }

    fn is_to_come(self, time: u64, now: u64) -> bool {
        time > now.saturating_add(self.0)
    }
}

impl Verified {
    /// What an authorization server says about a token of its own (RFC 7662 §2.2).
    ///
    /// # Errors
    /// When that is not that it is good, here and now.
    pub fn introspected(claims: Value, settings: &Settings, now: u64) -> Result<Verified, Rejected> {
        if claims.get("active") != Some(&Value::Bool(true)) {
            return Err(Rejected::Inactive);
        }
        let said = Claims(&claims);
        if said.text("iss")?.is_some_and(|issuer| issuer != settings.issuer) {
            return Err(Rejected::Issuer);
        }
        if said.text("token_type")?.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(Rejected::Type);
        }
        let expires = said.time("exp")?.map(|time| time.floor());
        if expires.is_some_and(|expires| settings.skew.has_passed(expires, now)) {
            return Err(Rejected::Expired);
        }
        if said.time("nbf")?.is_some_and(|time| settings.skew.is_to_come(time.ceil(), now)) {
            return Err(Rejected::NotYetValid);
        }
        if !said.are_for_one_of(&settings.audiences)? {
            return Err(Rejected::Audience);
        }
        Verified::read(Arc::new(claims), settings, expires.unwrap_or(u64::MAX))
    }

    fn read(claims: Arc<Value>, settings: &Settings, expires: u64) -> Result<Verified, Rejected> {
        let said = Claims(&claims);
        let subject = match &settings.subject {
            Some(path) => said.text_at(path)?,
            None => said.text("sub")?,
        };
        let consumer = match &settings.consumer {
            Some(path) => said.text_at(path)?,
            None => None,
        };
        Ok(Verified {
            issuer: settings.issuer.clone(),
            subject: subject.map(str::to_owned),
            client_id: said.client_id()?.map(str::to_owned),
            consumer: consumer.map(str::to_owned),
            scopes: said.scopes()?,
            groups: settings.groups.as_ref().map(|path| said.groups(path)).unwrap_or_default(),
            expires,
            confirmation: said.confirmation(settings.bindings)?,
            claims: claims.clone(),
        })
    }

    /// Whether it has expired.
    pub fn is_over(&self, skew: Skew, now: u64) -> bool {
        skew.has_passed(self.expires, now)
    }

    /// Whether it has exactly this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// A token is never printed.
impl fmt::Debug for Token<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Token").finish_non_exhaustive()
    }
}

/// Claims may hold anything about a person.
impl fmt::Debug for Verified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Verified");
        out.field("issuer", &self.issuer).field("expires", &self.expires).finish_non_exhaustive()
    }
}
