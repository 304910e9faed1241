//! `mcp_acl`: which tools, resources, prompts and methods a caller may use, and which it sees in lists.
//!
//! Nothing is allowed but what a rule in `allow` fits, and nothing that a rule in `deny` fits. What keeps a session going
//! (`initialize`, `ping`, `server/discover`, notifications, answers to the server) is always let through; lists are, and
//! lose what the caller may not use; tasks are their owner's, whom the server knows. What the server asks of the caller
//! comes unless a rule in `deny` fits its method.
//!
//! A condition that gives no answer fails closed: a rule in `allow` does not fit then, and one in `deny` does.

mod check;
mod rule;
mod thing;
mod uri;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_protocol::envelope::{Kind, Message};
use tollgate_protocol::lists::Listed;

pub use self::check::check;
use self::rule::{Holds, Rule};
use self::thing::{Asked, Thing};
use crate::effects::Effects;
use crate::expression::Facts;
use crate::policy::{Denial, Needs, Policy, Reading, Verdict};
use crate::reason::of_policies::{ACCESS_DENIED, INSUFFICIENT_SCOPE};
use crate::request::Request;
use crate::settings::text::Words;

/// Of the JSON-RPC error that says no.
const CODE: i64 = -32003;

/// Which tools, resources, prompts and methods a caller may use, and which it sees in lists. What no rule in `allow` fits is
/// refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `allow`, and perhaps `deny` or `mode`")]
#[schemars(rename = "McpAcl")]
pub struct Settings {
    /// `enforce`; `shadow`: nothing is refused and nothing is hidden, and what would have been refused is logged.
    #[serde(default)]
    #[schemars(extend("default" = "enforce"))]
    pub mode: Mode,

    /// What callers may do: whatever one of these fits.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub allow: Vec<WrittenRule>,

    /// What they may not, whatever is allowed.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub deny: Vec<WrittenRule>,
}

/// Whether an access control list refuses anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Mode {
    #[default]
    Enforce,
    Shadow,
}

/// A rule fits what all its keys fit; of `tools`, `resources` and `prompts`, one. `*` stands for any characters. Without any
/// keys it fits everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a rule: a mapping with keys such as `tools` or `when`")]
#[schemars(rename = "McpAclRule")]
pub struct WrittenRule {
    /// Names of tools.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub tools: Vec<Words>,

    /// URIs of resources; of a template, what its URIs may be.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub resources: Vec<Words>,

    /// Names of prompts.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub prompts: Vec<Words>,

    /// Methods of JSON-RPC: `resources/subscribe`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub methods: Vec<Words>,

    /// A condition in CEL about the caller and the call: `claims.role == "admin"`, `arguments["/owner"] == subject`.
    pub when: Option<Words>,

    /// Scopes that the caller's token must have besides. A client that lacks them is told to ask for them. In `allow`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub scopes: Vec<Words>,
}

/// The policy.
#[derive(Debug, Clone, PartialEq)]
pub struct McpAcl {
    mode: Mode,
    allow: Vec<Rule>,
    deny: Vec<Rule>,
}

impl Policy for McpAcl {
    fn needs(&self) -> Needs {
        let hides = self.mode == Mode::Enforce;
        let requests = hides && self.deny.iter().any(Rule::is_about_requests_of_servers);
        Needs { head: false, message: Reading::Enforce, lists: hides, requests }
    }

    fn on_message(&self, request: &Request<'_>, message: &Message<'_>, effects: &mut Effects) -> Verdict {
        let Some(asked) = Asked::of(message) else { return Verdict::Continue };
        let facts = Facts { request, message: Some(message) };
        let Err(mut denial) = self.judge(&asked, &facts) else { return Verdict::Continue };
        match self.mode {
            Mode::Enforce => {
                let is_request = matches!(message.kind, Kind::Request { .. });
                denial.is_outcome = denial.scopes.is_empty() && is_request;
                Verdict::Deny(denial)
            }
            Mode::Shadow => {
                effects.shadowed.push(*denial);
                Verdict::Continue
            }
        }
    }

    fn shows(&self, request: &Request<'_>, item: &Listed<'_>) -> bool {
        let (method, thing) = thing::listed(item);
        let facts = Facts::of(request);
        let denied = self.deny.iter().any(|rule| rule.hides(method, &thing, &facts));
        // Nobody has to allow what a server asks for.
        let is_free = matches!(item, Listed::Request(_));
        !denied && (is_free || self.allow.iter().any(|rule| rule.may_fit(method, &thing, &facts)))
    }
}

impl McpAcl {
    /// Everything a message acts on has to be let through.
    fn judge(&self, asked: &Asked<'_>, facts: &Facts<'_>) -> Result<(), Box<Denial>> {
        asked.things.iter().try_for_each(|thing| self.judge_one(asked, thing, facts))
    }

    fn judge_one(&self, asked: &Asked<'_>, thing: &Thing<'_>, facts: &Facts<'_>) -> Result<(), Box<Denial>> {
        let denied = |rule: &&Rule| rule.denies(asked.method, thing, facts);
        if let Some(rule) = self.deny.iter().find(denied) {
            return Err(refused(Some(rule)));
        }
        if asked.is_free && *thing == Thing::None {
            return Ok(());
        }
        let mut lacking: Option<&Rule> = None;
        for rule in &self.allow {
            match rule.allows(asked.method, thing, facts) {
                Holds::Yes => return Ok(()),
                // What a client can ask for is worth saying, the first of it.
                Holds::ButForScopes => lacking = lacking.or(Some(rule)),
                Holds::No => {}
            }
        }
        Err(lacking.map_or_else(|| refused(None), scopes_lacking))
    }
}

fn refused(rule: Option<&Rule>) -> Box<Denial> {
    let rule = rule.map(|rule| rule.place.clone());
    Box::new(Denial { rule, code: Some(CODE), ..Denial::new(&ACCESS_DENIED) })
}

fn scopes_lacking(rule: &Rule) -> Box<Denial> {
    let (rule, scopes) = (Some(rule.place.clone()), rule.scopes.clone());
    Box::new(Denial { rule, scopes, code: Some(CODE), ..Denial::new(&INSUFFICIENT_SCOPE) })
}

#[cfg(test)]
mod tests;
