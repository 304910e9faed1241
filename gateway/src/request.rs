//! What becomes of a request, decided from its head alone: a refusal, an answer of the gateway's own, or a
//! route to an upstream. Nothing here writes, waits or contacts anyone.

use std::sync::Arc;

use http::Method;
use pingora::http::RequestHeader;
use tollgate_protocol::mount;
use tollgate_protocol::path::without_parameters;

use crate::canonical::{self, Canonical};
use crate::config::AuthorizationMode;
use crate::context::Route;
use crate::cors::{self, WebOrigin};
use crate::gateway::{Api, Gateway, Identifier, Listener};
use crate::reason;
use crate::relay::well_known::{self, WellKnown};
use crate::respond::{Refusal, Reply};

/// The verdict on a request head.
pub enum Decision {
    /// Send it to the upstream.
    Relay(Route),
    /// Answer with the metadata of this resource.
    Metadata(Route),
    /// Answer with this.
    Reply(Reply),
    /// Answer with this error.
    Refuse(Refusal),
}

/// A decision, and the page the request came from if a browser sent it.
pub struct Decided {
    pub web_origin: Option<WebOrigin>,
    pub decision: Decision,
}

/// Decides. The order is that of `docs/life-of-a-request.md`: form, scheme, host, web origin, metadata, API, plan.
pub fn decide(
    gateway: &Gateway,
    listener: &Listener,
    head: &RequestHeader,
    in_frames: bool,
) -> Result<Decided, Refusal> {
    let request = canonical::read(head, in_frames, &listener.origins)?;
    if let Some(https) = &listener.redirect_to {
        return Ok(Decided { web_origin: None, decision: Decision::Reply(https.redirect(&request)?) });
    }
    let origin = request.origin.ok_or_else(|| Refusal::new(&reason::UNKNOWN_HOST))?;
    let identify = |path: &str| Identifier { origin: origin.clone(), path: path.to_string() };

    if let Some(well_known) = WellKnown::of(request.path) {
        // Metadata is open to every page, so no web origin is checked here.
        let decision = match well_known::answer_by_method(request.method, &head.headers) {
            Some(answer) => Decision::Reply(answer?),
            None => Decision::Metadata(metadata_route(gateway, &well_known, identify)?),
        };
        return Ok(Decided { web_origin: None, decision });
    }

    let policies = || gateway.router.find(&origin.host, request.path).map_or(&[][..], |api| &api.cors);
    let web_origin = listener.allowed_origins.check(&head.headers, policies)?;
    if let Some(page) = web_origin.as_ref().filter(|_| cors::is_preflight(request.method, &head.headers)) {
        let decision = Decision::Reply(page.preflight(&head.headers));
        return Ok(Decided { web_origin: None, decision });
    }
    // A page that may call may also read why it was refused.
    let decision = match api_route(gateway, &request, identify(request.path)) {
        Ok(route) => Decision::Relay(route),
        Err(refusal) => Decision::Refuse(refusal),
    };
    Ok(Decided { web_origin, decision })
}

/// The resource whose metadata a well-known URL asks for.
fn metadata_route(
    gateway: &Gateway,
    well_known: &WellKnown<'_>,
    identify: impl Fn(&str) -> Identifier,
) -> Result<Route, Refusal> {
    let nothing = || Refusal::new(&reason::NO_METADATA_HERE);
    match well_known {
        WellKnown::Metadata { resource } => {
            let identifier = identify(resource);
            let api = gateway.router.find(&identifier.origin.host, resource).ok_or_else(nothing)?;
            let rest = rest_of(api, resource).filter(|_| has_metadata(api)).ok_or_else(nothing)?.to_string();
            Ok(Route { api: api.clone(), identifier, rest, query: None, announced: None })
        }
        WellKnown::RootMetadata => {
            let identifier = identify("");
            let api = gateway
                .router
                .only_api(&identifier.origin.host)
                .filter(|api| has_metadata(api))
                .ok_or_else(nothing)?;
            Ok(Route { api: api.clone(), identifier, rest: String::new(), query: None, announced: None })
        }
        WellKnown::Nothing => Err(nothing()),
    }
}

/// Whether there is metadata that helps a caller: the server's own, or the gateway's for plans that take tokens.
fn has_metadata(api: &Api) -> bool {
    api.mode == AuthorizationMode::Relay || api.open_plans().any(|plan| plan.tokens().is_some())
}

/// The API a request is for, and what its upstream is asked.
fn api_route(gateway: &Gateway, request: &Canonical<'_>, identifier: Identifier) -> Result<Route, Refusal> {
    let Some(api) = gateway.router.find(&identifier.origin.host, request.path) else {
        return Err(no_api(request));
    };
    refuse_hidden_path(gateway, api, request, &identifier)?;
    let query = request.query.map(str::to_string);
    if let Some(announced) = api.announced.find(request.path, request.query) {
        let rest = mount::rest(&api.path, &announced.stream_path).unwrap_or_default().to_string();
        let identifier = Identifier { path: announced.stream_path.clone(), ..identifier };
        return Ok(Route { api: api.clone(), identifier, rest, query, announced: Some(announced) });
    }
    let rest = rest_of(api, request.path).ok_or_else(|| no_api(request))?.to_string();
    Ok(Route { api: api.clone(), identifier, rest, query, announced: None })
}

/// Where APIs nest, a path must lead to the same one for a server that drops the parameters of its segments.
fn refuse_hidden_path(
    gateway: &Gateway,
    api: &Arc<Api>,
    request: &Canonical<'_>,
    identifier: &Identifier,
) -> Result<(), Refusal> {
    let Some(plain) = without_parameters(request.path) else { return Ok(()) };
    match gateway.router.find(&identifier.origin.host, &plain) {
        Some(hidden) if !Arc::ptr_eq(hidden, api) => Err(Refusal::because(
            &reason::BAD_PATH,
            "The path hides the path of another API in its parameters.",
        )),
        _ => Ok(()),
    }
}

/// What a path says below its API. The reserved spelling of what lies outside the endpoint's path is nobody's
/// until an open stream has announced it.
fn rest_of<'p>(api: &Api, path: &'p str) -> Option<&'p str> {
    mount::rest(&api.path, path).filter(|rest| mount::outside_path(rest).is_none())
}

/// Clients that found no metadata fall back to the 2025-03-26 rules and treat the gateway as the
/// authorization server; they are told, rather than left with a bare 404.
fn no_api(request: &Canonical<'_>) -> Refusal {
    let guessed = matches!(request.path, "/register" | "/token" | "/authorize");
    match guessed && matches!(*request.method, Method::POST | Method::GET) {
        true => Refusal::new(&reason::NOT_AN_AUTHORIZATION_SERVER),
        false => Refusal::new(&reason::NO_API),
    }
}
