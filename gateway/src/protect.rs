//! Mode `protect`: the gateway answers for who may call, and the upstream knows the gateway alone. What callers show the
//! gateway ends here, and so does what the upstream says about the gateway's own credential.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use log::warn;
use pingora::http::{RequestHeader, ResponseHeader};
use tollgate_plugins::request::unix_millis;

use crate::config::{AuthorizationMode, UpstreamAuth};
use crate::context::Route;
use crate::endpoint::Endpoint;
use crate::minted;
use crate::plan::Plan;
use crate::plan::caller::Caller;
use crate::plan::tokens::{self, Tokens};
use crate::reason;
use crate::relay::document::Rendered;
use crate::respond::Refusal;

/// Replaces the caller's credential by the gateway's, in the head an endpoint is sent.
///
/// # Errors
/// When the field cannot be set, which the configuration rules out.
pub fn authenticate(
    route: &Route,
    endpoint: &Endpoint,
    exchanged: Option<HeaderValue>,
    request: &mut RequestHeader,
) -> pingora::Result<()> {
    let auth = endpoint.settings.auth.as_ref();
    if route.api.mode == AuthorizationMode::Protect && !matches!(auth, Some(UpstreamAuth::Passthrough)) {
        request.remove_header(&header::AUTHORIZATION);
    }
    if let Some(field) = exchanged {
        return request.insert_header(header::AUTHORIZATION, field);
    }
    let Some(UpstreamAuth::Field { name, value }) = auth else { return Ok(()) };
    // Nor may a caller send the field under a name that the upstream could take for it.
    let aliases: Vec<_> =
        request.headers.keys().filter(|other| minted::is_alias_of(other, name)).cloned().collect();
    for alias in &aliases {
        request.remove_header(alias);
    }
    request.insert_header(name.clone(), value.clone())
}

/// The caller's token as the endpoint may have it, where it is exchanged. Quick where it was exchanged before.
///
/// # Errors
/// When there is none for it.
pub async fn exchange(
    endpoint: &Endpoint,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, Refusal> {
    let Some(exchanger) = &endpoint.exchanger else { return Ok(None) };
    let (Some(token), Some(verified)) = (tokens::bearer(headers), &caller.token) else {
        return Err(Refusal::new(&reason::INTERNAL));
    };
    let now = unix_millis() / 1000;
    exchanger.field(token, verified.expires, now).await.map(Some).map_err(Refusal::new)
}

/// For how long clients may keep the metadata.
pub const METADATA_AGE: Duration = Duration::from_secs(60);

/// The metadata of a resource: the gateway's own, for plans with tokens.
///
/// # Errors
/// When none of the plans takes tokens.
pub fn metadata(route: &Route) -> Result<Rendered, Refusal> {
    let all: Vec<&Tokens> = route.api.open_plans().filter_map(Plan::tokens).map(Arc::as_ref).collect();
    if all.is_empty() {
        return Err(Refusal::new(&reason::NO_METADATA_HERE));
    }
    let document = tokens::metadata(&all, &route.identifier, &route.api.resource);
    Ok(Rendered::new(document.into()))
}

/// Keeps the upstream's challenges to itself: a caller can answer none of them.
///
/// # Errors
/// When the upstream does not accept the gateway's credential, which is no fault of the caller's.
pub fn answer(
    route: &Route,
    endpoint: &Endpoint,
    asked: &HeaderMap,
    response: &mut ResponseHeader,
) -> Result<(), Refusal> {
    if response.status == StatusCode::UNAUTHORIZED {
        if let (Some(exchanger), Some(token)) = (&endpoint.exchanger, tokens::bearer(asked)) {
            exchanger.forget(token);
        }
        warn!("api {}: {} refuses the gateway's credential with a 401", route.api.name, endpoint.id);
        return Err(Refusal::new(&reason::UPSTREAM_REFUSED_CREDENTIAL));
    }
    response.remove_header(&header::WWW_AUTHENTICATE);
    Ok(())
}
