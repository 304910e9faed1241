//! The configuration as it is written: one struct for each mapping of the file, one field for each key.
//!
//! These types say which keys exist, which are required and what kind of value each takes. They are what the JSON
//! Schema is made from, so the comment of every field is what an editor shows. What a value may be, and whether it
//! agrees with the rest of the file, is for [`check`](super::check).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de};

use super::short_form::{Short, ShortForm};
use super::text::{
    Address, Digest, DnsServer, Duration, FieldName, FilePath, Host, Name, Network, Origin, Path, Pin,
    PlanPath, Reference, Timestamp, Url, Words,
};

/// The configuration of Tollgate: where it listens, and which MCP servers it exposes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `listeners` and `apis`")]
#[schemars(title = "Tollgate configuration")]
pub struct Document {
    /// The origins under which clients reach the gateway, such as `https://edge.example.com`. The URL an MCP client
    /// is configured with is one of them followed by the path of an API. Required when a listener is not on loopback,
    /// unless an API names its `hosts`. No path, no query.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub public_urls: Vec<Origin>,

    /// The addresses the gateway accepts connections on. At least one.
    #[schemars(length(min = 1))]
    pub listeners: Vec<Listener>,

    /// The address of the health endpoints and the metrics. Without it they are not served.
    pub admin: Option<Admin>,

    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,

    /// How long requests and streams in progress may take to end after SIGTERM before they are cut. A number and
    /// `ms`, `s`, `m` or `h`; at most `24h`.
    #[serde(default = "default_drain")]
    #[schemars(extend("default" = "30s"))]
    pub drain: Duration,

    /// How the names of MCP servers are looked up.
    #[serde(default)]
    pub dns: Dns,

    /// The known callers, for plans that ask who they are.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub consumers: Vec<Consumer>,

    /// The MCP servers the gateway exposes. At least one.
    #[schemars(length(min = 1))]
    pub apis: Vec<Api>,
}

fn default_drain() -> Duration {
    Duration::from("30s")
}

/// An address the gateway accepts connections on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a listener: a mapping with `address`")]
pub struct Listener {
    /// What to call this listener. Lower-case letters, digits and `-`, at most 64.
    pub name: Option<Name>,

    /// IP address and port. Port 0 lets the system choose one. IPv6 in brackets and quotes: `"[::1]:8080"`.
    pub address: Address,

    /// The origins of web pages whose scripts may call this listener. On a loopback address every loopback origin
    /// may as well. Scripts of any other page get a 403; clients that are not browsers are not concerned.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub allowed_origins: Vec<Origin>,

    /// The proxies in front of this listener: addresses, or networks such as `10.0.0.0/8`. What they say in `Forwarded`
    /// or `X-Forwarded-For` about the address of a client is believed; what anybody else says is not. The public URL
    /// never depends on it.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub trusted_proxies: Vec<Network>,

    /// Whether the trusted proxies say whose a connection is by the PROXY protocol, version 1 or 2, ahead of anything
    /// else. Then each connection must begin with it, and nobody else may connect.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub proxy_protocol: bool,

    /// Whether this listener does nothing but send clients to the `https` origin among `public_urls` that has the host
    /// they asked for (308, with path and query). Not with `tls`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub redirect_to_https: bool,

    /// TLS on this listener, versions 1.2 and 1.3. Without it, clear text.
    pub tls: Option<ListenerTls>,

    /// Whether HTTP/2 is spoken besides HTTP/1.1. With TLS it is offered unless this says `false`; without TLS it is
    /// spoken with clients that begin with it (prior knowledge) only if this says `true`.
    pub http2: Option<bool>,

    /// What clients of this listener may take: time, and connections.
    #[serde(default)]
    pub limits: Limits,
}

/// What the clients of a listener may take. A client is an address, or an IPv6 network of 64 bits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with limits such as `head_timeout`")]
pub struct Limits {
    /// How long a request head may take: from the accept on, or from the first byte of a later request on.
    #[schemars(extend("default" = "10s"))]
    pub head_timeout: Option<Duration>,

    /// How long a request body may take. Without it, as long as `min_request_rate` is kept.
    pub body_timeout: Option<Duration>,

    /// Bytes a second that a client must send of a request body. 0: no minimum.
    #[schemars(extend("default" = 500))]
    pub min_request_rate: Option<u32>,

    /// Bytes a second that a client must read of what there is for it. 0: no minimum.
    #[schemars(extend("default" = 500))]
    pub min_response_rate: Option<u32>,

