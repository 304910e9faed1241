//! A secured MCP server on the official Rust SDK: the thing to be published.
//!
//! It knows nothing of gateways. It demands bearer tokens (RFC 6750), its challenges and its metadata document
//! (RFC 9728) name its own URL, and it takes a token only if that was issued for a URL it is known by.

mod tools;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::authorization_server::{AuthorizationServer, SCOPE};
use crate::{cors, loopback};
use tools::DemoTools;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What the server protects itself with.
#[derive(Clone)]
pub struct Protection {
    /// The server's own URL: the `resource` of its metadata.
    pub resource: String,
    /// The audiences it takes tokens for: its own URL and those it is published under.
    pub accepted_audiences: Vec<String>,
    /// Who issues its tokens, and is asked about them.
    pub authorization_server: AuthorizationServer,
}

impl Protection {
    /// The path of the server's own URL.
    fn path(&self) -> String {
        self.resource.parse::<Uri>().map_or_else(|_| "/".into(), |uri| uri.path().to_owned())
    }

    /// RFC 9728 §3.1: the well-known part goes between the host and the path.
    fn metadata_url(&self) -> String {
        let path = self.path();
        let origin = self.resource.strip_suffix(&path).unwrap_or(&self.resource);
        format!("{origin}{}", well_known_path(&path))
    }

    /// `None` if the token opens this server, else what its challenge says.
    fn fault(&self, headers: &HeaderMap) -> Option<String> {
        let challenge = format!("Bearer resource_metadata=\"{}\", scope=\"{SCOPE}\"", self.metadata_url());
        let Some(token) = bearer_token(headers) else { return Some(challenge) };
        let audience = self.authorization_server.audience_of(token);
        if audience.is_some_and(|audience| self.accepted_audiences.contains(&audience)) {
            return None;
        }
        Some(format!(
            "{challenge}, error=\"invalid_token\", error_description=\"unknown, expired, or not for this server\""
        ))
    }
}

/// Serves at the path of `protection.resource` until the process ends.
pub fn start(listener: TcpListener, protection: Protection) {
    let path = protection.path();
    // Sessions and the DNS rebinding check (loopback hosts only) are the SDK's own defaults.
    let mcp = StreamableHttpService::new(
        || Ok(DemoTools),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let protected = Router::new()
        .route_service(&path, mcp)
        .layer(middleware::from_fn_with_state(protection.clone(), demand_token));
    let open = Router::new()
        .route(&well_known_path(&path), get(metadata))
        .layer(middleware::from_fn(cors::any_origin))
        .with_state(protection);
    loopback::serve(listener, protected.merge(open));
}

fn well_known_path(path: &str) -> String {
    format!("{WELL_KNOWN}{}", path.trim_end_matches('/'))
}

/// Every method needs a token: clients learn the challenge from a POST, a GET or a HEAD.
async fn demand_token(State(protection): State<Protection>, request: Request, next: Next) -> Response {
    match protection.fault(request.headers()) {
        None => next.run(request).await,
        Some(challenge) => {
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
        }
    }
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// RFC 9728 §2.
async fn metadata(State(protection): State<Protection>) -> Json<Value> {
    Json(json!({
        "resource": protection.resource,
        "resource_name": "Tollgate demo tools",
        "authorization_servers": [protection.authorization_server.issuer()],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
    }))
}
