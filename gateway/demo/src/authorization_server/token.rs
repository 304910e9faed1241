//! The token endpoint (RFC 6749 §3.2) for public clients: authorization codes and refresh tokens.

use std::time::Instant;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::grants::{ACCESS_LIFETIME, Grant, Redemption};
use super::refusal::Refusal;
use super::{AuthorizationServer, SCOPE};

#[derive(Deserialize)]
pub struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    code: Option<String>,
    code_verifier: Option<String>,
    redirect_uri: Option<String>,
    refresh_token: Option<String>,
    resource: Option<String>,
}

/// `POST /token`
pub async fn token(State(server): State<AuthorizationServer>, Form(request): Form<TokenRequest>) -> Response {
    match exchange(&server, &request) {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn exchange(server: &AuthorizationServer, request: &TokenRequest) -> Result<Value, Refusal> {
    let client_id = required(&request.client_id)?;
    let refreshes = server.clients().get(client_id).map(|client| client.refreshes);
    let refreshes = refreshes.ok_or(Refusal::new("invalid_client", "client_id is not registered"))?;
    let grant = match required(&request.grant_type)? {
        "authorization_code" => redeem(server, client_id, request)?,
        "refresh_token" => {
            let (token, resource) = (required(&request.refresh_token)?, request.resource.as_deref());
            server.grants().renew(token, client_id, resource, Instant::now())?
        }
        _ => return Err(Refusal::new("unsupported_grant_type", "use authorization_code or refresh_token")),
    };
    Ok(issue(server, &grant, refreshes))
}

fn redeem(server: &AuthorizationServer, client_id: &str, request: &TokenRequest) -> Result<Grant, Refusal> {
    let attempt = Redemption {
        code: required(&request.code)?,
        client_id,
        verifier: required(&request.code_verifier)?,
        redirect_uri: request.redirect_uri.as_deref(),
        resource: request.resource.as_deref(),
    };
    server.grants().redeem(&attempt, Instant::now())
}

fn issue(server: &AuthorizationServer, grant: &Grant, refreshes: bool) -> Value {
    let (mut grants, now) = (server.grants(), Instant::now());
    let mut body = json!({
        "access_token": grants.issue_access(grant, now),
        "token_type": "Bearer",
        "expires_in": ACCESS_LIFETIME.as_secs(),
        "scope": SCOPE,
    });
    if refreshes {
        body["refresh_token"] = grants.issue_refresh(grant, now).into();
    }
    body
}

fn required(parameter: &Option<String>) -> Result<&str, Refusal> {
    parameter.as_deref().ok_or(Refusal::new("invalid_request", "a required parameter is missing"))
}
