//! `concurrency`: how many requests, or calls of tools, may be under way at the same time.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_protocol::envelope::{Message, Target};

use crate::effects::Effects;
use crate::limiter::Key;
use crate::policy::{Denial, Memory, Needs, Policy, Reading, Services, Verdict};
use crate::reason::of_policies::TOO_MANY_CALLS;
use crate::request::Request;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::Problem;
use crate::whose::{Part, Whose, Written};

mod places;

use places::Places;

/// Of the JSON-RPC error.
const TOO_MANY: i64 = -32006;
/// A place may be free any time.
const SECONDS: u32 = 1;

/// How many requests may be under way at the same time. A stream is under way until it ends. One gateway counts for itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `by` and `max`")]
#[schemars(rename = "Concurrency")]
pub struct Settings {
    /// Whose are counted together: `consumer`, `subject`, `client_id`, `address`, `tool` or `plan`, or a list for those that
    /// are alike in all of them. What a request does not have is replaced by its address.
    pub by: Written,

    /// How many at the same time.
    #[schemars(range(min = 1))]
    pub max: u32,

    /// `requests`: all of HTTP, streams too; or `tools/call`: the calls of tools alone, each of a batch, for which messages
    /// are read before anything is sent on. Without it, `requests`, or `tools/call` where it is `by` tools.
    pub count: Option<Count>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Count {
    #[serde(rename = "requests")]
    Requests,
    #[serde(rename = "tools/call")]
    Calls,
}

/// The policy, before it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    by: Whose,
    max: u32,
    count: Count,
}

/// The policy.
#[derive(Debug)]
struct Running {
    settings: Concurrency,
    places: Arc<Places>,
}

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<Concurrency> {
    let by = Whose::check(&written.by, &path.key("by"), findings);
    if written.max == 0 {
        let problem = Problem::error(path.key("max"), "this cannot be zero: nothing would be let through");
        findings.add(problem.help("write at least `1`"));
    }
    let by = by?;
    let count = written.count.unwrap_or(if by.has(Part::Tool) { Count::Calls } else { Count::Requests });
    if by.has(Part::Session) {
        let problem = Problem::error(path.key("by"), "a client can say another session in each request");
        findings.add(problem.help("count by `subject`, `client_id` or `consumer`"));
        return None;
    }
    if by.has(Part::Tool) && count == Count::Requests {
        let problem = Problem::error(path.key("count"), "only calls have a tool").first(path.key("by"));
        findings.add(problem.help("write `tools/call`, or remove the line"));
        return None;
    }
    (written.max > 0).then_some(Concurrency { by, max: written.max, count })
}

impl Concurrency {
    /// Goes on counting where the policy of the configuration before has come to, whatever its other settings were.
    pub fn start(&self, services: &dyn Services) -> Arc<dyn Policy> {
        let known = services.memory().and_then(|memory| memory.downcast::<Places>().ok());
        let places = known.filter(|places| places.count == self.count);
        let places = places.unwrap_or_else(|| Arc::new(Places::of(self.count)));
        Arc::new(Running { settings: self.clone(), places })
    }
}

impl Running {
    /// Whatever refuses the request later, its place is free again when it has ended.
    fn take(&self, key: Key, effects: &mut Effects) -> Verdict {
        match Places::take(&self.places, key, self.settings.max) {
            Some(place) => {
                effects.guards.push(Box::new(place));
                Verdict::Continue
            }
            None => Verdict::Deny(Box::new(Denial {
                retry_after: Some(SECONDS),
                code: Some(TOO_MANY),
                ..Denial::new(&TOO_MANY_CALLS)
            })),
        }
    }
}

impl Policy for Running {
    fn needs(&self) -> Needs {
        match self.settings.count {
            Count::Requests => Needs { head: true, ..Needs::default() },
            Count::Calls => Needs { message: Reading::Enforce, ..Needs::default() },
        }
    }

    fn on_head(&self, request: &Request<'_>, effects: &mut Effects) -> Verdict {
        self.take(self.settings.by.values(request, None).key(), effects)
    }

    fn on_message(&self, request: &Request<'_>, message: &Message<'_>, effects: &mut Effects) -> Verdict {
        match message.target {
            Target::Tool(_) => self.take(self.settings.by.values(request, Some(message)).key(), effects),
            _ => Verdict::Continue,
        }
    }

    fn memory(&self) -> Option<Memory> {
        Some(self.places.clone())
    }
}

#[cfg(test)]
mod tests;
