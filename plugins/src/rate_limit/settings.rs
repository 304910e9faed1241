//! A limit as it is written.

mod forms;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::settings::text::{Period, Words};

/// How much a caller may ask for within a time. What goes beyond is answered by status 429 and the time to wait.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `by` and `windows`")]
#[schemars(rename = "RateLimit")]
pub struct Settings {
    /// Whose requests are counted together: those of a `consumer`, of a `subject` or a `client_id` of tokens, of an
    /// `address` (of IPv6, its /64), of a `session`, for a `tool`, or by a `plan`; or by several of these. `cel` is an
    /// expression with a text or a whole number, such as `claims.tenant`; where it has none the request is refused. For
    /// what a request does not have, its address counts. A client says itself which `session` it belongs to, so that a
    /// limit by this alone does not hold against one that makes sessions up. By `tool`, messages are counted.
    pub by: By,

    /// What is counted: `requests` of HTTP, or `tools/call`, each of a batch.
    #[serde(default)]
    #[schemars(extend("default" = "requests"))]
    pub count: Count,

    /// What a call costs, by the name of its tool, in which `*` stands for any characters. The first that fits counts; a
    /// tool that none fits costs 1. What costs 0 is not limited. Only with `count: tools/call`.
    pub weights: Option<Weights>,

    /// How many `requests` within which time. The time begins with the first one. All have to allow a request; none is
    /// charged for one that is refused.
    #[schemars(length(min = 1, max = 8))]
    pub windows: Vec<Window>,

    /// How many keys are remembered, each in up to 130 bytes and 32 for every window. Where there are more, those whose
    /// time ends first are forgotten.
    #[schemars(range(min = 1), extend("default" = 100_000))]
    pub max_keys: Option<u32>,

    /// Whether answers say how the caller stands, in the fields `RateLimit` and `RateLimit-Policy`.
    #[schemars(extend("default" = true))]
    pub headers: Option<bool>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Count {
    #[default]
    #[serde(rename = "requests")]
    Requests,
    #[serde(rename = "tools/call")]
    ToolCalls,
}

/// So many within such a time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a window such as `{ requests: 100, per: 1m }`")]
#[schemars(rename = "RateLimitWindow")]
pub struct Window {
    /// How many; with weights, how much they may cost.
    #[schemars(range(min = 1, max = 999_999_999_999_999_u64))]
    pub requests: u64,

    /// A number and `ms`, `s`, `m`, `h` or `d`; at most `366d`.
    pub per: Period,
}

/// One thing or several.
#[derive(Debug)]
pub enum By {
    One(Key),
    Several(Vec<Key>),
}

/// A thing that is counted by.
#[derive(Debug)]
pub enum Key {
    /// What it may be says `check`.
    Word(String),
    Cel(Cel),
}

/// An expression in CEL.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `cel`")]
#[schemars(rename = "RateLimitKey")]
pub struct Cel {
    /// Its value is what is counted by.
    pub cel: Words,
}

/// Costs by pattern, in the order of the file.
#[derive(Debug)]
pub struct Weights(pub Vec<(String, u64)>);
