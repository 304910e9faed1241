//! JSON Web Tokens in compact form (RFC 7515, RFC 7519), up to the point where keys are needed.
//!
//! Stricter than RFC 7515 where another reader may see another token, or where RFC 8725 says so: one spelling of
//! base64url, no member twice at any level, no algorithm without a public key, no extension (`crit`), no unencoded
//! payload (`b64`). Keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at. Nothing here prints a part of
//! a token, and nothing here has verified anything.

mod algorithm;

use std::fmt;

pub use algorithm::Algorithm;

use crate::base64url;
use crate::json::{self, Kind, Object};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;
/// How deeply values may be nested in header and claims.
pub const MAX_DEPTH: usize = 16;
/// The longest `kid` that is looked for, in bytes.
const MAX_KEY_ID: usize = 1024;

/// A token that is well-formed, and no more than that.
pub struct Jwt<'t> {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    /// The media type, in lower case, without `application/`.
    pub kind: Option<String>,
    /// What the signature is made over.
    pub signed: &'t str,
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
}

/// Why a text is no token to be verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JwtError {
    TooLong,
    /// Five parts: a JWE (RFC 7516).
    Encrypted,
    /// Neither three parts nor five.
    Parts,
    Base64,
    /// The header is not a JSON object, or a member has the wrong type.
    Header,
    /// `none`, a shared secret, or one this gateway does not know.
    Algorithm,
    /// The header demands an extension.
    Critical,
    /// The claims are not a JSON object.
    Claims,
}

impl<'t> Jwt<'t> {
    pub fn parse(token: &'t str) -> Result<Jwt<'t>, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::TooLong);
        }
        let [header, payload, signature] = parts(token)?;
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = base64url::decode(header).ok_or(JwtError::Base64)?;
        let header = Header::parse(&header)?;
        Ok(Jwt {
            algorithm: header.algorithm,
            key_id: header.key_id,
            kind: header.kind,
            signed,
            payload: base64url::decode(payload).ok_or(JwtError::Base64)?,
            signature: base64url::decode(signature).ok_or(JwtError::Base64)?,
        })
    }

    /// The claims as text: a JSON object with each member once at every level.
    pub fn claims(&self) -> Result<&[u8], JwtError> {
        json::check_unique_at_every_level(&self.payload, MAX_DEPTH).map_err(|_| JwtError::Claims)?;
        Ok(&self.payload)
    }
}

fn parts(token: &str) -> Result<[&str; 3], JwtError> {
    let parts: Vec<&str> = token.splitn(6, '.').collect();
    match parts[..] {
        [header, payload, signature] => Ok([header, payload, signature]),
        [_, _, _, _, _] => Err(JwtError::Encrypted),
        _ => Err(JwtError::Parts),
    }
}

struct Header {
    algorithm: Algorithm,
    key_id: Option<String>,
    kind: Option<String>,
}

impl Header {
    fn parse(header: &[u8]) -> Result<Header, JwtError> {
        json::check_unique_at_every_level(header, MAX_DEPTH).map_err(|_| JwtError::Header)?;
        let header = Object::parse(header, MAX_DEPTH).map_err(|_| JwtError::Header)?;
        let algorithm = text(&header, "alg")?.ok_or(JwtError::Header)?;
        let algorithm = Algorithm::named(&algorithm).ok_or(JwtError::Algorithm)?;
        // RFC 7515 §4.1.11, RFC 7797: none of the extensions is understood, so each of them is refused. One that is
        // present without being critical could still be understood by somebody else.
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(JwtError::Critical);
        }
        // RFC 7516 §4.1.2: with it, three parts or not, this is meant to be a JWE.
        if header.get("enc").is_some() {
            return Err(JwtError::Encrypted);
        }
        let key_id = text(&header, "kid")?;
        if key_id.as_ref().is_some_and(|id| id.len() > MAX_KEY_ID) {
            return Err(JwtError::Header);
        }
        Ok(Header { algorithm, key_id, kind: text(&header, "typ")?.map(|kind| media_type(&kind)) })
    }
}

/// The one spelling of a media type in a `typ` (RFC 7515 §4.1.9): its prefix may be left out, its case means nothing.
pub fn media_type(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    kind.strip_prefix("application/").map(str::to_owned).unwrap_or(kind)
}

/// A member that is a string, or absent.
fn text(header: &Object<'_>, name: &str) -> Result<Option<String>, JwtError> {
    match header.get(name) {
        None => Ok(None),
        Some(member) if member.value.kind == Kind::String => {
            Ok(header.string(&member.value).map(|text| text.into_owned()))
        }
        Some(_) => Err(JwtError::Header),
    }
}

impl JwtError {
    /// What is wrong, without a part of the token.
    pub fn message(self) -> &'static str {
        match self {
            JwtError::TooLong => "the token is longer than 16 KiB",
            JwtError::Encrypted => "the token is encrypted",
            JwtError::Parts => "the token does not have three parts",
            JwtError::Base64 => "a part of the token is not base64url without padding",
            JwtError::Header => {
                "the token's header is not an object with one well-formed member of each name"
            }
            JwtError::Algorithm => "the token is signed with an algorithm that is not accepted",
            JwtError::Critical => "the token's header demands an extension that is not understood",
            JwtError::Claims => "the token's claims are not an object with one member of each name",
        }
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message())
    }
}

impl std::error::Error for JwtError {}

/// The token's own parts are never printed.
impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Jwt").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
