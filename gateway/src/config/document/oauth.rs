//! The gateway as a client of an authorization server, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::text::{Reference, Words};

/// Who the gateway is to an authorization server, and how it proves that. Either a secret or a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `id` and `secret` or `private_key`")]
pub struct OAuthClient {
    /// Its client id.
    pub id: Words,

    /// Where its secret is: `${file:PATH}` or `${NAME}`.
    pub secret: Option<Reference>,

    /// How the secret is sent.
    #[schemars(extend("default" = "client_secret_basic"))]
    pub authentication: Option<SecretAuthentication>,

    /// Where its private key is, PKCS #8 in PEM: RSA with at least 2,048 bits, P-256, P-384 or Ed25519. It signs an assertion
    /// for each request (RFC 7523, `private_key_jwt`).
    pub private_key: Option<Reference>,

    /// The `kid` of the key, where the authorization server goes by it.
    pub key_id: Option<Words>,
}

/// How a secret is sent (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum SecretAuthentication {
    ClientSecretBasic,
    ClientSecretPost,
}

impl OAuthClient {
    /// Where its secrets are.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.secret.iter().chain(&self.private_key)
    }
}
