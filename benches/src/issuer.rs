//! An issuer of one key, and tokens that are good for an hour.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

pub struct Issuer(Ed25519KeyPair);

impl Issuer {
    pub fn new() -> Result<Issuer, Box<dyn Error>> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| "no random bytes")?;
        Ok(Issuer(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|error| error.to_string())?))
    }

    /// Its key set (RFC 7517).
    pub fn keys(&self) -> String {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": encode(self.0.public_key()) });
        json!({ "keys": [key] }).to_string()
    }

    /// A token of the issuer `url`, for itself.
    pub fn token(&self, url: &str) -> Result<String, Box<dyn Error>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "1" });
        let claims = json!({
            "iss": url, "aud": url, "exp": now + 3600, "iat": now, "sub": "alice", "client_id": "agent", "jti": "1",
            "scope": "tools:read tools:list",
        });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        Ok(format!("{signed}.{}", encode(self.0.sign(signed.as_bytes()))))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
