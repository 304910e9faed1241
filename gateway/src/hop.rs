//! The next hop of an admitted request: the endpoint it is sent to, and what to do when that one fails.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, Uri};
use tollgate_protocol::url::HttpUrl;

use crate::affinity::{self, Followed, McpSession};
use crate::context::Route;
use crate::endpoint::Endpoint;
use crate::endpoint::breaker::Failure;
use crate::endpoint::lease::Lease;
use crate::gateway::Api;
use crate::logging::Fields;
use crate::reason;
use crate::respond::Refusal;

/// An endpoint, held for one request.
pub struct Hop {
    pub endpoint: Lease,
    /// Path and query as the endpoint is asked for them.
    pub target: Uri,
    /// The session the request belongs to: no other endpoint knows it.
    pub session: Option<McpSession>,
    bound: bool,
}

impl Hop {
    /// `None`: what the endpoint would have to be asked for is no URI, which no checked path leads to.
    fn new(route: &Route, endpoint: Lease, session: Option<McpSession>) -> Option<Hop> {
        let bound = session.is_some() || route.announced.is_some();
        let target = match &route.announced {
            Some(announced) => Uri::try_from(match &route.query {
                Some(query) => format!("{}?{query}", announced.upstream_path),
                None => announced.upstream_path.clone(),
            }),
            None if route.rest.is_empty() && route.query.is_none() => Ok(endpoint.target.clone()),
            None => Uri::try_from(endpoint.mount.upstream_target(&route.rest, route.query.as_deref())),
        };
        Some(Hop { endpoint, target: target.ok()?, session, bound })
    }

    /// The upstream URL of this request, for resolving what its answer refers to.
    pub fn url(&self) -> Option<HttpUrl> {
        HttpUrl::parse(&format!("{}{}", self.endpoint.url().origin(), self.target)).ok()
    }

    /// The endpoint has answered with this status.
    pub fn answered(&mut self, api: &Api, status: u16) {
        if status >= 500 {
            self.failed(api, Failure::Status);
        } else if self.endpoint.succeeded() {
            log("endpoint_readmitted", api, &self.endpoint, None);
        }
    }

    /// The endpoint is to blame for an error.
    pub fn failed(&mut self, api: &Api, kind: Failure) {
        let percent = self.endpoint.settings.outlier_detection.max_ejection_percent;
        let may_eject = || api.endpoints.may_eject(kind, percent);
        if let Some(lasting) = self.endpoint.failed(kind, Instant::now(), may_eject) {
            api.ejected(self.endpoint.endpoint());
            log("endpoint_ejected", api, &self.endpoint, Some(lasting.as_secs_f64()));
        }
    }
}

/// Chooses the endpoint of a request: the one that holds its session, or the one whose turn it is.
///
/// # Errors
/// When its session is unknown or lost, so that the client begins a new one; or when no endpoint takes requests.
pub async fn choose(route: &Route, headers: &HeaderMap, now: Instant) -> Result<Hop, Refusal> {
    let endpoints = &route.api.endpoints;
    endpoints.retries.request();
    if let Some(announced) = &route.announced {
        let endpoint =
            endpoints.by_id(&announced.endpoint).ok_or_else(|| Refusal::new(&reason::SESSION_LOST))?;
        let lease = take(endpoint, now).await?.ok_or_else(|| unavailable(&route.api, now))?;
        return Hop::new(route, lease, None).ok_or_else(no_target);
    }
    if let Some(Followed { session, holder }) = affinity::follow(endpoints, headers)? {
        let lease = match holder {
            Some(endpoint) => take(endpoint, now).await?,
            None => None,
        };
        return match lease {
            Some(lease) => Hop::new(route, lease, Some(session)).ok_or_else(no_target),
            None => Err(lost(&route.api, &session, now)),
        };
    }
    let lease = match endpoints.pick(&[], now) {
        Some(lease) => lease,
        None if endpoints.is_full(now) => Box::pin(endpoints.wait(now)).await.ok_or_else(overloaded)?,
        None => return Err(unavailable(&route.api, now)),
    };
    Hop::new(route, lease, None).ok_or_else(no_target)
}

fn no_target() -> Refusal {
    Refusal::new(&reason::INTERNAL)
}

/// Takes this endpoint and no other; `None` when it takes no requests.
async fn take(endpoint: &Arc<Endpoint>, now: Instant) -> Result<Option<Lease>, Refusal> {
    match Lease::take(endpoint, now) {
        None if endpoint.is_available(now) && endpoint.is_full() => {
            Box::pin(Lease::wait_for(endpoint)).await.map(Some).ok_or_else(overloaded)
        }
        lease => Ok(lease),
    }
}

/// Another endpoint for a request that its endpoint has not answered, if there is one and the budget allows it.
pub fn fail_over(route: &Route, from: &Hop, tried: &mut Vec<Arc<Endpoint>>) -> Option<Hop> {
    let now = Instant::now();
    if from.bound {
        return None;
    }
    tried.push(from.endpoint.endpoint().clone());
    let lease = route.api.endpoints.pick(tried, now).filter(|_| route.api.endpoints.retries.take(now));
    if lease.is_none() {
        tried.pop();
    }
    lease.and_then(|lease| Hop::new(route, lease, None))
}

/// What the client of a session is told whose endpoint cannot be connected to: to begin anew, if there is another to
/// begin with.
pub fn session_is_lost(route: &Route, hop: &Hop) -> Option<Refusal> {
    let now = Instant::now();
    let session = hop.session.as_ref()?;
    let another = route.api.endpoints.has_another(hop.endpoint.endpoint(), now);
    another.then(|| lost(&route.api, session, now))
}

fn lost(api: &Api, session: &McpSession, now: Instant) -> Refusal {
    if !api.endpoints.any_available(now) {
        return unavailable(api, now);
    }
    affinity::forget(&api.endpoints, session);
    Refusal::new(&reason::SESSION_LOST)
}

/// A place may be free any time.
fn overloaded() -> Refusal {
    Refusal { retry_after: Some(1), ..Refusal::new(&reason::UPSTREAM_OVERLOADED) }
}

fn unavailable(api: &Api, now: Instant) -> Refusal {
    let seconds = api.endpoints.retry_after(now).as_secs_f64().ceil();
    Refusal { retry_after: Some((seconds as u32).max(1)), ..Refusal::new(&reason::UPSTREAM_UNAVAILABLE) }
}

fn log(event: &str, api: &Api, endpoint: &Endpoint, seconds: Option<f64>) {
    let mut fields = Fields::new(event);
    fields
        .text("api", &api.name)
        .maybe("endpoint", endpoint.settings.name.as_deref())
        .text("url", &endpoint.id);
    if let Some(seconds) = seconds {
        fields.number("seconds", seconds);
    }
    fields.log();
}
