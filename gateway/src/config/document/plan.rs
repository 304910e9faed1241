//! Plans and the consumers that may use them, as they are written.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de};
use tollgate_plugins::catalogue::Policy;

use super::oauth::OAuthClient;
use crate::config::short_form::{Short, ShortForm};
use crate::config::text::{
    Digest, Duration, FieldName, FilePath, Name, PlanPath, Reference, Timestamp, Url, Words,
};

/// How callers of an API prove who they are. Exactly one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a plan: `keyless`, or a mapping with `keyless`, `api_key`, `jwt`, `oauth2` or `mtls`"
)]
pub struct Plan {
    /// What to call this plan, once in the API. Lower-case letters, digits and `-`, at most 64. Without it, its kind.
    pub name: Option<Name>,

    /// `published`; `deprecated`: still used, and warned about; `closed`: whoever has its kind of credential is refused.
    #[serde(default)]
    #[schemars(extend("default" = "published"))]
    pub state: PlanState,

    /// Which requests the plan is for, as a condition in CEL: `request.headers["x-env"] == "test"`. Without it, for all.
    pub when: Option<Words>,

    /// The gateway asks for nothing; the MCP server decides. It has no settings: `keyless: {}`.
    pub keyless: Option<Keyless>,

    /// Callers have a key of one of the `consumers`.
    pub api_key: Option<ApiKeyPlan>,

    /// Callers have an access token that is a JWT (RFC 9068). The token ends at the gateway, and clients are told where
    /// to get one. Needs the mode `protect`.
    pub jwt: Option<JwtPlan>,

    /// Callers have an access token that the authorization server is asked about (RFC 7662), for tokens that are no
    /// JWTs. The token ends at the gateway, and clients are told where to get one. Needs the mode `protect`.
    pub oauth2: Option<OAuth2Plan>,

    /// Callers have a certificate of one of the `consumers`. Needs a listener that asks for certificates. It has no
    /// settings: `mtls: {}`.
    pub mtls: Option<MtlsPlan>,

    /// Rules for callers that this plan has admitted.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub policies: Vec<Policy>,
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

/// The settings of a plan with certificates: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`: a plan with certificates has no settings")]
pub struct MtlsPlan {}

/// Where callers have their key. It is never sent upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`, or a mapping with `header`, `query` or `bearer`")]
pub struct ApiKeyPlan {
    /// The header.
    #[schemars(extend("default" = "x-api-key"))]
    pub header: Option<FieldName>,

    /// The query parameter, for callers that can set no header. URLs end up in logs, and keys with them.
    pub query: Option<FieldName>,

    /// `Authorization: Bearer`, for callers that can set nothing else. Not in mode `relay`. It has no settings:
    /// `bearer: {}`.
    pub bearer: Option<BearerKey>,
}

/// The settings of keys in `Authorization`: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`: a key in `Authorization` has no settings")]
pub struct BearerKey {}

/// Whose tokens are accepted, and which of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `issuers`")]
pub struct JwtPlan {
    /// The authorization servers. Their keys are fetched ahead of requests and kept fresh.
    #[schemars(extend("minItems" = 1))]
    pub issuers: Vec<Short<Issuer>>,

    /// A token must be for one of these (`aud`), compared exactly but for one slash at the end. Without it, for the API
    /// under one of its public URLs, which is the resource that MCP clients name (RFC 8707).
    #[schemars(length(min = 1))]
    pub audiences: Option<Vec<Words>>,

    /// The scopes a token must have, all of them. Clients are told to ask for them.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub scopes: Vec<Words>,

    /// Scopes that clients are told of besides, and that no token must have: `offline_access`, for one that can be renewed
    /// without another login.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub optional_scopes: Vec<Words>,

    /// Operations for which a token needs further scopes. A client that lacks them is told all it needs, and can ask for
    /// more (step-up). Messages are read before they are sent on then.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub operations: Vec<Operation>,

    /// Whether each token must be bound to the certificate its caller shows (RFC 8705 §3). Needs a listener that asks
    /// for certificates.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub certificate_bound: bool,