    /// How far a client may fall behind these rates: how long it may send, or read, nothing at all.
    #[schemars(extend("default" = "10s"))]
    pub min_rate_grace: Option<Duration>,

    /// How long a connection may take to begin: the TLS handshake, and ahead of it the PROXY protocol, each.
    #[schemars(extend("default" = "5s"))]
    pub handshake_timeout: Option<Duration>,

    /// How long a connection may be open without a request, in whole seconds.
    #[schemars(extend("default" = "60s"))]
    pub idle_timeout: Option<Duration>,

    /// Requests of one connection over HTTP/1.1; after the last of them it is closed.
    #[schemars(range(min = 1), extend("default" = 10_000))]
    pub requests_per_connection: Option<u32>,

    /// Connections open at the same time.
    #[schemars(range(min = 1), extend("default" = 10_000))]
    pub connections: Option<u32>,

    /// Connections of one client open at the same time. Without it, as many as there may be in all: behind a load
    /// balancer all clients have its address.
    #[schemars(range(min = 1))]
    pub connections_per_client: Option<u32>,

    /// New connections of one client in a second. Without it, any number.
    #[schemars(range(min = 1))]
    pub connection_rate_per_client: Option<u32>,
}

/// TLS on a listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `certificates`")]
pub struct ListenerTls {
    /// The certificates, chosen by the host a client names. The first is for clients that name none, or another.
    #[schemars(length(min = 1))]
    pub certificates: Vec<Certificate>,

    /// Certificates of clients. Without it none is asked for.
    pub client_auth: Option<ClientAuth>,
}

/// A certificate and its key. Both files are read again within a second of a change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `cert` and `key`")]
pub struct Certificate {
    /// A PEM file: the certificate, then its intermediates. A relative path starts at the folder of this file.
    pub cert: FilePath,

    /// A PEM file with the private key.
    pub key: FilePath,
}

/// Which certificates of clients are accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `ca`")]
pub struct ClientAuth {
    /// A PEM file with the authorities that may have issued them.
    pub ca: FilePath,

    /// A PEM file with lists of revoked certificates (CRL). Without it revocation is not checked.
    pub crl: Option<FilePath>,

    /// `required`: a client without an accepted certificate cannot connect. `optional`: one without any can, one with
    /// another cannot.
    #[serde(default)]
    #[schemars(extend("default" = "required"))]
    pub mode: ClientAuthMode,
}

/// Whether a client must have a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClientAuthMode {
    #[default]
    Required,
    Optional,
}

/// The address of the health endpoints `/healthz` and `/readyz`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `address`")]
pub struct Admin {
    /// IP address and port, on loopback only. Port 0 lets the system choose one.
    pub address: Address,
}

/// What is logged, and how.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `format` or `level`")]
pub struct Log {
    /// One JSON object per line, or text for people.
    #[serde(default)]
    #[schemars(extend("default" = "json"))]
    pub format: LogFormat,

    /// The least severe messages that are logged. Requests are logged at `info`.
    #[serde(default)]
    #[schemars(extend("default" = "info"))]
    pub level: LogLevel,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum LogFormat {
    #[default]
    Json,
    Text,
}

/// How severe a log message must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// How the names of MCP servers are looked up. IP addresses and names of the system's hosts file are not.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `servers`")]
pub struct Dns {
    /// The DNS servers: IP addresses, with a port if it is not 53. The next one is asked when one does not answer.
    /// Without them, those of the system (`/etc/resolv.conf`).
    #[schemars(length(min = 1))]
    pub servers: Option<Vec<DnsServer>>,

    /// The shortest time from one lookup of a name to the next, whatever its time to live; also the time after a lookup
    /// that failed.
    #[schemars(extend("default" = "5s"))]
    pub min_ttl: Option<Duration>,

    /// The longest time from one lookup of a name to the next, whatever its time to live.
    #[schemars(extend("default" = "5m"))]
    pub max_ttl: Option<Duration>,

    /// How long a lookup may take, all servers together, before it has failed.
    #[schemars(extend("default" = "5s"))]
    pub timeout: Option<Duration>,
}

/// One published MCP server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an API: a mapping with `name`, `path`, `endpoints` and `plans`")]
pub struct Api {
    /// What to call this API in logs and errors. Lower-case letters, digits and `-`, at most 64; used once.
    pub name: Name,

    /// The version of the published service, for people. A number needs quotes.
    pub version: Option<Words>,

    /// What the API is for, for people.
    pub description: Option<Words>,

    /// The hosts this API answers on: names or IP addresses without scheme, port or path. Empty: every host the
    /// gateway has an origin for. An exact host goes before none.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub hosts: Vec<Host>,

