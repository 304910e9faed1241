//! Plans: how callers of an API prove who they are. They are asked in the order of the configuration; the first whose
//! kind of credential a request has decides, and what it decides is final: a bad key never falls through to a plan that
//! asks for none.

pub mod api_key;
pub mod caller;
pub mod mtls;
pub mod operations;
pub mod owners;
pub mod tokens;

use std::sync::Arc;

use self::api_key::{ApiKeys, KeyRefused};
use self::caller::Caller;
use self::mtls::CertificateOwners;
use self::owners::TokenOwners;
use self::tokens::Tokens;
use tollgate_plugins::condition::{Condition, Facts};
use tollgate_plugins::policy::Reading;
use tollgate_plugins::request::Request;

use crate::config::{ApiKeySource, PlanState};
use crate::context::Route;
use crate::gateway::Api;
use crate::listener::client_certificate::ClientCertificate;
use crate::policies::Chain;
use crate::reason;
use crate::respond::Refusal;

/// One plan of one API.
#[derive(Debug)]
pub struct Plan {
    /// No other of the API has it.
    pub name: Arc<str>,
    pub state: PlanState,
    /// Absent: for every request.
    pub when: Option<Condition>,
    pub kind: Kind,
    /// What callers that were let in may do.
    pub policies: Chain,
}

impl Plan {
    /// Whether the plan is for this request.
    ///
    /// # Errors
    /// When that cannot be told. To go on with the next plan would let in whom this one is to keep out.
    fn is_for(&self, shown: &Shown<'_>) -> Result<bool, Refusal> {
        match &self.when {
            Some(when) => when
                .holds(&Facts::of(&shown.request))
                .map_err(|_| Refusal::new(&reason::PLAN_CONDITION_FAILED)),
            None => Ok(true),
        }
    }

    /// Where callers have their key, if it is a plan for keys.
    pub fn key_source(&self) -> Option<&ApiKeySource> {
        match &self.kind {
            Kind::ApiKey(keys) => Some(keys.source()),
            Kind::Keyless | Kind::Tokens(_) | Kind::Certificates(_) => None,
        }
    }

    /// How it has to have messages read.
    pub fn reading(&self) -> Reading {
        match self.tokens().is_some_and(|tokens| tokens.reads_messages()) {
            true => Reading::Enforce,
            false => self.policies.reading(),
        }
    }

    /// The tokens that open it, if it is a plan for those.
    pub fn tokens(&self) -> Option<&Arc<Tokens>> {
        match &self.kind {
            Kind::Tokens(plan) => Some(&plan.tokens),
            Kind::Keyless | Kind::ApiKey(_) | Kind::Certificates(_) => None,
        }
    }
}

/// What it asks for.
#[derive(Debug)]
pub enum Kind {
    Keyless,
    ApiKey(ApiKeys),
    Tokens(TokenPlan),
    Certificates(CertificateOwners),
}

/// A plan for callers with a token.
#[derive(Debug)]
pub struct TokenPlan {
    /// Shared with the snapshots before and after this one, for the keys that were fetched.
    pub tokens: Arc<Tokens>,
    pub owners: TokenOwners,
    /// Whoever has a token must be known besides.
    pub of_consumers_only: bool,
}

/// What a request shows of its caller.
pub struct Shown<'r> {
    pub request: Request<'r>,
    /// On its connection. Absent where no plan of the API asks for one.
    pub certificate: Option<Arc<ClientCertificate>>,
}

impl Shown<'_> {
    /// Since 1970.
    fn seconds(&self) -> u64 {
        self.request.now / 1000
    }
}

/// A caller that was let in.
#[derive(Debug)]
pub struct Admission {
    /// The API's plans are in its snapshot; this is the place of the one that decided.
    plan: usize,
    pub caller: Caller,
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
pub async fn admit(route: &Route, shown: &Shown<'_>) -> Result<Admission, Refusal> {
    for (place, plan) in route.api.plans.iter().enumerate() {
        if !plan.is_for(shown)? {
            continue;
        }
        // Whoever has the credential of a closed plan is told so, rather than let in by the next.
        let Some(found) = find(plan, route, shown).await else { continue };
        if plan.state == PlanState::Closed {
            return Err(Refusal::new(&reason::PLAN_CLOSED));
        }
        return Ok(Admission { plan: place, caller: found? });
    }
    Err(missing(route, shown))
}

/// What a plan says to the credential of a request; `None` where there is none of its kind.
async fn find(plan: &Plan, route: &Route, shown: &Shown<'_>) -> Option<Result<Caller, Refusal>> {
    match &plan.kind {
        Kind::Keyless => Some(Ok(Caller::default())),
        Kind::ApiKey(keys) => {
            let found = keys.find(shown.request.headers, route.query.as_deref(), shown.request.now);
            found.map(|found| found.map_err(refusal))
        }
        Kind::Tokens(plan) => plan.find(route, shown).await,
        Kind::Certificates(owners) => {
            let certificate = shown.certificate.as_ref()?;
            Some(owners.find(certificate, shown.seconds()).map_err(Refusal::new))
        }
    }
}

impl TokenPlan {
    async fn find(&self, route: &Route, shown: &Shown<'_>) -> Option<Result<Caller, Refusal>> {
        let certificate = shown.certificate.as_deref();
        let found =
            self.tokens.find(shown.request.headers, certificate, &route.identifier, shown.seconds()).await?;
        Some(found.and_then(|token| {
            let consumer = self.owners.find(&token).cloned();
            match consumer.is_none() && self.of_consumers_only {
                true => Err(Refusal::new(&reason::CONSUMER_UNKNOWN)),
                false => Ok(Caller { consumer, token: Some(token), ..Caller::default() }),
            }
        }))
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
fn missing(route: &Route, shown: &Shown<'_>) -> Refusal {
    let is_for = |plan: &&Plan| plan.is_for(shown).unwrap_or_default();
    let open = || route.api.open_plans().filter(is_for);
    if let Some(tokens) = open().find_map(Plan::tokens) {
        return tokens.missing(&route.identifier);
    }
    match open().find_map(Plan::key_source) {
        Some(ApiKeySource::Header(name)) => {
            Refusal::because(&reason::API_KEY_MISSING, format!("This API needs a key, in the header {name}."))
        }
        Some(ApiKeySource::Query(name)) => {
            let detail = format!("This API needs a key, in the query parameter {name}.");
            Refusal::because(&reason::API_KEY_MISSING, detail)
        }
        Some(ApiKeySource::Bearer) => {
            let detail = "This API needs a key, in the header Authorization, behind the word Bearer.";
            Refusal::because(&reason::API_KEY_MISSING, detail)
        }
        None if open().next().is_some() => Refusal::new(&reason::CERTIFICATE_MISSING),
        None if route.api.open_plans().next().is_some() => Refusal::new(&reason::NO_PLAN),
        None => Refusal::new(&reason::PLAN_CLOSED),
    }
}