    /// Whether a token must be that of a known consumer.
    #[serde(default)]
    #[schemars(extend("default" = "optional"))]
    pub consumer: ConsumerNeed,
}

/// Operations, and the scopes a token needs for them besides those of the plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an operation: a mapping with `method` and `scopes`")]
pub struct Operation {
    /// The JSON-RPC method: `tools/call`.
    pub method: Words,

    /// What the method acts on: the name of a tool or a prompt, the URI of a resource. `*` stands for any characters or
    /// none. Without it, everything.
    pub name: Option<Words>,

    /// The scopes, all of which a token needs.
    #[schemars(length(min = 1))]
    pub scopes: Vec<Words>,
}

/// Whether whoever has a good token must be known besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ConsumerNeed {
    #[default]
    Optional,
    Required,
}

/// An authorization server whose tokens are accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an issuer: a URL, or a mapping with `issuer`")]
pub struct Issuer {
    /// Its `iss`, character by character: an `https` URL, or an `http` one on this machine.
    pub issuer: Url,

    /// Where its keys are. Without it, where its metadata says (RFC 8414, OpenID Connect Discovery).
    pub jwks_uri: Option<Url>,

    /// A file with its keys (RFC 7517), in place of fetching them; it is read again when it changes. A relative path starts
    /// at the folder of this file.
    pub jwks_file: Option<FilePath>,

    /// The algorithms its tokens may be signed with (RFC 7518 §3.1): any of RS256, RS384, RS512, PS256, PS384, PS512,
    /// ES256, ES384 and EdDSA.
    #[serde(default)]
    #[schemars(extend("default" = ["RS256", "PS256", "ES256", "EdDSA"]))]
    pub algorithms: Vec<Words>,

    /// What the `typ` of its tokens may be besides `at+jwt`. Many authorization servers write `JWT`; `none` stands for
    /// tokens without one.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub types: Vec<Words>,

    /// By how much its clock may differ, at most a minute.
    #[schemars(extend("default" = "30s"))]
    pub skew: Option<Duration>,

    /// Where its tokens say whose they are.
    #[serde(default)]
    pub claims: TokenClaims,

    /// A PEM file with the certificates of the authorities to trust, in place of those of the platform. A relative
    /// path starts at the folder of this file.
    pub ca: Option<FilePath>,

    /// Whether its names may lead into private networks.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub private: bool,
}

/// Where a token says whose it is: the name of a claim, or a JSON Pointer (RFC 6901), which begins with a slash.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `subject` or `consumer`")]
pub struct TokenClaims {
    /// The user. Without it, `sub`.
    pub subject: Option<Words>,

    /// The name of one of the `consumers`. Without it, consumers are known by their `tokens`.
    pub consumer: Option<Words>,

    /// The groups of the user, for conditions of policies: text, or a list of texts. Without it, there are none.
    pub groups: Option<Words>,
}

impl ShortForm for Issuer {
    const EXPECTED: &'static str = "an issuer: a URL, or a mapping with `issuer`";

    fn from_short<E: de::Error>(text: &str) -> Result<Self, E> {
        let issuer = Url::from(text);
        Ok(Self {
            issuer,
            jwks_uri: None,
            jwks_file: None,
            algorithms: vec![],
            types: vec![],
            skew: None,
            claims: TokenClaims::default(),
            ca: None,
            private: false,
        })
    }

    fn short_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Url::json_schema(generator);
        schema.insert("description".into(), "The `iss` of an authorization server.".into());
        schema
    }
}

impl ShortForm for Plan {
    const EXPECTED: &'static str =
        "a plan: `keyless`, or a mapping with `keyless`, `api_key`, `jwt`, `oauth2` or `mtls`";

    fn from_short<E: de::Error>(text: &str) -> Result<Self, E> {
        let plan = Self {
            name: None,
            state: PlanState::default(),
            when: None,
            keyless: None,
            api_key: None,
            jwt: None,
            oauth2: None,
            mtls: None,
            policies: Vec::new(),
        };
        match text {
            "keyless" => Ok(Self { keyless: Some(Keyless {}), ..plan }),
            "api_key" => {
                Ok(Self { api_key: Some(ApiKeyPlan { header: None, query: None, bearer: None }), ..plan })
            }
            "mtls" => Ok(Self { mtls: Some(MtlsPlan {}), ..plan }),
            "jwt" => Err(E::custom("a plan with JWTs says whose, in a mapping: `jwt: { issuers: [URL] }`")),
            "oauth2" => Err(E::custom(
                "a plan with introspection says where, in a mapping with `issuer` and `introspection_endpoint`",
            )),
            other => Err(E::unknown_variant(other, &["keyless", "api_key", "mtls"])),
        }
    }

