//! The way to the MCP servers, as it is written: endpoints, TLS, credentials, limits, health.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, de};

use super::oauth::OAuthClient;
use crate::config::short_form::ShortForm;
use crate::config::text::{Duration, FieldName, FilePath, Host, Name, Path, Pin, Reference, Url, Words};

/// How the endpoints of an API are reached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `host` or `tls`")]
pub struct Upstream {
    /// The `Host` sent upstream: `endpoint`, the authority of the endpoint's URL; or `preserve`, the one the client
    /// sent.
    #[serde(default)]
    #[schemars(extend("default" = "endpoint"))]
    pub host: UpstreamHost,

    /// TLS to the endpoints.
    pub tls: Option<UpstreamTls>,

    /// What the gateway shows the endpoints about itself. Without it, nothing.
    pub auth: Option<UpstreamAuth>,

    /// Whether HTTP/2 is spoken with the endpoints: negotiated with TLS, by prior knowledge without.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub http2: bool,

    /// How long an endpoint may take.
    #[serde(default)]
    pub timeouts: Timeouts,

    /// How endpoints are asked whether they are well. Without it they are not asked.
    pub health_check: Option<HealthCheck>,

    /// How many requests each endpoint is sent at the same time. Without it, as many as come.
    pub limits: Option<UpstreamLimits>,

    /// How connections are kept for the next request.
    #[serde(default)]
    pub pool: Pool,

    /// When an endpoint that fails is sent no more requests, and for how long.
    #[serde(default)]
    pub outlier_detection: OutlierDetection,

    /// How many requests may be sent again, to another endpoint.
    #[serde(default)]
    pub retry_budget: RetryBudget,
}

/// A credential of one kind. A caller can neither choose nor replace it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `bearer`, `basic`, `header`, `token_exchange` or `passthrough`"
)]
pub struct UpstreamAuth {
    /// A token, sent as `Authorization: Bearer`. Not in mode `relay`, where the caller's own is sent.
    pub bearer: Option<Reference>,

    /// A user name and a password, sent as `Authorization: Basic`. Not in mode `relay`.
    pub basic: Option<BasicAuth>,

    /// Any other header.
    pub header: Option<HeaderAuth>,

    /// A token of the caller's, which an authorization server gives in exchange for the one it has shown the gateway
    /// (RFC 8693). For APIs all of whose plans ask for tokens.
    pub token_exchange: Option<TokenExchange>,

    /// The token that the caller has shown the gateway, although it is for the gateway: the server can use it anywhere
    /// that takes it. It has no settings: `passthrough: {}`.
    pub passthrough: Option<Passthrough>,
}

/// The settings of passing tokens through: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`: passing tokens through has no settings")]
pub struct Passthrough {}

/// Where callers' tokens are exchanged, and for what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `token_endpoint` and `client`")]
pub struct TokenExchange {
    /// The token endpoint of the authorization server: an `https` URL, or an `http` one on this machine.
    pub token_endpoint: Url,

    /// The gateway as the authorization server knows it.
    pub client: OAuthClient,

    /// What the authorization server calls the MCP server.
    pub audience: Option<Words>,

    /// The URL of the MCP server, where the authorization server goes by that (RFC 8707).
    pub resource: Option<Words>,

    /// The scopes the tokens should have.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub scopes: Vec<Words>,

    /// A PEM file with the certificates of the authorities to trust, in place of those of the platform. A relative
    /// path starts at the folder of this file.
    pub ca: Option<FilePath>,

    /// Whether its names may lead into private networks.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub private: bool,
}

impl UpstreamAuth {
    /// Where its secrets are.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let basic = self.basic.iter().map(|basic| &basic.password);
        let header = self.header.iter().map(|header| &header.value);
        let exchange = self.token_exchange.iter().flat_map(|exchange| exchange.client.references());
        self.bearer.iter().chain(basic).chain(header).chain(exchange)
    }
}

