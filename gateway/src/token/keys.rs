//! The keys of an issuer: a JWK Set (RFC 7517 §5), read with a policy.
//!
//! What is only of no use here is left out: keys for encryption, of unknown types, weak ones. What no publisher of public
//! keys should ever send discredits the whole set: a shared secret, a private key, two keys of one name.

mod jwk;
mod roca;

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tollgate_protocol::json;
use tollgate_protocol::jwt::{Algorithm, Jwt};

pub use self::jwk::{Key, Unfit};

/// The largest set, in bytes.
pub const BYTES_MAX: usize = 256 * 1024;
/// The most keys in a set.
pub const KEYS_MAX: usize = 100;
const MAX_DEPTH: usize = 8;

/// The usable keys of one set. At least one.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    /// What was left out, and why.
    pub left_out: Vec<(String, Unfit)>,
    /// Of the document it was read from.
    digest: [u8; 32],
}

/// Why a whole set is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSet {
    TooLarge,
    TooMany,
    /// No JSON, members that occur twice, or not the members of a set.
    Malformed(String),
    /// Named by its `kid`.
    Private(String),
    Secret(String),
    DuplicateId(String),
    NoUsableKey,
}

/// What a token's header says about the key it was signed with, looked up in a set.
pub enum Selected<'s> {
    Key(&'s Key),
    /// No key of that name, or for a token that names none not exactly one that fits.
    Unknown,
    /// The key of that name is for another algorithm.
    Unfit,
}

/// What its keys are called, for logs.
impl fmt::Display for KeySet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_deref().unwrap_or("unnamed")).collect();
        out.write_str(&ids.join(", "))?;
        match self.left_out.len() {
            0 => Ok(()),
            count => write!(out, "; {count} of no use here"),
        }
    }
}

impl KeySet {
    pub fn parse(document: &[u8]) -> Result<KeySet, BadSet> {
        if document.len() > BYTES_MAX {
            return Err(BadSet::TooLarge);
        }
        let mut set =
            KeySet { keys: Vec::new(), left_out: Vec::new(), digest: Sha256::digest(document).into() };
        let mut ids = HashSet::new();
        for written in written_keys(document)? {
            let id = name(&written);
            if written.get("kty").is_some_and(|kind| kind == "oct") || written.get("k").is_some() {
                return Err(BadSet::Secret(id));
            }
            if jwk::PRIVATE_MEMBERS.iter().any(|member| written.get(member).is_some()) {
                return Err(BadSet::Private(id));
            }
            match Key::parse(&written) {
                Ok(key) => {
                    if key.id.as_ref().is_some_and(|id| !ids.insert(id.clone())) {
                        return Err(BadSet::DuplicateId(id));
                    }
                    set.keys.push(key);
                }
                Err(unfit) => set.left_out.push((id, unfit)),
            }
        }
        if set.keys.is_empty() { Err(BadSet::NoUsableKey) } else { Ok(set) }
    }

    /// The key a token was signed with, by its `kid` and algorithm.
    pub fn select(&self, jwt: &Jwt<'_>) -> Selected<'_> {
        match &jwt.key_id {
            Some(id) => match self.keys.iter().find(|key| key.id.as_ref() == Some(id)) {
                Some(key) if key.is_for(jwt.algorithm) => Selected::Key(key),
                Some(_) => Selected::Unfit,
                None => Selected::Unknown,
            },
            None => self.only_one_for(jwt.algorithm),
        }
    }

    fn only_one_for(&self, algorithm: Algorithm) -> Selected<'_> {
        let mut fitting = self.keys.iter().filter(|key| key.is_for(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Selected::Key(key),
            _ => Selected::Unknown,
        }
    }

    pub fn is_same_document_as(&self, other: &KeySet) -> bool {
        self.digest == other.digest
    }
}

fn written_keys(document: &[u8]) -> Result<Vec<Value>, BadSet> {
    json::check_unique_at_every_level(document, MAX_DEPTH)
        .map_err(|error| BadSet::Malformed(error.to_string()))?;
    let document: Value =
        serde_json::from_slice(document).map_err(|error| BadSet::Malformed(error.to_string()))?;
    let Some(Value::Array(keys)) = document.get("keys") else {
        return Err(BadSet::Malformed("it has no array `keys`".to_string()));
    };
    if keys.len() > KEYS_MAX {
        return Err(BadSet::TooMany);
    }
    if !keys.iter().all(Value::is_object) {
        return Err(BadSet::Malformed("one of its `keys` is no object".to_string()));
    }
    Ok(keys.clone())
}

/// What a key is called in logs.
fn name(key: &Value) -> String {
    match key.get("kid").and_then(Value::as_str) {
        Some(id) => id.chars().take(64).flat_map(char::escape_default).collect(),
        None => "without a kid".to_string(),
    }
}

impl fmt::Display for BadSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadSet::TooLarge => write!(out, "the key set is larger than {BYTES_MAX} bytes"),
            BadSet::TooMany => write!(out, "the key set has more than {KEYS_MAX} keys"),
            BadSet::Malformed(why) => write!(out, "the key set is malformed: {why}"),
            BadSet::Private(id) => write!(out, "the key set publishes a private key ({id})"),
            BadSet::Secret(id) => write!(out, "the key set publishes a shared secret ({id})"),
            BadSet::DuplicateId(id) => write!(out, "the key set has two keys with the kid {id}"),
            BadSet::NoUsableKey => {
                out.write_str("the key set has no key that signatures can be verified with")
            }
        }
    }
}

impl std::error::Error for BadSet {}

#[cfg(test)]
mod tests;