    fn short_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "enum": ["keyless", "api_key", "mtls"],
            "description": "A plan with nothing but defaults.",
        })
    }
}

/// An authorization server that is asked about each token it has issued.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `issuer`, `introspection_endpoint` and `client`")]
pub struct OAuth2Plan {
    /// Its issuer identifier, which clients are told: an `https` URL, or an `http` one on this machine.
    pub issuer: Url,

    /// Where it is asked (RFC 7662 §2), by a POST.
    pub introspection_endpoint: Url,

    /// The gateway as the authorization server knows it.
    pub client: OAuthClient,

    /// A token must be for one of these (`aud`), as in a plan with JWTs.
    #[schemars(length(min = 1))]
    pub audiences: Option<Vec<Words>>,

    /// The scopes a token must have, all of them. Clients are told to ask for them.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub scopes: Vec<Words>,

    /// Scopes that clients are told of besides, and that no token must have: `offline_access`, for one that can be renewed
    /// without another login.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub optional_scopes: Vec<Words>,

    /// Operations for which a token needs further scopes. A client that lacks them is told all it needs, and can ask for
    /// more (step-up). Messages are read before they are sent on then.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub operations: Vec<Operation>,

    /// Whether each token must be bound to the certificate its caller shows (RFC 8705 §3).
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub certificate_bound: bool,

    /// Whether a token must be that of a known consumer.
    #[serde(default)]
    #[schemars(extend("default" = "optional"))]
    pub consumer: ConsumerNeed,

    /// For how long an answer counts that a token is good; no longer than the token itself. A token that was revoked
    /// opens the plan for so long.
    #[schemars(extend("default" = "30s"))]
    pub cache: Option<Duration>,

    /// For how long an answer counts that a token is not good.
    #[schemars(extend("default" = "5s"))]
    pub negative_cache: Option<Duration>,

    /// A PEM file with the certificates of the authorities to trust, in place of those of the platform. A relative
    /// path starts at the folder of this file.
    pub ca: Option<FilePath>,

    /// Whether its names may lead into private networks.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub private: bool,
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

    /// Its certificates, for plans with `mtls`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub certificates: Vec<CertificateOwner>,

    /// The clients and users of authorization servers that it stands for, for plans with `jwt` and `oauth2`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub tokens: Vec<TokenOwner>,

    /// What else is to be known of it, such as `tier: gold`: in each line of the log about its requests, as `label_tier`.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub labels: BTreeMap<String, Words>,

    /// The plans it may use, each the name of an API, a slash, and the name of the plan: `crm/scripts`.
    #[schemars(length(min = 1))]
    pub plans: Vec<PlanPath>,
}

/// What tells a certificate of a consumer from others. Exactly one of the three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a certificate: a mapping with `sha256`, `san` or `subject`")]
pub struct CertificateOwner {
    /// The SHA-256 of the whole certificate in DER, in hexadecimal digits. It fits one certificate alone.
    pub sha256: Option<Digest>,

    /// A subject alternative name with its kind: `dns:`, `uri:`, `email:` or `ip:`.
    pub san: Option<Words>,

    /// The whole subject as RFC 4514 writes it: `CN=build,O=Acme`.
    pub subject: Option<Words>,
}

/// What tells a token of a consumer from others: the client, the user, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `issuer` and `client_id` or `subject`")]
pub struct TokenOwner {
    /// The issuer, as the plan has it: clients and users of another may have the same names.
    pub issuer: Url,

    /// The client the token was issued to (`client_id`, or `azp`).
    pub client_id: Option<Words>,

    /// The user it is about (`sub`).
    pub subject: Option<Words>,
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