/// A user name and a password (RFC 7617).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `username` and `password`")]
pub struct BasicAuth {
    /// The user name, without a colon.
    pub username: Words,

    /// Where it is: `${file:PATH}` or `${NAME}`.
    pub password: Reference,
}

/// A header with a secret value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `name` and `value`")]
pub struct HeaderAuth {
    /// The header's name, other than `Authorization`.
    pub name: FieldName,

    /// Where it is: `${file:PATH}` or `${NAME}`.
    pub value: Reference,
}

/// How long an endpoint may take. Kept to within 50 ms.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `connect` or `first_byte`")]
pub struct Timeouts {
    /// To connect to one of its addresses.
    #[schemars(extend("default" = "3s"))]
    pub connect: Option<Duration>,

    /// For the TLS handshake, once connected.
    #[schemars(extend("default" = "7s"))]
    pub tls_handshake: Option<Duration>,

    /// From the last byte of the request to the first of the answer.
    #[schemars(extend("default" = "5m"))]
    pub first_byte: Option<Duration>,

    /// Between two pieces of an answer that is no event stream.
    #[schemars(extend("default" = "60s"))]
    pub body_idle: Option<Duration>,

    /// Between two events of a stream. Without it a stream may be silent as long as it likes.
    pub stream_idle: Option<Duration>,

    /// For an answer that is no event stream, from the request to its last byte. Without it there is no limit.
    pub total: Option<Duration>,
}

/// How many requests each endpoint is sent at the same time. Those beyond wait in line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `max_requests`")]
pub struct UpstreamLimits {
    /// Requests and open streams of one endpoint.
    #[schemars(range(min = 1))]
    pub max_requests: u32,

    /// Requests that wait for a place at one endpoint. One more is answered 503.
    #[schemars(extend("default" = 100))]
    pub max_queue: Option<u32>,

    /// How long a request waits; then it is answered 503.
    #[schemars(extend("default" = "1s"))]
    pub queue_timeout: Option<Duration>,
}

/// How connections to an endpoint are kept for the next request.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `idle_timeout` or `max_lifetime`")]
pub struct Pool {
    /// How long one is kept without a request. Shorter than what the server allows: a request on a connection that the
    /// server is just closing is lost.
    #[schemars(extend("default" = "4s"))]
    pub idle_timeout: Option<Duration>,

    /// How long one is used at all.
    #[schemars(extend("default" = "1h"))]
    pub max_lifetime: Option<Duration>,
}

/// How endpoints are asked whether they are well. One that is not gets no requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `protocol`")]
pub struct HealthCheck {
    /// `tcp`: it takes a connection. `http`: it answers a GET of `path` with a status of 200 to 399. `mcp`: it answers
    /// a `ping`, or `server/discover` where that is not understood, without credentials as an MCP server would, which may
    /// be with a 401.
    pub protocol: HealthCheckProtocol,

    /// What is asked for, on the endpoint's origin. Required with `http`; with `mcp`, the path of the endpoint.
    pub path: Option<Path>,

    /// From one check to the next, up to a tenth shorter or longer.
    #[schemars(extend("default" = "10s"))]
    pub interval: Option<Duration>,

    /// For one check, connecting included.
    #[schemars(extend("default" = "3s"))]
    pub timeout: Option<Duration>,

    /// Failures in a row after which it gets no requests.
    #[schemars(range(min = 1), extend("default" = 3))]
    pub unhealthy_threshold: Option<u32>,

    /// Successes in a row after which it gets requests again.
    #[schemars(range(min = 1), extend("default" = 2))]
    pub healthy_threshold: Option<u32>,
}

/// How an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum HealthCheckProtocol {
    Tcp,
    Http,
    Mcp,
}

/// When an endpoint that fails is sent no more requests, and for how long. It fails by not answering or with a status
/// of 500 or more. Afterwards one request at a time tries it again.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `consecutive_failures`")]
pub struct OutlierDetection {
    /// Failures in a row after which it is ejected.
    #[schemars(range(min = 1), extend("default" = 5))]
    pub consecutive_failures: Option<u32>,

