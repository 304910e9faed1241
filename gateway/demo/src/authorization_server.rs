//! A small OAuth 2.1 authorization server: metadata (RFC 8414), dynamic client registration (RFC 7591),
//! authorization code with PKCE (RFC 7636), resource indicators (RFC 8707), `iss` (RFC 9207), refresh.
//!
//! Everything is in memory. There is one imaginary user, always logged in, so the consent page is the login.

mod authorize;
mod consent;
mod grants;
mod refusal;
mod registration;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{cors, loopback};
use grants::Grants;
use registration::Client;

/// The only scope there is; every token carries it.
pub const SCOPE: &str = "mcp";

/// A handle on the running server; clones share their state.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Inner>);

struct Inner {
    issuer: String,
    /// The resources tokens are issued for; any other is `invalid_target`.
    resources: Vec<String>,
    clients: Mutex<HashMap<String, Client>>,
    grants: Mutex<Grants>,
}

impl AuthorizationServer {
    /// Serves on `listener` until the process ends, issuing tokens for `resources` only.
    pub fn start(listener: TcpListener, resources: Vec<String>) -> Result<Self, String> {
        let address =
            listener.local_addr().map_err(|error| format!("the listener has no address: {error}"))?;
        let server = Self::new(format!("http://{address}"), resources);
        loopback::serve(listener, server.router());
        Ok(server)
    }

    fn new(issuer: String, resources: Vec<String>) -> Self {
        Self(Arc::new(Inner { issuer, resources, clients: Mutex::default(), grants: Mutex::default() }))
    }

    /// The issuer identifier: an origin without a trailing slash.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The resource an access token was issued for, or `None` if it is unknown, expired or revoked.
    pub fn audience_of(&self, access_token: &str) -> Option<String> {
        self.grants().audience_of(access_token, Instant::now())
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<String, Client>> {
        self.0.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.0.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The consent page stays out of [`cors`]: no page of another origin has business reading it.
    fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/register", post(registration::register))
            .route("/token", post(token::token))
            .layer(middleware::from_fn(cors::any_origin))
            .route("/authorize", get(authorize::ask).post(authorize::decide))
            .with_state(self.clone())
    }
}

/// RFC 8414 §2.
async fn metadata(State(server): State<AuthorizationServer>) -> Json<Value> {
    let issuer = server.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [SCOPE],
        "authorization_response_iss_parameter_supported": true,
    }))
}

#[cfg(test)]
mod tests;
