//! The plans of an API: how each admits callers, and that each can be reached.

use http::header::HeaderName;

use std::path::Path;

use super::values::Refusal;
use super::{Findings, Once, jwt, values};
use crate::config::document::{Api as Written, ApiKeyPlan as WrittenApiKey, Plan as WrittenPlan};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::short_form::Short;
use crate::config::{ApiKeyPlan, ApiKeySource, AuthorizationMode, Plan, PlanKind, PlanState};
use crate::minted;

/// Where a key is looked for, unless the plan says otherwise.
const HEADER: HeaderName = HeaderName::from_static("x-api-key");

pub fn check(api: &Written, list: &KeyPath, folder: &Path, findings: &mut Findings) -> Vec<Plan> {
    findings.refuse_empty(api.plans.is_empty(), list, "plan");
    let mut names = Once::default();
    let check_one = |(index, written): (usize, &Short<WrittenPlan>)| {
        let path = list.item(index);
        let kind = kind(written, &path, folder, findings)?;
        if matches!(kind, PlanKind::Jwt(_)) && api.authorization.mode == AuthorizationMode::Relay {
            let problem =
                Problem::error(path.key("jwt"), "in the mode `relay` tokens are the MCP server's to judge");
            findings.add(problem.at_key().help("add `authorization: { mode: protect }` to the API"));
        }
        let own = match &written.name {
            Some(name) => findings.take(path.key("name"), values::name(name.as_str()))?,
            None => kind.word().to_owned(),
        };
        if let Some(first) = names.note(own.clone(), &path) {
            let message = format!("another plan of this API is called {}", quoted(&own));
            findings.add(Problem::error(path.clone(), message).first(first).help("give each its own `name`"));
        }
        Some(Plan { name: own, state: written.state, kind })
    };
    let plans: Vec<_> = api.plans.iter().enumerate().filter_map(check_one).collect();
    if plans.len() == api.plans.len() {
        refuse_unreachable(&plans, list, findings);
    }
    plans
}

/// Exactly one kind.
fn kind(written: &WrittenPlan, path: &KeyPath, folder: &Path, findings: &mut Findings) -> Option<PlanKind> {
    match (&written.keyless, &written.api_key, &written.jwt) {
        (Some(_), None, None) => Some(PlanKind::Keyless),
        (None, Some(api_key), None) => {
            Some(PlanKind::ApiKey(self::api_key(api_key, &path.key("api_key"), findings)?))
        }
        (None, None, Some(jwt)) => Some(PlanKind::Jwt(jwt::check(jwt, &path.key("jwt"), folder, findings)?)),
        (None, None, None) => {
            let problem = Problem::error(path.clone(), "a plan says how callers are admitted");
            findings.add(
                problem
                    .absent(path.clone())
                    .help("add `keyless: {}`, `api_key: {}` or `jwt` with its `issuers` and `audiences`"),
            );
            None
        }
        (keyless, api_key, _) => {
            let (first, second) = match (keyless, api_key) {
                (Some(_), Some(_)) => ("keyless", "api_key"),
                (Some(_), None) => ("keyless", "jwt"),
                (None, _) => ("api_key", "jwt"),
            };
            let problem = Problem::error(path.key(second), "a plan is of one kind").at_key();
            findings.add(
                problem.first(path.key(first)).help("write two plans: callers are asked in their order"),
            );
            None
        }
    }
}

fn api_key(written: &WrittenApiKey, path: &KeyPath, findings: &mut Findings) -> Option<ApiKeyPlan> {
    if let (Some(_), Some(_)) = (&written.header, &written.query) {
        let problem = Problem::error(path.key("query"), "a plan looks for keys in one place").at_key();
        findings.add(problem.first(path.key("header")).help("remove one of the two, or write two plans"));
        return None;
    }
    if let Some(name) = &written.query {
        let name = findings.take(path.key("query"), query_name(name.as_str()))?;
        let problem =
            Problem::warning(path.key("query"), "URLs end up in logs and histories, and keys with them");
        findings.add(problem.help("let callers send the key in a header if they can"));
        return Some(ApiKeyPlan { source: ApiKeySource::Query(name) });
    }
    let header = match &written.header {
        Some(name) => findings.take(path.key("header"), header_name(name.as_str()))?,
        None => HEADER,
    };
    Some(ApiKeyPlan { source: ApiKeySource::Header(header) })
}

fn header_name(text: &str) -> Result<HeaderName, Refusal> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| Refusal::new(format!("{} is no name of a header", quoted(text))))?;
    let taken = [http::header::AUTHORIZATION, http::header::COOKIE, http::header::HOST].contains(&name)
        || minted::is_forwarding(&name)
        || minted::is_heeded(&name)
        || name.as_str().starts_with("mcp-");
    match taken {
        true => Err(Refusal::new(format!("{} has a meaning of its own", quoted(text)))
            .help("write another name, such as `x-api-key`")),
        false => Ok(name),
    }
}

fn query_name(text: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match !text.is_empty() && text.bytes().all(allowed) && !text.eq_ignore_ascii_case("access_token") {
        true => Ok(text.to_owned()),
        false => Err(Refusal::new(format!("{} cannot be the name of a query parameter", quoted(text)))
            .help("write letters, digits, `-`, `_` and `.`, such as `api_key`")),
    }
}

/// The first plan that finds its kind of credential decides, and `keyless` finds it always.
fn refuse_unreachable(plans: &[Plan], list: &KeyPath, findings: &mut Findings) {
    for (index, plan) in plans.iter().enumerate() {
        let before = plans
            .iter()
            .take(index)
            .position(|other| matches!(other.kind, PlanKind::Keyless) || looks_where(other, plan));
        if let Some(before) = before {
            let problem = Problem::error(list.item(index), "no request ever reaches this plan");
            let help = "put the plan that needs nothing last, and have one plan for each place of keys and for tokens";
            findings.add(problem.first(list.item(before)).help(help));
        }
    }
    if plans.iter().all(|plan| plan.state == PlanState::Closed) && !plans.is_empty() {
        findings.add(Problem::warning(list.clone(), "every plan is closed, so nobody is admitted").at_key());
    }
}

fn looks_where(one: &Plan, other: &Plan) -> bool {
    match (&one.kind, &other.kind) {
        (PlanKind::Jwt(_), PlanKind::Jwt(_)) => true,
        (PlanKind::ApiKey(one), PlanKind::ApiKey(other)) => one.source == other.source,
        _ => false,
    }
}