    /// The path of the API: the path of the MCP URL itself or a prefix above it. What follows it in a request is
    /// appended to the path of the endpoint. The longest path wins, compared segment by segment; a slash at the end
    /// makes no difference.
    pub path: Path,

    /// Who owns the OAuth of this API.
    #[serde(default)]
    pub authorization: Authorization,

    /// How the endpoints are reached. An endpoint may say otherwise for itself.
    #[serde(default)]
    pub upstream: Upstream,

    /// Which of several endpoints a request goes to. `session`: in turn, but the requests of an MCP session go to the
    /// endpoint that began it. `round_robin`, `random` and `least_requests` (the one with fewer requests under way of
    /// two drawn at random) look at no session: for servers that share theirs, or have none.
    #[serde(default)]
    #[schemars(extend("default" = "session"))]
    pub balance: Balance,

    /// What is remembered of the MCP sessions of several endpoints.
    #[serde(default)]
    pub sessions: Sessions,

    /// What is done for event streams that are silent.
    #[serde(default)]
    pub event_streams: EventStreams,

    /// The MCP server: its URL, or a mapping; or several that serve the same.
    #[schemars(length(min = 1))]
    pub endpoints: Vec<Short<Endpoint>>,

    /// How callers prove who they are to the gateway. They are tried in this order: the first whose kind of credential
    /// a request has decides.
    #[schemars(length(min = 1))]
    pub plans: Vec<Short<Plan>>,
}

/// Which of several endpoints a request goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Balance {
    #[default]
    Session,
    RoundRobin,
    Random,
    LeastRequests,
}

/// How the endpoint of an MCP session is found again, where an API has several. A session of which it is not found is
/// answered 404, at which its client begins a new one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `max`, `idle_timeout` or `seal_keys`")]
pub struct Sessions {
    /// Sessions remembered at the same time.
    #[schemars(range(min = 1), extend("default" = 100_000))]
    pub max: Option<u32>,

    /// How long a session without requests is remembered.
    #[schemars(extend("default" = "24h"))]
    pub idle_timeout: Option<Duration>,

    /// Files with a key each, as `openssl rand -hex 32` makes one, the same in all gateways that clients may come to.
    /// With any, nothing is remembered: the id a client gets for its session holds the endpoint and the server's own
    /// id, sealed with the first key. Every key opens. Not with `max` or `idle_timeout`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub seal_keys: Vec<FilePath>,
}

/// What is done for event streams that are silent, which some clients and middleboxes take for dead. A comment is
/// nothing to a client that reads events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `keep_alive` or `first_comment`")]
pub struct EventStreams {
    /// A comment is sent whenever nothing was for this long, such as `15s`. Without it, none is.
    pub keep_alive: Option<Duration>,

    /// Whether a comment is sent as soon as a stream is open, unless its first event is there by then.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub first_comment: bool,
}

/// Who owns the OAuth of an API.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `mode` or `upstream_resource`")]
pub struct Authorization {
    /// `relay`: the MCP server has its own authorization server, and the gateway makes its challenges and metadata
    /// work under the public URL. `protect`: the gateway's plans decide alone, callers' tokens and the server's challenges
    /// end at the gateway.
    #[serde(default)]
    #[schemars(extend("default" = "relay"))]
    pub mode: AuthorizationMode,

    /// The `resource` in the protected resource metadata of the MCP server (RFC 9728), for a server that calls itself
    /// by another URL than the one of its endpoint. Without it, the metadata must name the endpoint.
    pub upstream_resource: Option<Url>,
}

/// The authorization modes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum AuthorizationMode {
    #[default]
    Relay,
    Protect,
}

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

/// A credential of the gateway's, of one kind. A caller can neither choose nor replace it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `bearer`, `basic` or `header`")]
pub struct UpstreamAuth {
    /// A token, sent as `Authorization: Bearer`. Not in mode `relay`, where the caller's own is sent.
    pub bearer: Option<Reference>,

    /// A user name and a password, sent as `Authorization: Basic`. Not in mode `relay`.
    pub basic: Option<BasicAuth>,

    /// Any other header.
    pub header: Option<HeaderAuth>,
}

impl UpstreamAuth {
    /// Where its secrets are.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let basic = self.basic.iter().map(|basic| &basic.password);
        self.bearer.iter().chain(basic).chain(self.header.iter().map(|header| &header.value))
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
    /// a `ping` without credentials as an MCP server would, which may be with a 401.
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
        Ok(Self { issuer: Url::from(text), jwks_uri: None, ca: None, private: false })
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
