//! APIs, as they are written, but for their upstreams and plans.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_plugins::catalogue::Policy;

use super::{Endpoint, Plan, Upstream};
use crate::config::short_form::Short;
use crate::config::text::{Duration, FilePath, Host, Name, Path, Url, Words};

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

    /// Rules for callers that were admitted, whatever the plan. They come before those of the plan.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub policies: Vec<Policy>,
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

    /// What the metadata says to people about the API. In mode `protect`, where the metadata is the gateway's own.
    pub resource: Option<ResourceWords>,
}

/// What the metadata of a protected resource says to people (RFC 9728 §2).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with keys such as `name` or `documentation`")]
pub struct ResourceWords {
    /// What to call it (`resource_name`).
    pub name: Option<Words>,

    /// A page for developers (`resource_documentation`).
    pub documentation: Option<Url>,

    /// A page about what clients may do with its data (`resource_policy_uri`).
    pub policy_uri: Option<Url>,

    /// A page with its terms of service (`resource_tos_uri`).
    pub tos_uri: Option<Url>,
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
