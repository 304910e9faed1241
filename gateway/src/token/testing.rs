//! Issuers for unit tests: keys made as the test runs, and tokens signed with them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use tollgate_protocol::jwt::Algorithm;

use super::keys::KeySet;
use super::verify::{Settings, Verified};

pub const ISSUER: &str = "https://as.example";
pub const AUDIENCE: &str = "https://gw.example/a/mcp";
/// The moment at which tokens are looked at.
pub const NOW: u64 = 1_000_000;

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is accepted of [`ISSUER`].
pub fn settings() -> Settings {
    Settings { algorithms: Algorithm::ALL.to_vec(), ..Settings::of(ISSUER, vec![AUDIENCE.to_string()]) }
}

/// The claims of a good token.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 300, "iat": NOW - 10, "sub": "alice", "client_id": "c1",
        "jti": "1", "scope": "tools:read tools:list",
    })
}

/// A token of an issuer's that was verified.
pub fn verified(issuer: &str, client: &str, subject: &str) -> Verified {
    let said = json!({ "active": true, "aud": AUDIENCE, "client_id": client, "sub": subject });
    let accepted = Settings::of(issuer, vec![AUDIENCE.to_string()]);
    Verified::introspected(said, &accepted, NOW).expect("a good token")
}

/// A key pair of an issuer's.
pub struct Signer {
    pub id: String,
    pub algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub fn new(id: &str, algorithm: Algorithm) -> Signer {
        let pair = match algorithm {
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDsa => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random bytes");
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key pair"))
            }
            _ => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(rsa_key()).expect("a key pair"))),
        };
        Signer { id: id.to_string(), algorithm, pair }
    }

    pub fn ed25519(id: &str) -> Signer {
        Signer::new(id, Algorithm::EdDsa)
    }

    /// The public key, as its issuer publishes it.
    pub fn jwk(&self) -> Value {
        let mut key = match &self.pair {
            Pair::Rsa(pair) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({ "kty": "RSA", "n": encode(public.n), "e": encode(public.e) })
            }
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(pair.public_key().as_ref().len() / 2);
                let curve = if self.algorithm == Algorithm::Es256 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
            }
            Pair::Ed25519(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) }),
        };
        for (name, value) in [("kid", self.id.as_str()), ("use", "sig"), ("alg", self.algorithm.name())] {
            key[name] = value.into();
        }
        key
    }

    /// A set of this key alone.
    pub fn set(&self) -> KeySet {
        set_of(&[self.jwk()])
    }

    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm.name(), "kid": self.id, "typ": "at+jwt" })
    }

    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_of(&header.to_string(), &claims.to_string())
    }

    /// A token of these very texts.
    pub fn token_of(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        format!("{signed}.{}", encode(self.sign(signed.as_bytes())))
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let encoding: &dyn signature::RsaEncoding = match self.algorithm {
                    Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
                    Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
                    Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
                    Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut made = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &random, message, &mut made).expect("a signature");
                made
            }
        }
    }
}

pub fn set_of(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a good set")
}

fn ec(algorithm: &'static signature::EcdsaSigningAlgorithm) -> Pair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("random bytes");
    Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key pair"))
}

/// One for all tests, since making one takes a while; `ring` makes none.
fn rsa_key() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let pem = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], b"");
        // Which of two encodings the first command would write differs between versions.
        openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], &pem)
    })
}

/// What the program `openssl` makes of `input`.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl is installed");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
