//! Dynamic client registration (RFC 7591), for public clients that run on this machine.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::refusal::Refusal;
use super::{AuthorizationServer, SCOPE};
use crate::random;

/// Where VS Code gets its codes when it cannot listen on loopback itself.
const EDITOR_REDIRECTS: [&str; 2] = ["https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"];
/// Private-use schemes (RFC 8252 §7.1) of editors that registered one with the system.
const EDITOR_SCHEMES: [&str; 3] = ["cursor", "vscode", "vscode-insiders"];

/// A registered client. It has no secret.
#[derive(Clone, Debug)]
pub struct Client {
    pub name: String,
    pub redirect_uris: Vec<String>,
    /// Whether it asked to be given refresh tokens.
    pub refreshes: bool,
}

/// The members of RFC 7591 §2 that matter here; the others are ignored, as the RFC lets a server do.
#[derive(Deserialize)]
pub struct Registration {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    grant_types: Option<Vec<String>>,
}

/// `POST /register`
pub async fn register(
    State(server): State<AuthorizationServer>,
    Json(registration): Json<Registration>,
) -> Response {
    let client = match accept(registration) {
        Ok(client) => client,
        Err(refusal) => return refusal.into_response(),
    };
    let client_id = random::unguessable();
    let mut grant_types = vec!["authorization_code"];
    grant_types.extend(client.refreshes.then_some("refresh_token"));
    let body = Json(json!({
        "client_id": client_id,
        "client_id_issued_at": chrono::Utc::now().timestamp(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": grant_types,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": SCOPE,
    }));
    server.clients().insert(client_id, client);
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn accept(registration: Registration) -> Result<Client, Refusal> {
    let Registration { redirect_uris, client_name, grant_types } = registration;
    if redirect_uris.is_empty() || !redirect_uris.iter().all(|uri| registrable(uri)) {
        return Err(Refusal::new(
            "invalid_redirect_uri",
            "redirect_uris must be on loopback, vscode.dev/redirect, or an editor's own scheme",
        ));
    }
    Ok(Client {
        name: client_name.unwrap_or_else(|| "A client without a name".into()),
        redirect_uris,
        refreshes: grant_types.is_some_and(|types| types.iter().any(|kind| kind == "refresh_token")),
    })
}

/// A code must end up in a program of this machine's user, so no other web site may be named.
fn registrable(uri: &str) -> bool {
    // A backslash is a slash to browsers, and userinfo or a fragment has no place here.
    let plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\@#".contains(&byte));
    let scheme = uri.split_once("://").map(|(scheme, _)| scheme);
    plain
        && (loopback(uri).is_some()
            || EDITOR_REDIRECTS.contains(&uri)
            || scheme.is_some_and(|scheme| EDITOR_SCHEMES.contains(&scheme)))
}

/// Whether `requested` is one the client registered: the same characters, except that the port of a loopback
/// URI may be any, since native applications listen where they can (RFC 9700 §2.1).
pub fn matches(registered: &[String], requested: &str) -> bool {
    registered.iter().any(|known| {
        known == requested
            || registrable(requested)
                && loopback(requested).is_some()
                && loopback(known) == loopback(requested)
    })
}

/// Host, path and query of an `http` URI on loopback.
fn loopback(uri: &str) -> Option<(String, String)> {
    let uri: Uri = uri.parse().ok()?;
    let host = uri.host().filter(|host| matches!(*host, "127.0.0.1" | "localhost" | "[::1]"))?;
    let path = uri.path_and_query()?;
    (uri.scheme_str() == Some("http")).then(|| (host.to_owned(), path.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_on_this_machine_and_editors_may_register() {
        for uri in [
            "http://127.0.0.1:49152/callback",
            "http://127.0.0.1/",
            "http://localhost:6274/oauth/callback",
            "http://[::1]:3000/cb?x=1",
            "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect",
            "cursor://anysphere.cursor-mcp/oauth/callback",
        ] {
            assert!(registrable(uri), "{uri}");
        }
    }

    #[test]
    fn other_web_sites_and_disguised_ones_may_not() {
        for uri in [
            "https://example.com/callback",
            "http://example.com/callback",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://example.com\\@127.0.0.1/",
            "http://localhost:80#fragment",
            "https://vscode.dev/redirect/../elsewhere",
            "https://127.0.0.1/callback",
            "javascript:alert(1)",
            "/callback",
            "",
        ] {
            assert!(!registrable(uri), "{uri}");
        }
    }

    #[test]
    fn a_redirect_uri_must_be_the_registered_one_to_the_character() {
        let registered = ["https://vscode.dev/redirect".into(), "http://127.0.0.1:33418/callback".into()];
        for uri in &registered {
            assert!(matches(&registered, uri), "{uri}");
        }
        for uri in [
            "https://vscode.dev/redirect/",
            "https://vscode.dev/redirect?x=1",
            "https://vscode.dev:444/redirect",
            "http://127.0.0.1:33418/callback/",
            "http://127.0.0.1:33418/Callback",
            "http://127.0.0.1:33418/callback?x=1",
            "http://127.0.0.1:33418/callback#x",
            "http://localhost:33418/callback",
        ] {
            assert!(!matches(&registered, uri), "{uri}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_redirect_may_differ() {
        let registered = ["http://127.0.0.1/callback".into()];
        assert!(matches(&registered, "http://127.0.0.1:50123/callback"));
        assert!(!matches(&registered, "http://127.0.0.1:50123/other"));
    }

    #[test]
    fn a_registration_without_a_redirect_uri_is_refused() {
        let registration = Registration { redirect_uris: vec![], client_name: None, grant_types: None };
        assert_eq!(accept(registration).unwrap_err().error, "invalid_redirect_uri");
    }
}
