//! The gateway's own key, which proves to an authorization server which client it is (RFC 7523 §2.2, `private_key_jwt`).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;

/// For how long an assertion is good, in seconds: it is used at once.
const LIFETIME: i64 = 60;

/// A private key, and what an authorization server calls it.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    id: Option<String>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a key, PKCS #8 in PEM.
    ///
    /// # Errors
    /// What is wrong with it, in words that hold no part of it.
    pub fn parse(pem: &str, id: Option<String>) -> Result<SigningKey, &'static str> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| "it has no `-----BEGIN PRIVATE KEY-----` block")?;
        let der = key.secret_pkcs8_der();
        let random = SystemRandom::new();
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(Pair::Ed25519)
            .or_else(|_| {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).map(Pair::P256)
            })
            .or_else(|_| {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der, &random).map(Pair::P384)
            })
            .or_else(|_| RsaKeyPair::from_pkcs8(der).map(Pair::Rsa))
            .map_err(|_| "it is no RSA key of 2,048 bits or more, and none on P-256, P-384 or Ed25519")?;
        Ok(SigningKey { pair: Arc::new(pair), id })
    }

    /// A JWT that says that its sender is this client.
    pub fn assertion(&self, client: &str, audience: &str) -> String {
        let mut header = json!({ "alg": self.algorithm(), "typ": "JWT" });
        if let Some(id) = &self.id {
            header["kid"] = json!(id);
        }
        let now = Utc::now().timestamp();
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "iat": now, "exp": now + LIFETIME, "jti": unique(),
        });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn algorithm(&self) -> &'static str {
        match *self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
            Pair::P384(_) => "ES384",
            Pair::Ed25519(_) => "EdDSA",
        }
    }

    /// Nothing where the system has no random bytes, which is a signature that nobody accepts.
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature);
                signed.map(|()| signature).unwrap_or_default()
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, bytes).map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
            }
            Pair::Ed25519(pair) => pair.sign(bytes).as_ref().to_vec(),
        }
    }

    fn public_key(&self) -> &[u8] {
        match &*self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }
}

/// The same key under the same name.
impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.public_key() == other.public_key()
    }
}

/// What kind it is, and no more.
impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.algorithm())
    }
}

fn unique() -> String {
    let mut bytes = [0; 16];
    // Without random bytes the assertion is refused as a repeated one, at worst.
    let _ = SystemRandom::new().fill(&mut bytes);
    encode(bytes)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::testing::openssl;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        UnparsedPublicKey, VerificationAlgorithm,
    };
    use serde_json::Value;

    fn pem(words: &[&str]) -> String {
        let words = [&["genpkey"], words].concat();
        String::from_utf8(openssl(&words, b"")).expect("text")
    }

    #[test]
    fn an_assertion_is_signed_by_the_key_as_its_algorithm_wants_it() {
        let curve = |name: &str| pem(&["-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{name}")]);
        let keys: [(&str, &dyn VerificationAlgorithm, String); 4] = [
            ("RS256", &RSA_PKCS1_2048_8192_SHA256, pem(&["-algorithm", "RSA"])),
            ("ES256", &ECDSA_P256_SHA256_FIXED, curve("P-256")),
            ("ES384", &ECDSA_P384_SHA384_FIXED, curve("P-384")),
            ("EdDSA", &ED25519, pem(&["-algorithm", "ed25519"])),
        ];
        for (name, algorithm, pem) in keys {
            let key = SigningKey::parse(&pem, Some("k1".to_owned())).expect(name);
            let assertion = key.assertion("gate", "https://as.example");
            let (signed, signature) = assertion.rsplit_once('.').expect("three parts");
            let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
            let public = UnparsedPublicKey::new(algorithm, key.public_key());
            assert!(public.verify(signed.as_bytes(), &decode(signature)).is_ok(), "{name}");
            let (header, claims) = signed.split_once('.').expect("two parts");
            let read = |part: &str| serde_json::from_slice::<Value>(&decode(part)).expect("JSON");
            assert_eq!(read(header), json!({ "alg": name, "typ": "JWT", "kid": "k1" }));
            let claims = read(claims);
            let said = ["iss", "sub", "aud"].map(|name| claims[name].as_str().unwrap_or_default());
            assert_eq!(said, ["gate", "gate", "https://as.example"]);
            assert_eq!(
                claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(e, i)| e - i),
                Some(LIFETIME)
            );
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", &pem(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"])] {
            assert!(SigningKey::parse(text, None).is_err(), "{text}");
        }
    }
}
