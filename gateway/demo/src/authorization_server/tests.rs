//! The endpoints over HTTP, as a client and a browser use them.

use std::collections::HashMap;

use serde_json::Value;

use super::*;
use crate::{pkce, random};

const RESOURCE: &str = "http://127.0.0.1:8080/demo/mcp";
const REDIRECT: &str = "http://127.0.0.1:5000/callback";

/// A running server with one registered client.
struct Party {
    issuer: String,
    client_id: String,
    verifier: String,
}

struct Answer {
    status: u16,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The parameters of the redirect to the client.
    fn redirected(&self) -> HashMap<String, String> {
        let location = self.headers["location"].to_str().unwrap();
        let query = location.strip_prefix(&format!("{REDIRECT}?")).unwrap();
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }
}

async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).unwrap();
    let ask = move || {
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build();
        let mut response = agent.new_agent().run(request).unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl Party {
    async fn new() -> Self {
        let listener = loopback::bind("127.0.0.1:0".parse().unwrap(), "test").await.unwrap();
        let server = AuthorizationServer::start(listener, vec![RESOURCE.into()]).unwrap();
        let body = json!({
            "client_name": "<b>Client</b>",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
        });
        let registered = send(
            "POST",
            &format!("{}/register", server.issuer()),
            &[("content-type", "application/json")],
            body.to_string(),
        )
        .await;
        assert_eq!(registered.status, 201);
        let client_id = registered.json()["client_id"].as_str().unwrap().to_owned();
        Self { issuer: server.issuer().to_owned(), client_id, verifier: random::unguessable() }
    }

    /// The parameters of a request that is right in everything, with `changes` made.
    fn request(&self, changes: &[(&'static str, &str)]) -> String {
        let challenge = pkce::challenge(&self.verifier);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("resource", RESOURCE),
            ("state", "a state & more"),
            ("decision", "approve"),
        ];
        for (name, value) in changes {
            parameters.iter_mut().find(|parameter| parameter.0 == *name).unwrap().1 = value;
        }
        form(&parameters)
    }

    async fn page(&self, changes: &[(&'static str, &str)]) -> Answer {
        send("GET", &format!("{}/authorize?{}", self.issuer, self.request(changes)), &[], String::new()).await
    }

    async fn decide(&self, changes: &[(&'static str, &str)], origin: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin)];
        send("POST", &format!("{}/authorize", self.issuer), &headers, self.request(changes)).await
    }

    async fn token(&self, parameters: &[(&str, &str)]) -> Answer {
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://localhost:6274")];
        send("POST", &format!("{}/token", self.issuer), &headers, form(parameters)).await
    }
}

#[tokio::test]
async fn an_approved_login_yields_tokens_and_a_refresh_yields_new_ones() {
    let party = Party::new().await;
    let redirected = party.decide(&[], &party.issuer).await.redirected();
    assert_eq!(redirected["iss"], party.issuer);
    assert_eq!(redirected["state"], "a state & more");

    let first = party
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &party.client_id),
            ("code", &redirected["code"]),
            ("code_verifier", &party.verifier),
            ("redirect_uri", REDIRECT),
            ("resource", RESOURCE),
        ])
        .await;
    assert_eq!((first.status, &first.headers["access-control-allow-origin"]), (200, &"*".parse().unwrap()));
    assert_eq!(first.headers["cache-control"], "no-store");

    let refresh_token = first.json()["refresh_token"].as_str().unwrap().to_owned();
    let renewal =
        [("grant_type", "refresh_token"), ("client_id", &party.client_id), ("refresh_token", &refresh_token)];
    let second = party.token(&renewal).await;
    assert_eq!(second.status, 200);
    assert_ne!(second.json()["access_token"], first.json()["access_token"]);
    assert_eq!(party.token(&renewal).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_resource_the_server_issues_no_tokens_for_is_an_invalid_target() {
    let party = Party::new().await;
    for resource in
        ["http://127.0.0.1:8080/demo/mcp/", "http://127.0.0.1:8080", "http://evil.example/mcp", ""]
    {
        let page = party.page(&[("resource", resource)]).await.redirected();
        assert_eq!((page["error"].as_str(), page["iss"].as_str()), ("invalid_target", party.issuer.as_str()));
        let decided = party.decide(&[("resource", resource)], &party.issuer).await.redirected();
        assert_eq!(decided["error"], "invalid_target", "{resource}");
        assert!(!decided.contains_key("code"));
    }
}

#[tokio::test]
async fn the_plain_method_and_other_response_types_are_sent_back_as_errors() {
    let party = Party::new().await;
    let plain = party.page(&[("code_challenge_method", "plain")]).await.redirected();
    assert_eq!(plain["error"], "invalid_request");
    let implicit = party.page(&[("response_type", "token")]).await.redirected();
    assert_eq!(implicit["error"], "unsupported_response_type");
}

#[tokio::test]
async fn without_a_registered_client_and_redirect_uri_nothing_is_redirected() {
    let party = Party::new().await;
    for change in [("client_id", "unknown"), ("redirect_uri", "http://127.0.0.1:5000/other")] {
        for answer in [party.page(&[change]).await, party.decide(&[change], &party.issuer).await] {
            assert_eq!(answer.status, 400, "{change:?}");
            assert!(!answer.headers.contains_key("location"), "{change:?}");
        }
    }
}

#[tokio::test]
async fn a_denial_is_sent_back_and_another_site_s_approval_is_not_taken() {
    let party = Party::new().await;
    let denied = party.decide(&[("decision", "deny")], &party.issuer).await.redirected();
    assert_eq!(denied["error"], "access_denied");
    for origin in ["http://evil.example", "null"] {
        let foreign = party.decide(&[], origin).await;
        assert_eq!(foreign.status, 403, "{origin}");
        assert!(!foreign.headers.contains_key("location"));
    }
}

#[tokio::test]
async fn the_consent_page_shows_what_is_asked_for_and_runs_nothing() {
    let party = Party::new().await;
    let page = party.page(&[]).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("&lt;b&gt;Client&lt;/b&gt;") && !page.body.contains("<b>Client"));
    assert!(page.body.contains(RESOURCE) && page.body.contains(">Approve</button>"));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    assert!(!page.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn browsers_of_any_origin_may_register_and_read_the_metadata() {
    let party = Party::new().await;
    let preflight = [("origin", "http://localhost:6274"), ("access-control-request-method", "POST")];
    for path in ["/register", "/token", "/.well-known/oauth-authorization-server"] {
        let answer = send("OPTIONS", &format!("{}{path}", party.issuer), &preflight, String::new()).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
    }
}

#[tokio::test]
async fn the_metadata_names_the_issuer_and_what_mcp_clients_demand() {
    let party = Party::new().await;
    let url = format!("{}/.well-known/oauth-authorization-server", party.issuer);
    let metadata = send("GET", &url, &[], String::new()).await.json();
    assert_eq!(metadata["issuer"], party.issuer);
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
}
