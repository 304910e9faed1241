//! What the claims of a token say (RFC 7519 §4.1, RFC 9068 §2.2). A claim of the wrong type is an error, never an
//! absent claim: a reader that converts it would see another token.

use serde_json::Value;

use super::rejected::Rejected;
use super::verify::{Bindings, ClaimPath};

/// The end of the year 9999: a later time is a mistake, in milliseconds perhaps.
const LATEST: f64 = 253_402_300_799.0;
/// What Keycloak writes into a claim `typ` of tokens that give access to nothing here.
const NO_ACCESS: [&str; 4] = ["ID", "Refresh", "Offline", "Logout"];

/// The claims of one token.
#[derive(Clone, Copy)]
pub(super) struct Claims<'c>(pub &'c Value);

/// What a token is bound to. At least one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The SHA-256 of a certificate, in base64url (`x5t#S256`, RFC 8705 §3.1).
    pub certificate: Option<String>,
    /// The SHA-256 thumbprint of a key, in base64url (`jkt`, RFC 9449 §6.1).
    pub key: Option<String>,
}

/// A moment in Unix time, possibly between two seconds (RFC 7519 §2, NumericDate).
#[derive(Clone, Copy)]
pub(super) struct Time(f64);

impl Time {
    pub(super) fn floor(self) -> u64 {
        self.0.floor() as u64
    }

    pub(super) fn ceil(self) -> u64 {
        self.0.ceil() as u64
    }
}

fn text(claim: Option<&Value>) -> Result<Option<&str>, Rejected> {
    match claim {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Rejected::Malformed("a claim of the token that must be a string is none")),
    }
}

impl<'c> Claims<'c> {
    pub(super) fn text(self, name: &str) -> Result<Option<&'c str>, Rejected> {
        text(self.0.get(name))
    }

    pub(super) fn text_at(self, path: &ClaimPath) -> Result<Option<&'c str>, Rejected> {
        text(path.find(self.0))
    }

    pub(super) fn time(self, name: &str) -> Result<Option<Time>, Rejected> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(seconds) if (0.0..=LATEST).contains(&seconds) => Ok(Some(Time(seconds))),
                _ => Err(Rejected::Malformed("a claim of the token that must be a time is none")),
            },
        }
    }

    pub(super) fn are_for_one_of(self, accepted: &[String]) -> Result<bool, Rejected> {
        let audiences = self.texts("aud")?.unwrap_or_default();
        let same = |audience: &str, accepted: &str| without_slash(audience) == without_slash(accepted);
        Ok(audiences.iter().any(|audience| accepted.iter().any(|accepted| same(audience, accepted))))
    }

    /// The client the token was issued to.
    pub(super) fn client_id(self) -> Result<Option<&'c str>, Rejected> {
        let (client, party) = (self.text("client_id")?, self.text("azp")?);
        Ok(client.or(party))
    }

    /// From `scope`, or from what some issuers have in its place. Either as one string or as several.
    pub(super) fn scopes(self) -> Result<Vec<String>, Rejected> {
        let scopes = match self.texts("scope")? {
            Some(scopes) => scopes,
            None => self.texts("scp")?.unwrap_or_default(),
        };
        Ok(scopes
            .iter()
            .flat_map(|scopes| scopes.split(' '))
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect())
    }

    pub(super) fn groups(self, path: &ClaimPath) -> Vec<String> {
        match path.find(self.0) {
            Some(Value::String(group)) => vec![group.clone()],
            Some(Value::Array(groups)) => {
                groups.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether these are the claims of a token that tells a client who its user is (OpenID Connect Core §2), or of
    /// another that is for the issuer or the client. Only such a token hashes another; a `nonce` may be in both, but an
    /// ID token is for the client.
    pub(super) fn are_of_an_id_token(self) -> Result<bool, Rejected> {
        let hashes = ["at_hash", "c_hash"].iter().any(|name| self.0.get(name).is_some());
        let says_so = self.0.get("token_use").is_some_and(|purpose| purpose == "id")
            || self.0.get("typ").is_some_and(|kind| NO_ACCESS.iter().any(|other| kind == other));
        let audiences = self.texts("aud")?.unwrap_or_default();
        let is_for_the_client = self.client_id()?.is_none_or(|client| audiences.contains(&client));
        Ok(hashes || says_so || self.0.get("nonce").is_some() && is_for_the_client)
    }

    /// What the token is bound to (RFC 7800), all of which the caller must check.
    pub(super) fn confirmation(self, checked: Bindings) -> Result<Option<Confirmation>, Rejected> {
        let Some(bound) = self.0.get("cnf") else { return Ok(None) };
        let bound = bound.as_object().ok_or(Rejected::Bound)?;
        let is_checked = |name: &str| match name {
            "x5t#S256" => checked.certificate,
            "jkt" => checked.key,
            _ => false,
        };
        if bound.is_empty() || !bound.iter().all(|(name, value)| is_checked(name) && value.is_string()) {
            return Err(Rejected::Bound);
        }
        let text = |name: &str| bound.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Some(Confirmation { certificate: text("x5t#S256"), key: text("jkt") }))
    }

    /// One string or several.
    fn texts(self, name: &str) -> Result<Option<Vec<&'c str>>, Rejected> {
        let wrong = Rejected::Malformed("a claim of the token that must be strings is none");
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(vec![text])),
            Some(Value::Array(texts)) => {
                texts.iter().map(|text| text.as_str().ok_or(wrong)).collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Err(wrong),
        }
    }
}

fn without_slash(audience: &str) -> &str {
    audience.strip_suffix('/').unwrap_or(audience)
}
