//! Listeners, as they are written: TLS, client certificates, limits.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::text::{Address, Duration, FilePath, Name, Network, Origin};

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

    /// How long new connections of a client wait before they are served, after one of its connections was ended for what
    /// it did with HTTP/2: requests reset over and over, frames that break the protocol, or too many that carry nothing.
    /// 0: not at all.
    #[schemars(extend("default" = "1s"))]
    pub misuse_pause: Option<Duration>,
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
