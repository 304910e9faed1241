//! What verifying a token costs, by algorithm: `cargo run --release -p tollgate --example token_cost`.
//!
//! A first time is everything from the text of the token on; the next time is a look into the memory of the verifier.
//! Needs the program `openssl`, since `ring` makes no RSA keys.

use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use tollgate::token::jwks::Jwks;
use tollgate::token::keys::KeySet;
use tollgate::token::{Settings, Token, Trusted, Verifier};
use tollgate_protocol::jwt::Algorithm;

const ISSUER: &str = "https://as.example";
const AUDIENCE: &str = "https://gw.example/a/mcp";
const NOW: u64 = 1_000_000;
/// For each line of the table.
const SPENT: Duration = Duration::from_millis(500);

fn main() -> Result<(), Box<dyn Error>> {
    let rsa_key = openssl_rsa_key()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!("| algorithm | first time, µs | next times, µs |\n|---|---|---|");
    for algorithm in Algorithm::ALL {
        let (key, sign) = key_pair(algorithm, &rsa_key)?;
        let token = token(algorithm, &sign)?;
        let set = json!({ "keys": [key] }).to_string();
        let settings =
            Settings { algorithms: vec![algorithm], ..Settings::of(ISSUER, vec![AUDIENCE.to_string()]) };
        let keys = KeySet::parse(set.as_bytes())?;
        let first =
            per_call(|| Token::parse(&token).and_then(|it| it.verify(&settings, &keys, NOW)).is_ok())?;
        let verifier = Verifier::new(vec![Trusted { settings, keys: Jwks::fixed(ISSUER, keys) }], 1 << 20);
        let next = per_call(|| runtime.block_on(verifier.verify(&token, NOW)).is_ok())?;
        println!("| {} | {first:.1} | {next:.2} |", algorithm.name());
    }
    Ok(())
}

/// In microseconds.
fn per_call(call: impl Fn() -> bool) -> Result<f64, &'static str> {
    let begun = Instant::now();
    let mut calls = 0_u32;
    while begun.elapsed() < SPENT {
        for _ in 0..16 {
            if !black_box(call()) {
                return Err("the token was refused");
            }
        }
        calls += 16;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(calls))
}

type Sign = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Box<dyn Error>>>;

/// A public key, and how to sign with the private one.
type Pair = (Value, Sign);

fn key_pair(algorithm: Algorithm, rsa_key: &[u8]) -> Result<Pair, Box<dyn Error>> {
    match algorithm {
        Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
        Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        Algorithm::EdDsa => ed25519(),
        Algorithm::Rs256 => rsa(rsa_key, &signature::RSA_PKCS1_SHA256),
        Algorithm::Rs384 => rsa(rsa_key, &signature::RSA_PKCS1_SHA384),
        Algorithm::Rs512 => rsa(rsa_key, &signature::RSA_PKCS1_SHA512),
        Algorithm::Ps256 => rsa(rsa_key, &signature::RSA_PSS_SHA256),
        Algorithm::Ps384 => rsa(rsa_key, &signature::RSA_PSS_SHA384),
        Algorithm::Ps512 => rsa(rsa_key, &signature::RSA_PSS_SHA512),
    }
}

fn ec(curve: &'static EcdsaSigningAlgorithm, name: &str) -> Result<Pair, Box<dyn Error>> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, &random).map_err(|_| "no random bytes")?;
    let pair = EcdsaKeyPair::from_pkcs8(curve, pkcs8.as_ref(), &random).map_err(|error| error.to_string())?;
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let key = json!({ "kty": "EC", "crv": name, "x": encode(x), "y": encode(y) });
    let sign = move |message: &[u8]| match pair.sign(&random, message) {
        Ok(signature) => Ok(signature.as_ref().to_vec()),
        Err(_) => Err("no signature".into()),
    };
    Ok((key, Box::new(sign)))
}

fn ed25519() -> Result<Pair, Box<dyn Error>> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| "no random bytes")?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|error| error.to_string())?;
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) });
    Ok((key, Box::new(move |message| Ok(pair.sign(message).as_ref().to_vec()))))
}

fn rsa(pkcs8: &[u8], padding: &'static dyn RsaEncoding) -> Result<Pair, Box<dyn Error>> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| error.to_string())?;
    let public: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
    let key = json!({ "kty": "RSA", "n": encode(public.n), "e": encode(public.e) });
    let sign = move |message: &[u8]| {
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| "no signature")?;
        Ok(signature)
    };
    Ok((key, Box::new(sign)))
}

fn token(algorithm: Algorithm, sign: &Sign) -> Result<String, Box<dyn Error>> {
    let header = json!({ "alg": algorithm.name(), "typ": "at+jwt" });
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 300, "iat": NOW, "sub": "alice", "client_id": "client",
        "jti": "6f2b9c", "scope": "tools:read tools:list",
    });
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    Ok(format!("{signed}.{}", encode(sign(signed.as_bytes())?)))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Of 2048 bits, as PKCS #8.
fn openssl_rsa_key() -> Result<Vec<u8>, Box<dyn Error>> {
    const MAKE: &str = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null \
                        | openssl pkcs8 -topk8 -nocrypt -outform DER";
    let made = Command::new("sh").args(["-c", MAKE]).output()?;
    if made.status.success() { Ok(made.stdout) } else { Err("openssl made no key".into()) }
}
