//! An MCP session stays with the endpoint that began it, and a client whose session is gone is told to begin anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{endpoint, fleet};
use crate::support::PATIENCE;
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;

/// A server with sessions `NAME-1`, `NAME-2` and so on; it does not know any that ends in `-gone`.
fn server(name: &'static str) -> Upstream {
    let minted = Arc::new(AtomicUsize::new(0));
    Upstream::start(move |seen| {
        let ids = seen.all("mcp-session-id");
        if ids.iter().any(|id| id.ends_with("-gone")) {
            return response("404 Not Found", &[], "");
        }
        if seen.method() == "DELETE" {
            return response("204 No Content", &[], "");
        }
        if String::from_utf8_lossy(&seen.body).contains("initialize") {
            let number = minted.fetch_add(1, Ordering::Relaxed) + 1;
            return response("200 OK", &[&format!("Mcp-Session-Id: {name}-{number}")], name);
        }
        response("200 OK", &[], name)
    })
}

fn gateway(servers: &[&Upstream], keys: &str) -> Tollgate {
    let endpoints: Vec<_> = servers.iter().map(|server| endpoint(server, "")).collect();
    Tollgate::start(&fleet(&endpoints, keys))
}

/// Begins a session; returns its id.
fn begin(gateway: &Tollgate) -> String {
    let answer = gateway.connect().post_json("/a/mcp", &[], INITIALIZE);
    answer.header("mcp-session-id").expect("a session id").to_string()
}

fn call(gateway: &Tollgate, id: &str) -> Response {
    gateway.connect().post_json("/a/mcp", &[("Mcp-Session-Id", id)], "{}")
}

/// The slug of a 404 that makes a client begin anew.
fn told(answer: &Response) -> (u16, String) {
    (answer.status, answer.reason())
}

#[test]
fn the_requests_of_a_session_go_to_the_endpoint_that_began_it() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "");
    let ids = [begin(&gateway), begin(&gateway)];
    assert_eq!(ids, ["one-1", "two-1"], "sessions are begun in turn");
    for id in ids.iter().cycle().take(10) {
        assert!(id.starts_with(call(&gateway, id).text()), "{id}");
    }
}

#[test]
fn where_no_session_is_followed_its_requests_go_round() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "balance: round_robin");
    let id = begin(&gateway);
    let answers: Vec<_> = (0..4).map(|_| call(&gateway, &id).text().to_string()).collect();
    assert_eq!(answers, ["two", "one", "two", "one"]);
}

#[test]
fn an_unknown_session_is_a_404_and_reaches_no_endpoint() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "");
    let answer = call(&gateway, "never-minted");
    assert_eq!(told(&answer), (404, "session_unknown".to_string()));
    assert_eq!(answer.json()["jsonrpc"], "2.0");
    assert!(!answer.text().contains("never-minted"));
    assert!(one.seen().is_empty() && two.seen().is_empty());
}

#[test]
fn two_session_ids_in_one_request_are_refused() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "");
    let id = begin(&gateway);
    let both = [("Mcp-Session-Id", id.as_str()), ("Mcp-Session-Id", "other")];
    let answer = gateway.connect().post_json("/a/mcp", &both, "{}");
    assert_eq!(told(&answer), (400, "malformed_head".to_string()));
}

#[test]
fn a_session_that_was_ended_is_forgotten() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "");
    let id = begin(&gateway);
    assert_eq!(gateway.connect().request("DELETE", "/a/mcp", &[("Mcp-Session-Id", &id)], b"").status, 204);
    assert_eq!(told(&call(&gateway, &id)), (404, "session_unknown".to_string()));
}

#[test]
fn a_session_its_own_server_no_longer_knows_is_forgotten() {
    let forgetful = Upstream::start(|seen| match seen.all("mcp-session-id").is_empty() {
        true => response("200 OK", &["Mcp-Session-Id: x"], ""),
        false => response("404 Not Found", &[], "the server's own words"),
    });
    let other = server("other");
    let gateway = gateway(&[&forgetful, &other], "");
    let id = begin(&gateway);
    assert_eq!(call(&gateway, &id).text(), "the server's own words");
    assert_eq!(told(&call(&gateway, &id)), (404, "session_unknown".to_string()));
}

#[test]
fn sessions_outlive_a_reload() {
    let (one, two) = (server("one"), server("two"));
    let mut gateway = gateway(&[&one, &two], "");
    let id = begin(&gateway);
    let third = server("third");
    let endpoints = [&third, &two, &one].map(|server| endpoint(server, ""));
    assert_eq!(gateway.reload(&fleet(&endpoints, "")), "applied");
    assert!((0..4).all(|_| call(&gateway, &id).text() == "one"));
}

#[test]
fn a_session_whose_endpoint_was_taken_out_is_lost() {
    let (one, two) = (server("one"), server("two"));
    let mut gateway = gateway(&[&one, &two], "");
    let id = begin(&gateway);
    let third = server("third");
    let endpoints = [&third, &two].map(|server| endpoint(server, ""));
    assert_eq!(gateway.reload(&fleet(&endpoints, "")), "applied");
    assert_eq!(told(&call(&gateway, &id)), (404, "session_lost".to_string()));
}

#[test]
fn a_session_whose_endpoint_cannot_be_connected_to_is_lost_while_another_endpoint_works() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "");
    let ids = [begin(&gateway), begin(&gateway)];
    one.stop();
    assert_eq!(told(&call(&gateway, &ids[0])), (404, "session_lost".to_string()));
    assert_eq!(call(&gateway, &ids[1]).text(), "two");
    assert_eq!(begin(&gateway), "two-2", "whoever begins anew gets an endpoint that works");
}

#[test]
fn a_request_of_a_version_without_sessions_goes_round_whatever_id_it_carries() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "");
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Session-Id", "left-over")];
    let answers: Vec<_> =
        (0..4).map(|_| gateway.connect().post_json("/a/mcp", &headers, "{}").text().to_string()).collect();
    assert_eq!(answers, ["one", "two", "one", "two"]);
}

#[test]
fn only_so_many_sessions_are_remembered() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "sessions: { max: 2 }");
    let first = begin(&gateway);
    let deadline = Instant::now() + PATIENCE;
    while call(&gateway, &first).status == 200 {
        assert!(Instant::now() < deadline, "the first session is still remembered");
        for _ in 0..4 {
            begin(&gateway);
        }
    }
    assert_eq!(told(&call(&gateway, &first)), (404, "session_unknown".to_string()));
}

#[test]
fn a_session_without_requests_is_forgotten_in_time() {
    let (one, two) = (server("one"), server("two"));
    let gateway = gateway(&[&one, &two], "sessions: { idle_timeout: 100ms }");
    let id = begin(&gateway);
    let mut idle = Duration::from_millis(100);
    while call(&gateway, &id).status == 200 {
        idle *= 2;
        assert!(idle < PATIENCE, "the session is still remembered");
        std::thread::park_timeout(idle);
    }
    assert_eq!(told(&call(&gateway, &id)), (404, "session_unknown".to_string()));
}