    /// How long the first ejection lasts; each one that follows without an answer in between, twice as long. An
    /// endpoint that did not answer is tried again as soon as it takes connections.
    #[schemars(extend("default" = "10s"))]
    pub base_ejection_time: Option<Duration>,

    /// The longest ejection.
    #[schemars(extend("default" = "5m"))]
    pub max_ejection_time: Option<Duration>,

    /// Share of an API's endpoints that may be ejected at the same time for the statuses they answer with. Those that
    /// do not answer may all be.
    #[schemars(range(max = 100), extend("default" = 50))]
    pub max_ejection_percent: Option<u8>,
}

/// How many requests may be sent again, to another endpoint.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `percent` or `min_per_second`")]
pub struct RetryBudget {
    /// Retries for each hundred requests of the API. 0: none but those of `min_per_second`.
    #[schemars(range(max = 100), extend("default" = 20))]
    pub percent: Option<u8>,

    /// Retries allowed each second whatever the share says.
    #[schemars(extend("default" = 10))]
    pub min_per_second: Option<u32>,
}

/// The `Host` sent upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum UpstreamHost {
    #[default]
    Endpoint,
    Preserve,
}

/// TLS to an endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `ca`")]
pub struct UpstreamTls {
    /// A PEM file with the certificates of the authorities to trust, in place of those of the platform. A relative
    /// path starts at the folder of this file.
    pub ca: Option<FilePath>,

    /// A PEM file with the certificate the gateway shows, then its intermediates. With `key`.
    pub cert: Option<FilePath>,

    /// A PEM file with the private key of that certificate, not encrypted.
    pub key: Option<FilePath>,

    /// The host whose certificate is expected, where it is not the one of the URL; it is also the one that is named
    /// in the handshake.
    pub server_name: Option<Host>,

    /// The SHA-256 fingerprints of the certificates that are accepted, besides that an authority must have issued
    /// them. Without it, any that is valid.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub pins: Vec<Pin>,
}

/// One MCP server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an endpoint: a URL, or a mapping with `url`")]
pub struct Endpoint {
    /// What to call this endpoint. Lower-case letters, digits and `-`, at most 64.
    pub name: Option<Name>,

    /// The `http` or `https` URL of the MCP server, or of what stands above it when the API's path is a prefix. No
    /// user information, no fragment.
    pub url: Url,

    /// The `Host` sent to this endpoint; without it, what `upstream.host` says.
    pub host: Option<UpstreamHost>,

    /// TLS to this endpoint; without it, what `upstream.tls` says.
    pub tls: Option<UpstreamTls>,

    /// What the gateway shows this endpoint about itself. Without it, what `upstream.auth` says.
    pub auth: Option<UpstreamAuth>,

    /// Whether HTTP/2 is spoken with this endpoint; without it, what `upstream.http2` says.
    pub http2: Option<bool>,

    /// How long this endpoint may take; for what is left out, what `upstream.timeouts` says.
    #[serde(default)]
    pub timeouts: Timeouts,

    /// Its share of the requests, compared with those of the other endpoints.
    #[schemars(range(min = 1, max = 1_000), extend("default" = 1))]
    pub weight: Option<u32>,

    /// Whether it gets requests only when no other endpoint takes any.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub backup: bool,
}

impl ShortForm for Endpoint {
    const EXPECTED: &'static str = "an endpoint: a URL, or a mapping with `url`";

    fn from_short<E: de::Error>(text: &str) -> Result<Self, E> {
        Ok(Self {
            name: None,
            url: Url::from(text),
            host: None,
            tls: None,
            auth: None,
            http2: None,
            timeouts: Timeouts::default(),
            weight: None,
            backup: false,
        })
    }

    fn short_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Url::json_schema(generator);
        schema.insert("description".into(), "The `http` or `https` URL of the MCP server.".into());
        schema
    }
}
