//! Plans: how callers of an API prove who they are. They are asked in the order of the configuration; the first whose
//! kind of credential a request has decides, and what it decides is final: a bad key never falls through to a plan that
//! asks for none.

pub mod api_key;
pub mod jwt;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::HeaderMap;

use self::api_key::{ApiKeys, Found, KeyRefused};
use self::jwt::Tokens;
use crate::config::{ApiKeySource, PlanState};
use crate::context::Route;
use crate::gateway::Api;
use crate::reason;
use crate::respond::Refusal;

/// One plan of one API.
#[derive(Debug)]
pub struct Plan {
    /// No other of the API has it.
    pub name: Arc<str>,
    pub state: PlanState,
    pub kind: Kind,
}

impl Plan {
    /// Where callers have their key, if it is a plan for keys.
    pub fn key_source(&self) -> Option<&ApiKeySource> {
        match &self.kind {
            Kind::Keyless | Kind::Jwt(_) => None,
            Kind::ApiKey(keys) => Some(keys.source()),
        }
    }

    /// The tokens that open it, if it is a plan for those.
    pub fn tokens(&self) -> Option<&Arc<Tokens>> {
        match &self.kind {
            Kind::Jwt(tokens) => Some(tokens),
            Kind::Keyless | Kind::ApiKey(_) => None,
        }
    }
}

/// What it asks for.
#[derive(Debug)]
pub enum Kind {
    Keyless,
    ApiKey(ApiKeys),
    /// Shared with the snapshots before and after this one, for the keys that were fetched.
    Jwt(Arc<Tokens>),
}

/// A caller that was let in.
#[derive(Debug)]
pub struct Admission {
    /// The API's plans are in its snapshot; this is the place of the one that decided.
    plan: usize,
    /// Who it is, where the plan says so.
    pub consumer: Option<Arc<str>>,
    /// Which of its keys it used, where that has a name.
    pub key: Option<Arc<str>>,
}

impl Admission {
    pub fn plan<'a>(&self, api: &'a Api) -> Option<&'a Plan> {
        api.plans.get(self.plan)
    }
}

/// Asks the plans of an API about a request.
///
/// # Errors
/// When the plan that decides refuses it, or no plan finds its kind of credential.
pub async fn admit(route: &Route, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Admission, Refusal> {
    for (place, plan) in route.api.plans.iter().enumerate() {
        // Whoever has the credential of a closed plan is told so, rather than let in by the next.
        let Some(found) = find(plan, route, headers, now).await else { continue };
        if plan.state == PlanState::Closed {
            return Err(Refusal::new(&reason::PLAN_CLOSED));
        }
        let Found { consumer, key } = found?;
        return Ok(Admission { plan: place, consumer, key });
    }
    Err(missing(route))
}

/// What a plan says to the credential of a request; `None` where there is none of its kind.
async fn find(
    plan: &Plan,
    route: &Route,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Option<Result<Found, Refusal>> {
    match &plan.kind {
        Kind::Keyless => Some(Ok(Found::default())),
        Kind::ApiKey(keys) => {
            keys.find(headers, route.query.as_deref(), now).map(|found| found.map_err(refusal))
        }
        Kind::Jwt(tokens) => {
            let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
            let found = tokens.find(headers, &route.identifier, seconds).await?;
            Some(found.map(|()| Found::default()))
        }
    }
}

/// A 401 would send an MCP client to log in, at the server's authorization server or at none, which never gives it a key.
/// So what has to do with keys is a 403.
fn refusal(refused: KeyRefused) -> Refusal {
    match refused {
        KeyRefused::Unknown => Refusal::new(&reason::API_KEY_INVALID),
        KeyRefused::Expired => Refusal::new(&reason::API_KEY_EXPIRED),
        KeyRefused::Several => {
            Refusal::because(&reason::API_KEY_INVALID, "The request carries more than one API key.")
        }
    }
}

/// A client that can log in is told where, even if a key would do as well.
fn missing(route: &Route) -> Refusal {
    if let Some(tokens) = route.api.tokens() {
        return tokens.missing(&route.identifier);
    }
    let mut open = route.api.plans.iter().filter(|plan| plan.state != PlanState::Closed);
    match open.find_map(Plan::key_source) {
        Some(ApiKeySource::Header(name)) => {
            Refusal::because(&reason::API_KEY_MISSING, format!("This API needs a key, in the header {name}."))
        }
        Some(ApiKeySource::Query(name)) => {
            let detail = format!("This API needs a key, in the query parameter {name}.");
            Refusal::because(&reason::API_KEY_MISSING, detail)
        }
        None => Refusal::new(&reason::PLAN_CLOSED),
    }
}
