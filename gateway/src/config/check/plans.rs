//! The plans of an API: how each admits callers, and that each can be reached.

use http::header::HeaderName;

use std::path::Path;

use super::values::Refusal;
use super::{Findings, Once, policies, tokens, values};
use crate::config::document::{Api as Written, ApiKeyPlan as WrittenApiKey, Document, Plan as WrittenPlan};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::short_form::Short;
use crate::config::{
    Api, ApiKeyPlan, ApiKeySource, AuthorizationMode, Condition, Listener, Plan, PlanKind, PlanState,
};
use crate::minted;
use tollgate_plugins::catalogue::Policy;
use tollgate_plugins::condition::Sight;
use tollgate_protocol::url::Origin;

/// Where a key is looked for, unless the plan says otherwise.
const HEADER: HeaderName = HeaderName::from_static("x-api-key");

pub fn check(api: &Written, list: &KeyPath, folder: &Path, findings: &mut Findings) -> Vec<Plan> {
    findings.refuse_empty(api.plans.is_empty(), list, "plan");
    let mut names = Once::default();
    let check_one = |(index, written): (usize, &Short<WrittenPlan>)| {
        let path = list.item(index);
        let kind = kind(written, api.authorization.mode, &path, folder, findings)?;
        if matches!(kind, PlanKind::Tokens(_)) && api.authorization.mode == AuthorizationMode::Relay {
            let key = path.key(kind.word());
            let problem = Problem::error(key, "in the mode `relay` tokens are the MCP server's to judge");
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
        let when = match &written.when {
            Some(text) => Some(findings.take(path.key("when"), condition(text.as_str()))?),
            None => None,
        };
        refuse_cors(&written.policies, &path.key("policies"), findings);
        let policies = policies::check(&written.policies, &path.key("policies"), findings);
        Some(Plan { name: own, state: written.state, when, kind, policies })
    };
    let plans: Vec<_> = api.plans.iter().enumerate().filter_map(check_one).collect();
    if plans.len() == api.plans.len() {
        refuse_unreachable(&plans, list, findings);
    }
    plans
}

/// A browser asks without credentials, so nobody could say which plan it asks about.
fn refuse_cors(written: &[Policy], list: &KeyPath, findings: &mut Findings) {
    for (index, _) in written.iter().enumerate().filter(|(_, policy)| policy.cors.is_some()) {
        let path = list.item(index).key("cors");
        let problem =
            Problem::error(path, "a browser asks before it is known which plan it asks about").at_key();
        findings.add(problem.help("write it among the `policies` of the API"));
    }
}

/// Exactly one kind.
fn kind(
    written: &WrittenPlan,
    mode: AuthorizationMode,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<PlanKind> {
    let WrittenPlan { keyless, api_key, jwt, oauth2, mtls, .. } = written;
    let kinds = [
        ("keyless", keyless.is_some()),
        ("api_key", api_key.is_some()),
        ("jwt", jwt.is_some()),
        ("oauth2", oauth2.is_some()),
        ("mtls", mtls.is_some()),
    ];
    let mut named = kinds.iter().filter(|(_, is_written)| *is_written).map(|(key, _)| *key);
    let Some(first) = named.next() else {
        let problem = Problem::error(path.clone(), "a plan says how callers are admitted");
        let help = "add `keyless: {}`, `api_key: {}`, `mtls: {}`, `jwt` with its `issuers`, or `oauth2`";
        findings.add(problem.absent(path.clone()).help(help));
        return None;
    };
    if let Some(second) = named.next() {
        let problem = Problem::error(path.key(second), "a plan is of one kind").at_key();
        findings
            .add(problem.first(path.key(first)).help("write two plans: callers are asked in their order"));
        return None;
    }
    let path = path.key(first);
    if let Some(written) = api_key {
        return self::api_key(written, mode, &path, findings).map(PlanKind::ApiKey);
    }
    if let Some(written) = jwt {
        return tokens::jwt(written, &path, folder, findings).map(PlanKind::Tokens);
    }
    if let Some(written) = oauth2 {
        return tokens::oauth2(written, &path, folder, findings).map(PlanKind::Tokens);
    }
    Some(if mtls.is_some() { PlanKind::Certificates } else { PlanKind::Keyless })
}

fn api_key(
    written: &WrittenApiKey,
    mode: AuthorizationMode,
    path: &KeyPath,
    findings: &mut Findings,
) -> Option<ApiKeyPlan> {
    let places = [
        ("header", written.header.is_some()),
        ("query", written.query.is_some()),
        ("bearer", written.bearer.is_some()),
    ];
    let mut named = places.iter().filter(|(_, is_written)| *is_written).map(|(key, _)| *key);
    if let (Some(first), Some(second)) = (named.next(), named.next()) {
        let problem = Problem::error(path.key(second), "a plan looks for keys in one place").at_key();
        findings.add(problem.first(path.key(first)).help("remove one of the two, or write two plans"));
        return None;
    }
    if written.bearer.is_some() {
        if mode == AuthorizationMode::Relay {
            let problem = Problem::error(
                path.key("bearer"),
                "in the mode `relay` this is where callers have the MCP server's tokens",
            );
            findings.add(
                problem.at_key().help("write `authorization: { mode: protect }` for the API, or `header`"),
            );
            return None;
        }
        return Some(ApiKeyPlan { source: ApiKeySource::Bearer });
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
            .position(|other| other.when.is_none() && (takes_everybody(other) || looks_where(other, plan)));
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

fn takes_everybody(plan: &Plan) -> bool {
    matches!(plan.kind, PlanKind::Keyless)
}

fn condition(text: &str) -> Result<Condition, Refusal> {
    Condition::parse(text, Sight::Request).map_err(|why| {
        Refusal::new(format!("this is no condition: {why}"))
            .help("write it in CEL, such as `request.headers[\"x-env\"] == \"test\"`")
    })
}

fn looks_where(one: &Plan, other: &Plan) -> bool {
    let is_bearer = |plan: &Plan| match &plan.kind {
        PlanKind::Tokens(_) => true,
        PlanKind::ApiKey(plan) => plan.source == ApiKeySource::Bearer,
        PlanKind::Keyless | PlanKind::Certificates => false,
    };
    if is_bearer(one) && is_bearer(other) {
        return true;
    }
    match (&one.kind, &other.kind) {
        (PlanKind::Certificates, PlanKind::Certificates) => true,
        (PlanKind::ApiKey(one), PlanKind::ApiKey(other)) => one.source == other.source,
        _ => false,
    }
}

/// The APIs none of whose plans was refused, with their places: elsewhere the place of a plan is not known.
fn whole<'a>(document: &'a Document, apis: &'a [Api]) -> impl Iterator<Item = (usize, &'a Api)> {
    let all = apis.iter().enumerate().filter(|_| apis.len() == document.apis.len());
    all.filter(|(index, api)| document.apis.get(*index).is_some_and(|own| own.plans.len() == api.plans.len()))
}

/// A certificate is shown where a listener asks for one.
pub fn refuse_without_certificates(
    document: &Document,
    apis: &[Api],
    listeners: &[Listener],
    findings: &mut Findings,
) {
    let asks = |listener: &Listener| listener.tls.as_ref().is_some_and(|tls| tls.client_auth.is_some());
    if listeners.len() != document.listeners.len() || listeners.iter().any(asks) {
        return;
    }
    for (api_index, api) in whole(document, apis) {
        for (index, plan) in api.plans.iter().enumerate().filter(|(_, plan)| plan.kind.needs_certificates()) {
            let path = KeyPath::root().key("apis").item(api_index).key("plans").item(index);
            let problem = Problem::error(path, "no listener asks clients for certificates");
            let help = "add `client_auth: { mode: optional, ca: FILE }` to the `tls` of a listener";
            findings.add(problem.help(match &plan.kind {
                PlanKind::Tokens(_) => format!("{help}, or remove `certificate_bound`"),
                _ => help.to_owned(),
            }));
        }
    }
}

/// MCP clients name the URL they were given (RFC 8707), and an authorization server writes that into their tokens.
pub fn warn_about_audiences(
    document: &Document,
    apis: &[Api],
    public_urls: &[(KeyPath, Origin)],
    findings: &mut Findings,
) {
    if public_urls.is_empty() {
        return;
    }
    for (api_index, api) in whole(document, apis) {
        let resource = |origin: &Origin| format!("{origin}{}", api.path);
        for (index, plan) in api.plans.iter().enumerate() {
            let PlanKind::Tokens(tokens) = &plan.kind else { continue };
            let same =
                |audience: &str, url: &str| audience.trim_end_matches('/') == url.trim_end_matches('/');
            let is_public =
                |audience: &String| public_urls.iter().any(|(_, origin)| same(audience, &resource(origin)));
            if tokens.audiences.is_empty() || tokens.audiences.iter().any(is_public) {
                continue;
            }
            let plan = KeyPath::root().key("apis").item(api_index).key("plans").item(index);
            let path = plan.key(PlanKind::word(&api.plans[index].kind)).key("audiences");
            let problem = Problem::warning(path, "none of these is a public URL of the API").at_key();
            let url = public_urls.first().map(|(_, origin)| resource(origin)).unwrap_or_default();
            findings.add(problem.help(format!("clients that name the resource get tokens for `{url}`")));
        }
    }
}
