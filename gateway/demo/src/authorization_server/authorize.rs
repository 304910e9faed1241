//! The authorization endpoint (RFC 6749 §3.1): a page that asks, and the answer carried back to the client.
//!
//! The page holds the whole request in its form, so showing it changes nothing: some clients fetch the URL
//! once themselves before they open the browser.

use std::time::Instant;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::grants::Grant;
use super::refusal::Refusal;
use super::registration::{self, Client};
use super::{AuthorizationServer, consent};

/// The parameters of RFC 6749 §4.1.1, RFC 7636 §4.3 and RFC 8707 §2.1, and the human's decision.
#[derive(Deserialize)]
pub struct AuthorizationRequest {
    response_type: Option<String>,
    client_id: Option<String>,
    pub redirect_uri: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    pub resource: Option<String>,
    state: Option<String>,
    /// `approve`; anything else denies. Only read from the form.
    decision: Option<String>,
}

impl AuthorizationRequest {
    /// The parameters that are present, without the decision: what the page's form sends back.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("response_type", &self.response_type),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
            ("resource", &self.resource),
            ("state", &self.state),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// `GET /authorize`: the consent page, or the refusal.
pub async fn ask(
    State(server): State<AuthorizationServer>,
    Query(request): Query<AuthorizationRequest>,
) -> Response {
    let (client, redirect_uri) = match party(&server, &request) {
        Ok(party) => party,
        Err(sentence) => return (StatusCode::BAD_REQUEST, consent::error_page(sentence)).into_response(),
    };
    match check(&server, &request) {
        Ok(_) => consent::page(&client, &request).into_response(),
        Err(refusal) => refuse(&server, &redirect_uri, &request, &refusal),
    }
}

/// `POST /authorize`: what the page's buttons send. Everything is checked again.
pub async fn decide(
    State(server): State<AuthorizationServer>,
    headers: HeaderMap,
    Form(request): Form<AuthorizationRequest>,
) -> Response {
    if !from_own_page(&server, &headers) {
        let sentence = "This approval came from another site's page, so it was not taken.";
        return (StatusCode::FORBIDDEN, consent::error_page(sentence)).into_response();
    }
    let (_, redirect_uri) = match party(&server, &request) {
        Ok(party) => party,
        Err(sentence) => return (StatusCode::BAD_REQUEST, consent::error_page(sentence)).into_response(),
    };
    let approved = match request.decision.as_deref() {
        Some("approve") => check(&server, &request),
        _ => Err(Refusal::new("access_denied", "the request was denied")),
    };
    match approved {
        Ok(approval) => approve(&server, redirect_uri, &request, approval),
        Err(refusal) => refuse(&server, &redirect_uri, &request, &refusal),
    }
}

/// Who asks, and where the answer goes. Without both there is nobody to redirect to (RFC 6749 §4.1.2.1).
fn party(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
) -> Result<(Client, String), &'static str> {
    let client = request.client_id.as_ref().and_then(|id| server.clients().get(id).cloned());
    let client =
        client.ok_or("This client is not registered here. The demo forgets its clients when it ends.")?;
    let redirect_uri =
        request.redirect_uri.clone().filter(|uri| registration::matches(&client.redirect_uris, uri));
    Ok((client, redirect_uri.ok_or("The redirect_uri is not one this client registered.")?))
}

struct Approval {
    grant: Grant,
    challenge: String,
}

/// What an approval would grant.
fn check(server: &AuthorizationServer, request: &AuthorizationRequest) -> Result<Approval, Refusal> {
    if request.response_type.as_deref() != Some("code") {
        return Err(Refusal::new("unsupported_response_type", "response_type must be code"));
    }
    if request.code_challenge_method.as_deref() != Some("S256") {
        return Err(Refusal::new("invalid_request", "code_challenge_method must be S256"));
    }
    let challenge = request.code_challenge.clone().filter(|challenge| challenge.len() == 43);
    let challenge =
        challenge.ok_or(Refusal::new("invalid_request", "code_challenge must be a SHA-256 hash"))?;
    let resource = request.resource.clone().filter(|resource| server.0.resources.contains(resource));
    let resource = resource
        .ok_or(Refusal::new("invalid_target", "resource must be one this server issues tokens for"))?;
    let client_id = request.client_id.clone().unwrap_or_default();
    Ok(Approval { grant: Grant::new(client_id, resource), challenge })
}

/// A page of another site can post this form too; the browser then says so.
fn from_own_page(server: &AuthorizationServer, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_none_or(|origin| origin.as_bytes() == server.issuer().as_bytes())
}

fn approve(
    server: &AuthorizationServer,
    redirect_uri: String,
    request: &AuthorizationRequest,
    Approval { grant, challenge }: Approval,
) -> Response {
    let code = server.grants().authorize(grant, redirect_uri.clone(), challenge, Instant::now());
    answer(server, &redirect_uri, request, &[("code", &code)])
}

fn refuse(
    server: &AuthorizationServer,
    redirect_uri: &str,
    request: &AuthorizationRequest,
    refusal: &Refusal,
) -> Response {
    answer(
        server,
        redirect_uri,
        request,
        &[("error", refusal.error), ("error_description", refusal.description)],
    )
}

/// The redirect to the client, with its `state` and our `iss` (RFC 9207 §2, errors included).
fn answer(
    server: &AuthorizationServer,
    redirect_uri: &str,
    request: &AuthorizationRequest,
    parameters: &[(&str, &str)],
) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    if let Some(state) = &request.state {
        query.append_pair("state", state);
    }
    query.append_pair("iss", server.issuer());
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let location = format!("{redirect_uri}{separator}{}", query.finish());
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&location)).into_response()
}
