//! The configuration as it is written: one struct for each mapping of the file, one field for each key.
//!
//! These types say which keys exist, which are required and what kind of value each takes. They are what the JSON
//! Schema is made from, so the comment of every field is what an editor shows. What a value may be, and whether it
//! agrees with the rest of the file, is for [`check`](super::check).

mod api;
mod listener;
mod oauth;
mod plan;
mod stores;
mod upstream;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_plugins::catalogue::Policy;

pub use self::api::*;
pub use self::listener::*;
pub use self::oauth::*;
pub use self::plan::*;
pub use self::stores::*;
pub use self::upstream::*;
use super::text::{Address, DnsServer, Duration, FilePath, Origin};

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

    /// Files with more of them, each a mapping with `consumers`. A relative path starts at the folder of this file; `*` in
    /// the name of a file stands for any characters. They are read again when they change.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub consumer_files: Vec<FilePath>,

    /// Which messages are read, and how much of them.
    #[serde(default)]
    pub messages: Messages,

    /// What several gateways share.
    #[serde(default)]
    pub stores: Stores,

    /// Rules for callers that were admitted, of every API. They come before those of the API and of its plan.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub policies: Vec<Policy>,

    /// The MCP servers the gateway exposes. At least one.
    #[schemars(length(min = 1))]
    pub apis: Vec<Api>,
}

/// One of the `consumer_files`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `consumers`")]
pub struct ConsumerFile {
    pub consumers: Vec<Consumer>,
}

fn default_drain() -> Duration {
    Duration::from("30s")
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

/// Which messages are read, and how much of them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `max_bytes`")]
pub struct Messages {
    /// Of one. A longer one is refused.
    #[schemars(range(min = 1), extend("default" = 4_194_304))]
    pub max_bytes: Option<u32>,

    /// Of all that are held at the same time, over all clients. Where there is no room, a request is refused.
    #[schemars(range(min = 1), extend("default" = 268_435_456))]
    pub buffer_bytes: Option<u32>,

    /// Look at the messages of all APIs, for the log and the metrics. Those by which nothing is decided are looked at while
    /// they pass, which neither delays nor changes them.
    #[serde(default)]
    pub observe: bool,
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
