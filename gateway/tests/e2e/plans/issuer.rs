//! An issuer of access tokens, whatever a test wants to be in them: a real one makes good tokens only.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::upstream::{Upstream, response};

/// What tokens are for, unless a test says otherwise.
pub const AUDIENCE: &str = "https://gw.example/a/mcp";

pub struct Issuer {
    /// Its metadata at both well-known URLs, its keys at `/jwks`.
    pub server: Upstream,
    key: Ed25519KeyPair,
    kid: &'static str,
}

impl Issuer {
    pub fn start() -> Issuer {
        Issuer::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), "1")
    }

    /// With a new key of this name, at an address where there may have been one before.
    pub fn start_at(address: SocketAddr, kid: &'static str) -> Issuer {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random bytes");
        let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key pair");
        let x = encode(key.public_key().as_ref());
        let server = Upstream::start_at(address, move |seen| {
            let host = seen.all("host").first().map(ToString::to_string).unwrap_or_default();
            let keys =
                json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x }] });
            let metadata =
                json!({ "issuer": format!("http://{host}"), "jwks_uri": format!("http://{host}/jwks") });
            let body = if seen.target() == "/jwks" { keys } else { metadata };
            response("200 OK", &["Content-Type: application/json"], &body.to_string())
        });
        Issuer { server, key, kid }
    }

    /// Its `iss`, and where its metadata is.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Its key set.
    pub fn keys(&self) -> String {
        let x = encode(self.key.public_key().as_ref());
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "1", "use": "sig", "x": x }] }).to_string()
    }

    /// A token that is good but for these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.token_of_type("at+jwt", claims)
    }

    /// The same with another `typ`, or with none if it is empty.
    pub fn token_of_type(&self, kind: &str, claims: &Value) -> String {
        let mut header = json!({ "alg": "EdDSA", "kid": self.kid });
        if !kind.is_empty() {
            header["typ"] = json!(kind);
        }
        self.token_with(&header, claims)
    }

    /// The same with this header, whatever it says.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let mut all = json!({
            "iss": self.url(), "aud": AUDIENCE, "exp": now + 300, "iat": now, "sub": "alice", "client_id": "c",
            "jti": "1", "scope": "crm.read crm.write",
        });
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        let signed = format!("{}.{}", encode(header.to_string()), encode(all.to_string()));
        let signature = encode(self.key.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
