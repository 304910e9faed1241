//! Plans: how callers of an API prove who they are. They are asked in the order of the configuration; the first whose
//! kind of credential a request has decides, and what it decides is final: a bad key never falls through to a plan that
//! asks for none.

pub mod api_key;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::HeaderMap;

use self::api_key::{ApiKeys, Found, KeyRefused};
use crate::config::{ApiKeySource, PlanState};
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
            Kind::Keyless => None,
            Kind::ApiKey(keys) => Some(keys.source()),
        }
    }
}

/// What it asks for.
#[derive(Debug)]
pub enum Kind {
    Keyless,
    ApiKey(ApiKeys),
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
pub fn admit(
    api: &Api,
    headers: &HeaderMap,
    query: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Admission, Refusal> {
    for (place, plan) in api.plans.iter().enumerate() {
        let found = match &plan.kind {
            Kind::Keyless => Some(Ok(Found::default())),
            Kind::ApiKey(keys) => keys.find(headers, query, now),
        };
        // Whoever has the credential of a closed plan is told so, rather than let in by the next.
        let Some(found) = found else { continue };
        if plan.state == PlanState::Closed {
            return Err(Refusal::new(&reason::PLAN_CLOSED));
        }
        let Found { consumer, key } = found.map_err(refusal)?;
        return Ok(Admission { plan: place, consumer, key });
    }
    Err(missing(api))
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

fn missing(api: &Api) -> Refusal {
    let mut open = api.plans.iter().filter(|plan| plan.state != PlanState::Closed);
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
