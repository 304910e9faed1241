//! What servers ask of their clients comes unless it is denied.

use serde_json::{Value, json};

use super::{call, post, start};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

const DENIES: &str = "{ mcp_acl: { allow: [{}], deny: [{ methods: [\"sampling/*\"] }] } }";

fn asks(method: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": { "messages": [] } }).to_string()
}

/// An answer in which this is asked for by the way.
fn events(method: &str) -> String {
    let result = json!({ "jsonrpc": "2.0", "id": "seven", "result": { "content": [] } });
    format!("id: 1\ndata: {}\n\nid: 2\ndata: {result}\n\n", asks(method))
}

fn asking(method: &str) -> Upstream {
    let events = events(method);
    Upstream::start(move |_| response("200 OK", &["Content-Type: text/event-stream"], &events))
}

/// The data of each event.
fn data(answer: &Response) -> Vec<Value> {
    let lines = answer.text().lines().filter_map(|line| line.strip_prefix("data: "));
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn listen(gateway: &Tollgate) -> Response {
    gateway.connect().request("GET", "/a/mcp", &[("Accept", "text/event-stream")], b"")
}

#[test]
fn a_request_that_is_denied_does_not_come_on_the_stream_of_a_call_nor_on_one_that_listens() {
    let upstream = asking("sampling/createMessage");
    let mut gateway = start(&upstream, DENIES);
    for answer in [listen(&gateway), post(&gateway, &call("x"))] {
        assert!(!answer.text().contains("sampling"), "{}", answer.text());
        let data = data(&answer);
        assert_eq!(data[0]["method"], "notifications/message");
        assert_eq!((data.len(), &data[1]["id"]), (2, &json!("seven")), "the rest comes as it was");
        assert!(answer.text().starts_with("id: 1\n"), "the stream can be resumed behind it");
    }
    assert_eq!(gateway.access_line("/a/mcp")["reason"], "access_denied");
}

#[test]
fn what_no_rule_denies_comes_as_the_server_wrote_it() {
    let upstream = asking("elicitation/create");
    let tools_only = "{ mcp_acl: { allow: [{ tools: [x] }], deny: [{ tools: [y], methods: [\"*\"] }] } }";
    let shadow = "{ mcp_acl: { mode: shadow, allow: [{}], deny: [{ methods: [\"*\"] }] } }";
    for policies in [DENIES, tools_only, shadow] {
        let gateway = start(&upstream, policies);
        for answer in [listen(&gateway), post(&gateway, &call("x"))] {
            assert_eq!(answer.text(), events("elicitation/create"), "{policies}");
        }
    }
}

#[test]
fn a_result_that_asks_for_what_is_denied_becomes_the_outcome_of_the_call() {
    let result = |method: &str| {
        let requests = json!({ "one": { "method": method, "params": {} } });
        let result =
            json!({ "resultType": "input_required", "inputRequests": requests, "requestState": "s" });
        json!({ "jsonrpc": "2.0", "id": "seven", "result": result }).to_string()
    };
    for (method, is_denied) in [("sampling/createMessage", true), ("elicitation/create", false)] {
        let body = result(method);
        let upstream =
            Upstream::start(move |_| response("200 OK", &["Content-Type: application/json"], &body));
        let answer = post(&start(&upstream, DENIES), &call("x"));
        assert_eq!((answer.status, &answer.json()["id"]), (200, &json!("seven")));
        assert_eq!(answer.json()["error"]["code"] == -32003, is_denied, "{}", answer.text());
        assert_eq!(answer.text() == result(method), !is_denied);
    }
    let unreadable =
        Upstream::start(|_| response("200 OK", &["Content-Type: application/json"], "{\"id\":1,\"id\":2}"));
    assert_eq!(post(&start(&unreadable, DENIES), &call("x")).reason(), "list_unreadable");
    let nothing = Upstream::start(|_| response("202 Accepted", &[], ""));
    assert_eq!(post(&start(&nothing, DENIES), &call("x")).status, 202);
}
