//! All policies there are: as they are written, as they were checked, and as they run.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::audit::{self, Audit};
use crate::concurrency::{self, Concurrency};
use crate::cors::{self, Cors};
use crate::headers::{self, Headers};
use crate::ip_filter::{self, IpFilter};
use crate::mcp_acl::{self, McpAcl};
use crate::policy::{Policy as Running, Services};
use crate::rate_limit::{self, RateLimit};
use crate::settings::findings::{Findings, Once};
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::settings::text::Name;
use crate::settings::values;
use crate::size_limits::{self, SizeLimits};

/// A rule for callers that were admitted. Exactly one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a policy: a mapping with its kind, such as `ip_filter`")]
pub struct Policy {
    /// What logs call this policy, once in its list. Lower-case letters, digits and `-`, at most 64. Without it, its kind.
    pub name: Option<Name>,

    /// Records who has called what.
    pub audit: Option<audit::Settings>,

    /// From which addresses callers may come.
    pub ip_filter: Option<ip_filter::Settings>,

    /// Which tools, resources, prompts and methods callers may use, and which they see in lists.
    pub mcp_acl: Option<mcp_acl::Settings>,

    /// Which web pages may call, besides those of the listener.
    pub cors: Option<cors::Settings>,

    /// How much a caller may ask for within a time.
    pub rate_limit: Option<rate_limit::Settings>,

    /// How many requests, or calls of tools, may be under way at the same time.
    pub concurrency: Option<concurrency::Settings>,

    /// How large requests, their messages, and what they are answered may be.
    pub size_limits: Option<size_limits::Settings>,

    /// Fields of requests and answers that are added, replaced and removed.
    pub headers: Option<headers::Settings>,
}

/// A policy that can be started.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// No other of its list has it.
    pub name: String,
    pub kind: Kind,
}

/// The kinds.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Audit(Audit),
    IpFilter(IpFilter),
    McpAcl(McpAcl),
    Cors(Cors),
    RateLimit(RateLimit),
    Concurrency(Concurrency),
    SizeLimits(SizeLimits),
    Headers(Headers),
}

/// Checks the policies of one list.
pub fn check(written: &[Policy], list: &KeyPath, findings: &mut Findings) -> Vec<Checked> {
    let mut names = Once::default();
    let check_one = |(index, written): (usize, &Policy)| {
        let path = list.item(index);
        let (word, kind) = kind(written, &path, findings)?;
        let name = match &written.name {
            Some(name) => findings.take(path.key("name"), values::name(name.as_str()))?,
            None => word.to_owned(),
        };
        if let Some(first) = names.note(name.clone(), &path) {
            let message = format!("another policy of this list is called {}", quoted(&name));
            findings.add(Problem::error(path, message).first(first).help("give each its own `name`"));
        }
        Some(Checked { name, kind: kind? })
    };
    written.iter().enumerate().filter_map(check_one).collect()
}

/// What is left to be done to know whether a policy can be used.
type Check<'w> = Box<dyn FnOnce(&KeyPath, &mut Findings) -> Option<Kind> + 'w>;

/// The check of a policy of one kind, where it is written.
fn of_kind<'w, Settings, Checked: 'w>(
    written: Option<&'w Settings>,
    check: fn(&Settings, &KeyPath, &mut Findings) -> Option<Checked>,
    kind: fn(Checked) -> Kind,
) -> Option<Check<'w>> {
    let written = written?;
    Some(Box::new(move |path, findings| check(written, path, findings).map(kind)))
}

/// Exactly one kind, and what it is if it can be used.
fn kind(written: &Policy, path: &KeyPath, findings: &mut Findings) -> Option<(&'static str, Option<Kind>)> {
    let Policy { name: _, audit, ip_filter, mcp_acl, cors, rate_limit, concurrency, size_limits, headers } =
        written;
    let kinds: [(&'static str, Option<Check<'_>>); 8] = [
        ("audit", of_kind(audit.as_ref(), audit::check, Kind::Audit)),
        ("ip_filter", of_kind(ip_filter.as_ref(), ip_filter::check, Kind::IpFilter)),
        ("mcp_acl", of_kind(mcp_acl.as_ref(), mcp_acl::check, Kind::McpAcl)),
        ("cors", of_kind(cors.as_ref(), cors::check, Kind::Cors)),
        ("rate_limit", of_kind(rate_limit.as_ref(), rate_limit::check, Kind::RateLimit)),
        ("concurrency", of_kind(concurrency.as_ref(), concurrency::check, Kind::Concurrency)),
        ("size_limits", of_kind(size_limits.as_ref(), size_limits::check, Kind::SizeLimits)),
        ("headers", of_kind(headers.as_ref(), headers::check, Kind::Headers)),
    ];
    let known: Vec<_> = kinds.iter().map(|(word, _)| format!("`{word}`")).collect();
    let mut named = kinds.into_iter().filter_map(|(word, check)| Some((word, check?)));
    let Some((word, check)) = named.next() else {
        let problem = Problem::error(path.clone(), "a policy says of which kind it is");
        findings.add(problem.absent(path.clone()).help(format!("write one of {}", known.join(", "))));
        return None;
    };
    if let Some((second, _)) = named.next() {
        let problem = Problem::error(path.key(second), "a policy is of one kind").at_key();
        findings.add(problem.first(path.key(word)).help("write two policies: they are asked in their order"));
        return None;
    }
    Some((word, check(&path.key(word), findings)))
}

impl Checked {
    /// The policy, for all requests from now on.
    ///
    /// # Errors
    /// When it lacks what it needs outside of this process.
    pub fn start(&self, services: &dyn Services) -> Result<Arc<dyn Running>, String> {
        Ok(match &self.kind {
            Kind::Audit(policy) => Arc::new(policy.start(services)?),
            Kind::IpFilter(policy) => Arc::new(policy.clone()),
            Kind::McpAcl(policy) => Arc::new(policy.clone()),
            Kind::Cors(policy) => Arc::new(policy.clone()),
            Kind::RateLimit(policy) => Arc::new(policy.start(services)),
            Kind::Concurrency(policy) => policy.start(services),
            Kind::SizeLimits(policy) => Arc::new(policy.clone()),
            Kind::Headers(policy) => Arc::new(policy.clone()),
        })
    }
}
