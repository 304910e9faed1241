//! The walk against the MCP server itself, with nothing in between: what passes, and what it catches.

use crate::authorization_server::AuthorizationServer;
use crate::loopback;
use crate::mcp_server::{self, Protection};

use super::*;

/// What differs between the tests: which tokens exist, and which the server takes.
struct Known {
    issued_for: fn(&str) -> String,
    accepted: fn(&str) -> String,
}

const ITSELF: Known = Known { issued_for: str::to_owned, accepted: str::to_owned };

/// Starts both servers; the MCP server's URL.
async fn servers(known: Known) -> String {
    let any_port = "127.0.0.1:0".parse().unwrap();
    let listener = loopback::bind(any_port, "test").await.unwrap();
    let resource = format!("http://{}/mcp", listener.local_addr().unwrap());
    let issuing = loopback::bind(any_port, "test").await.unwrap();
    let authorization_server =
        AuthorizationServer::start(issuing, vec![(known.issued_for)(&resource)]).unwrap();
    let accepted_audiences = vec![(known.accepted)(&resource)];
    mcp_server::start(
        listener,
        Protection { resource: resource.clone(), accepted_audiences, authorization_server },
    );
    resource
}

async fn walk_to(url: String, hidden_authority: Option<String>) -> Result<Duration, String> {
    tokio::task::spawn_blocking(move || walk(&Target { url, hidden_authority })).await.unwrap()
}

fn authority(url: &str) -> String {
    url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap().to_owned()
}

#[tokio::test]
async fn a_secured_server_is_walked_to_its_first_tool_call() {
    walk_to(servers(ITSELF).await, None).await.unwrap();
}

#[tokio::test]
async fn an_address_that_should_be_hidden_and_shows_fails_the_first_hop() {
    let url = servers(ITSELF).await;
    let sentence = walk_to(url.clone(), Some(authority(&url))).await.unwrap_err();
    assert!(sentence.contains("own address") && sentence.contains("www-authenticate"), "{sentence}");
}

#[tokio::test]
async fn a_challenge_for_another_url_than_the_dialled_one_fails() {
    let dialled = servers(ITSELF).await.replace("127.0.0.1", "localhost");
    let sentence = walk_to(dialled, None).await.unwrap_err();
    assert!(sentence.contains("the challenge points at http://127.0.0.1"), "{sentence}");
}

#[tokio::test]
async fn an_authorization_server_that_does_not_know_the_url_refuses_the_login() {
    let elsewhere = |_: &str| "http://127.0.0.1:1/other".to_owned();
    let url = servers(Known { issued_for: elsewhere, ..ITSELF }).await;
    let sentence = walk_to(url, None).await.unwrap_err();
    assert!(sentence.contains("invalid_target"), "{sentence}");
}

#[tokio::test]
async fn a_token_for_a_url_the_server_is_not_known_by_does_not_open_it() {
    let elsewhere = |_: &str| "http://127.0.0.1:1/other".to_owned();
    let url = servers(Known { accepted: elsewhere, ..ITSELF }).await;
    let sentence = walk_to(url, None).await.unwrap_err();
    assert!(sentence.contains("answered 401") && sentence.contains("invalid_token"), "{sentence}");
}

#[tokio::test]
async fn every_method_without_a_token_is_challenged() {
    let url = servers(ITSELF).await;
    for method in ["GET", "HEAD", "POST", "DELETE"] {
        let wire = Wire::new(&Target { url: url.clone(), hidden_authority: None });
        let request = ureq::http::Request::builder().method(method).uri(&url).body(String::new()).unwrap();
        let answer = tokio::task::spawn_blocking(move || wire.send(request)).await.unwrap().unwrap();
        assert_eq!(answer.status, 401, "{method}");
        assert!(
            answer.header("www-authenticate").unwrap().starts_with("Bearer resource_metadata="),
            "{method}"
        );
    }
}
