//! Plans and the consumers that may use them, as they are written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de};

use crate::config::short_form::{Short, ShortForm};
use crate::config::text::{Digest, FieldName, FilePath, Name, PlanPath, Reference, Timestamp, Url, Words};

/// How callers of an API prove who they are. Exactly one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a plan: `keyless`, or a mapping with `keyless`, `api_key` or `jwt`"
)]
pub struct Plan {
    /// What to call this plan, once in the API. Lower-case letters, digits and `-`, at most 64. Without it, its kind.
    pub name: Option<Name>,

    /// `published`; `deprecated`: still used, and warned about; `closed`: whoever has its kind of credential is refused.
    #[serde(default)]
    #[schemars(extend("default" = "published"))]
    pub state: PlanState,

    /// The gateway asks for nothing; the MCP server decides. It has no settings: `keyless: {}`.
    pub keyless: Option<Keyless>,

    /// Callers have a key of one of the `consumers`.
    pub api_key: Option<ApiKeyPlan>,

    /// Callers have an access token that is a JWT (RFC 9068). The token ends at the gateway, and clients are told where
    /// to get one. Needs the mode `protect`.
    pub jwt: Option<JwtPlan>,
}

/// Whether a plan admits callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PlanState {
    #[default]
    Published,
    Deprecated,
    Closed,
}

/// The settings of a keyless plan: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`: a keyless plan has no settings")]
pub struct Keyless {}

/// Where callers have their key. It is never sent upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`, or a mapping with `header` or `query`")]
pub struct ApiKeyPlan {
    /// The header.
    #[schemars(extend("default" = "x-api-key"))]
    pub header: Option<FieldName>,

    /// The query parameter, for callers that can set no header. URLs end up in logs, and keys with them.
    pub query: Option<FieldName>,
}

/// Whose tokens are accepted, and which of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `issuers` and `audiences`")]
pub struct JwtPlan {
    /// The authorization servers. Their keys are fetched ahead of requests and kept fresh.
    #[schemars(extend("minItems" = 1))]
    pub issuers: Vec<Short<Issuer>>,

    /// A token must be for one of these (`aud`), compared exactly but for one slash at the end. Where clients name the
    /// resource (RFC 8707), it is the public URL of the API.
    #[schemars(extend("minItems" = 1))]
    pub audiences: Vec<Words>,

    /// The scopes a token must have, all of them. Clients are told to ask for them.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub scopes: Vec<Words>,
}

/// An authorization server whose tokens are accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an issuer: a URL, or a mapping with `issuer`")]
pub struct Issuer {
    /// Its `iss`, character by character: an `https` URL, or an `http` one on this machine.
    pub issuer: Url,

    /// Where its keys are. Without it, where its metadata says (RFC 8414, OpenID Connect Discovery).
    pub jwks_uri: Option<Url>,

    /// The algorithms its tokens may be signed with (RFC 7518 §3.1): any of RS256, RS384, RS512, PS256, PS384, PS512,
    /// ES256, ES384 and EdDSA.
    #[serde(default)]
    #[schemars(extend("default" = ["RS256", "PS256", "ES256", "EdDSA"]))]
    pub algorithms: Vec<Words>,

    /// What the `typ` of its tokens may be besides `at+jwt`. Many authorization servers write `JWT`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub types: Vec<Words>,

    /// A PEM file with the certificates of the authorities to trust, in place of those of the platform. A relative
    /// path starts at the folder of this file.
    pub ca: Option<FilePath>,

    /// Whether its names may lead into private networks.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub private: bool,
}

impl ShortForm for Issuer {
    const EXPECTED: &'static str = "an issuer: a URL, or a mapping with `issuer`";

    fn from_short<E: de::Error>(text: &str) -> Result<Self, E> {
        let issuer = Url::from(text);
        Ok(Self { issuer, jwks_uri: None, algorithms: vec![], types: vec![], ca: None, private: false })
    }

    fn short_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Url::json_schema(generator);
        schema.insert("description".into(), "The `iss` of an authorization server.".into());
        schema
    }
}

impl ShortForm for Plan {
    const EXPECTED: &'static str = "a plan: `keyless`, or a mapping with `keyless`, `api_key` or `jwt`";

    fn from_short<E: de::Error>(text: &str) -> Result<Self, E> {
        let plan = Self { name: None, state: PlanState::default(), keyless: None, api_key: None, jwt: None };
        match text {
            "keyless" => Ok(Self { keyless: Some(Keyless {}), ..plan }),
            "api_key" => Ok(Self { api_key: Some(ApiKeyPlan { header: None, query: None }), ..plan }),
            "jwt" => Err(E::custom(
                "a plan with JWTs says whose, in a mapping: `jwt: { issuers: [URL], audiences: [URL] }`",
            )),
            other => Err(E::unknown_variant(other, &["keyless", "api_key"])),
        }
    }

    fn short_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["keyless", "api_key"], "description": "A plan with nothing but defaults." })
    }
}

/// A known caller.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a consumer: a mapping with `name` and `plans`")]
pub struct Consumer {
    /// What to call it in logs. Lower-case letters, digits and `-`, at most 64; used once.
    pub name: Name,

    /// Its keys; several, so that one can be replaced while the other still works.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub api_keys: Vec<ApiKey>,

    /// The plans it may use, each the name of an API, a slash, and the name of the plan: `crm/scripts`.
    #[schemars(length(min = 1))]
    pub plans: Vec<PlanPath>,
}

/// A key of a consumer. Either its SHA-256, or where it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a key: a mapping with `sha256` or `value`")]
pub struct ApiKey {
    /// What to call it in logs. Lower-case letters, digits and `-`, at most 64.
    pub name: Option<Name>,

    /// The SHA-256 of the key, which `printf %s KEY | sha256sum` prints.
    pub sha256: Option<Digest>,

    /// Where the key itself is: `${file:PATH}` or `${NAME}` for a variable of the environment.
    pub value: Option<Reference>,

    /// When it ends to work (RFC 3339). Without it, never.
    pub expires: Option<Timestamp>,
}
