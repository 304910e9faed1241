//! One public key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2), fit to verify signatures with.

use std::fmt;

use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use tollgate_protocol::base64url;
use tollgate_protocol::jwt::Algorithm;

use super::roca;

/// Members that only a private key has.
pub(super) const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const RSA_BITS_MIN: usize = 2048;
const RSA_BITS_MAX: usize = 8192;

/// A key, with what it may be used for.
pub struct Key {
    pub id: Option<String>,
    /// Absent: every algorithm of its type.
    algorithm: Option<Algorithm>,
    material: Material,
}

enum Material {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// The uncompressed point (SEC 1 §2.3.3).
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// Why a key of a set is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Of a type or on a curve that is not known here.
    Type,
    /// For something else than verifying signatures.
    Use,
    /// For an algorithm that is not known here, or that is none of its type.
    Algorithm,
    /// A member is missing, of another type, or not what it should be.
    Malformed,
    /// RSA of less than 2048 or more than 8192 bits, or with an exponent that is no use.
    Size,
    /// RSA whose primes were made by a library that makes guessable ones (CVE-2017-15361).
    Guessable,
}

impl Key {
    /// Reads a key that is public, which the set has made sure of.
    pub(super) fn parse(key: &Value) -> Result<Key, Unfit> {
        check_use(key)?;
        let material = Material::parse(key)?;
        let algorithm = match text(key, "alg")? {
            Some(name) => Some(Algorithm::named(name).ok_or(Unfit::Algorithm)?),
            None => None,
        };
        if algorithm.is_some_and(|algorithm| !material.can(algorithm)) {
            return Err(Unfit::Algorithm);
        }
        Ok(Key { id: text(key, "kid")?.map(str::to_owned), algorithm, material })
    }

    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.material.can(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Whether `signature` is this key's over `message`. Never, with an algorithm it is not for.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.is_for(algorithm) {
            return false;
        }
        let verified =
            match &self.material {
                Material::Rsa(key) => match rsa(algorithm) {
                    Some(parameters) => key.verify(parameters, message, signature),
                    None => return false,
                },
                Material::P256(point) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature),
                Material::P384(point) => UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature),
                Material::Ed25519(key) => {
                    UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature)
                }
            };
        verified.is_ok()
    }
}

impl Material {
    fn parse(key: &Value) -> Result<Material, Unfit> {
        let curve = text(key, "crv")?;
        match (text(key, "kty")?, curve) {
            (Some("RSA"), None) => rsa_key(key).map(Material::Rsa),
            (Some("EC"), Some("P-256")) => point(key, 32).map(Material::P256),
            (Some("EC"), Some("P-384")) => point(key, 48).map(Material::P384),
            (Some("OKP"), Some("Ed25519")) => bytes(key, "x", 32).map(Material::Ed25519),
            _ => Err(Unfit::Type),
        }
    }

    fn can(&self, algorithm: Algorithm) -> bool {
        match self {
            Material::Rsa(_) => rsa(algorithm).is_some(),
            Material::P256(_) => algorithm == Algorithm::Es256,
            Material::P384(_) => algorithm == Algorithm::Es384,
            Material::Ed25519(_) => algorithm == Algorithm::EdDsa,
        }
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => None,
    }
}

/// `use` and `key_ops` (RFC 7517 §4.2, §4.3), each of which may be absent.
fn check_use(key: &Value) -> Result<(), Unfit> {
    if text(key, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(Unfit::Use);
    }
    match key.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) => {
            operations.iter().any(|operation| operation == "verify").then_some(()).ok_or(Unfit::Use)
        }
        Some(_) => Err(Unfit::Malformed),
    }
}

fn rsa_key(key: &Value) -> Result<RsaPublicKeyComponents<Vec<u8>>, Unfit> {
    let [n, e] = [number(key, "n")?, number(key, "e")?];
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
        return Err(Unfit::Size);
    }
    // With 1 everything is its own signature; an even one has no inverse; `ring` takes up to 33 bits.
    let odd = e.last().is_some_and(|byte| byte % 2 == 1);
    if !odd || e == [1] || e.len() > 4 {
        return Err(Unfit::Size);
    }
    if roca::is_guessable(&n) {
        return Err(Unfit::Guessable);
    }
    Ok(RsaPublicKeyComponents { n, e })
}

fn point(key: &Value, length: usize) -> Result<Vec<u8>, Unfit> {
    const UNCOMPRESSED: u8 = 4;
    let mut point = vec![UNCOMPRESSED];
    point.extend(bytes(key, "x", length)?);
    point.extend(bytes(key, "y", length)?);
    Ok(point)
}

/// A positive number, big-endian, without leading zeros: some publishers send one although none is allowed.
fn number(key: &Value, name: &str) -> Result<Vec<u8>, Unfit> {
    let bytes = base64url::decode(text(key, name)?.ok_or(Unfit::Malformed)?).ok_or(Unfit::Malformed)?;
    let start = bytes.iter().position(|byte| *byte != 0).ok_or(Unfit::Malformed)?;
    Ok(bytes[start..].to_vec())
}

fn bytes(key: &Value, name: &str, length: usize) -> Result<Vec<u8>, Unfit> {
    let bytes = base64url::decode(text(key, name)?.ok_or(Unfit::Malformed)?);
    bytes.filter(|bytes| bytes.len() == length).ok_or(Unfit::Malformed)
}

fn text<'k>(key: &'k Value, name: &str) -> Result<Option<&'k str>, Unfit> {
    match key.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Unfit::Malformed),
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Unfit::Type => "its type or curve is not known here",
            Unfit::Use => "it is not for signatures",
            Unfit::Algorithm => "its algorithm is not known here, or is none of its type",
            Unfit::Malformed => "a member is missing or malformed",
            Unfit::Size => "its modulus does not have 2048 to 8192 bits, or its exponent is of no use",
            Unfit::Guessable => "its primes can be guessed (CVE-2017-15361)",
        })
    }
}
