//! An issuer with a key of each kind, made with openssl, and tokens that are good for an hour.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

    /// As a JWT names it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    fn openssl(self) -> &'static [&'static str] {
        match self {
            Algorithm::Rs256 => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            Algorithm::Es256 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Algorithm::EdDsa => &["-algorithm", "ED25519"],
        }
    }
}

pub struct Keys {
    folder: PathBuf,
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    random: SystemRandom,
    /// How many tokens there have been.
    tokens: AtomicU64,
}

impl Keys {
    /// # Errors
    /// When openssl is missing, or makes keys that cannot be read.
    pub fn new(folder: &Path) -> Result<Keys, Box<dyn Error>> {
        let random = SystemRandom::new();
        let key = |algorithm| private_key(folder, algorithm);
        Ok(Keys {
            folder: folder.to_owned(),
            rsa: RsaKeyPair::from_pkcs8(&key(Algorithm::Rs256)?).map_err(text)?,
            ecdsa: EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &key(Algorithm::Es256)?,
                &random,
            )
            .map_err(text)?,
            ed25519: Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key(Algorithm::EdDsa)?).map_err(text)?,
            random,
            tokens: AtomicU64::new(0),
        })
    }

    /// The public key in PEM.
    pub fn public_key_file(&self, algorithm: Algorithm) -> PathBuf {
        self.folder.join(format!("{}.pub", algorithm.name()))
    }

    /// The set of keys (RFC 7517).
    pub fn key_set(&self) -> String {
        let rsa = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        let point = self.ecdsa.public_key().as_ref();
        // After a first byte that says it is not compressed, its two halves.
        let (x, y) = point[1..].split_at(32);
        json!({ "keys": [
            { "kty": "RSA", "alg": "RS256", "kid": "RS256", "n": encode(rsa.n), "e": encode(rsa.e) },
            { "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "ES256", "x": encode(x), "y": encode(y) },
            { "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "EdDSA", "x": encode(self.ed25519.public_key()) },
        ] })
        .to_string()
    }

    /// A token of the issuer `url`, for itself; another one each time.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn token(&self, url: &str, algorithm: Algorithm) -> Result<String, Box<dyn Error>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let jti = self.tokens.fetch_add(1, Ordering::Relaxed).to_string();
        let header = json!({ "alg": algorithm.name(), "typ": "at+jwt", "kid": algorithm.name() });
        let claims = json!({
            "iss": url, "aud": url, "exp": now + 3600, "iat": now, "sub": "alice", "client_id": "agent",
            "jti": jti, "scope": "tools:read tools:list",
        });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        Ok(format!("{signed}.{}", encode(self.sign(algorithm, signed.as_bytes())?)))
    }

    fn sign(&self, algorithm: Algorithm, bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(match algorithm {
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, bytes, &mut signature).map_err(text)?;
                signature
            }
            Algorithm::Es256 => self.ecdsa.sign(&self.random, bytes).map_err(text)?.as_ref().to_vec(),
            Algorithm::EdDsa => self.ed25519.sign(bytes).as_ref().to_vec(),
        })
    }
}

/// Makes a key, with its public half in a file beside it, and reads it (PKCS #8).
fn private_key(folder: &Path, algorithm: Algorithm) -> Result<Vec<u8>, Box<dyn Error>> {
    let file = folder.join(format!("{}.key", algorithm.name()));
    openssl(&[&["genpkey", "-out", &file.display().to_string()], algorithm.openssl()].concat())?;
    let public = folder.join(format!("{}.pub", algorithm.name()));
    openssl(&["pkey", "-pubout", "-in", &file.display().to_string(), "-out", &public.display().to_string()])?;
    let pem = std::fs::read_to_string(file)?;
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    Ok(STANDARD.decode(lines)?)
}

/// # Errors
/// When it is not installed, or says that it could not.
pub fn openssl(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let done = Command::new("openssl").args(arguments).stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("openssl: {error}"))?;
    if done.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&done.stderr).into_owned().into())
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
