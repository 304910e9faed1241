//! Lists lose what callers may not use.

use serde_json::{Value, json};

use super::{message, post, start};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

const ACL: &str = "{ mcp_acl: { allow: [{ tools: [\"get_*\"] }, { resources: [\"file:///public/*\"] }, { prompts: [hello] }] } }";

const TOOLS: &str = "{ \"jsonrpc\":\"2.0\", \"id\": \"seven\",\"result\":{\"tools\" : [ {\"name\":\"drop\"}, \
                     {\"name\":\"get_x\",  \"description\":\"é\\u00e9\"},{\"name\":\"h\\u0069dden\"} ], \
                     \"nextCursor\":\"abc\",\"cacheScope\":\"public\",\"ttlMs\":1.0}}";
const SHOWN: &str = "{ \"jsonrpc\":\"2.0\", \"id\": \"seven\",\"result\":{\"tools\" : [ {\"name\":\"get_x\",  \
                     \"description\":\"é\\u00e9\"} ], \"nextCursor\":\"abc\",\"cacheScope\":\"private\",\"ttlMs\":1.0}}";

/// Answers all requests with this.
fn answering(content_type: &str, body: &str) -> Upstream {
    let (content_type, body) = (format!("Content-Type: {content_type}"), body.to_owned());
    Upstream::start(move |_| {
        response("200 OK", &[&content_type, "ETag: \"x\"", "Content-Digest: sha-256=:eA==:"], &body)
    })
}

fn list(gateway: &Tollgate) -> Response {
    post(gateway, &message("tools/list", &json!({})))
}

/// The same but for white space around the items.
fn squeezed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_may_not_be_used_is_not_listed_and_the_rest_is_what_the_server_wrote() {
    let upstream = answering("application/json", TOOLS);
    let answer = list(&start(&upstream, ACL));
    assert_eq!(squeezed(answer.text()), squeezed(SHOWN));
    assert!(
        answer.text().contains("{\"name\":\"get_x\",  \"description\":\"é\\u00e9\"}"),
        "{}",
        answer.text()
    );
    assert!(answer.text().contains("\"ttlMs\":1.0"), "{}", answer.text());
    assert_eq!((answer.header("etag"), answer.header("content-digest")), (None, None));
    let asked = upstream.seen().remove(0);
    assert_eq!((asked.all("accept-encoding"), asked.all("range")), (vec![], vec![]));
}

#[test]
fn every_kind_of_list_is_edited_and_nothing_else_is() {
    let body = |lists: Value| json!({ "jsonrpc": "2.0", "id": 1, "result": lists }).to_string();
    for (method, sent, shown) in [
        (
            "prompts/list",
            json!({ "prompts": [{ "name": "hello" }, { "name": "b" }] }),
            json!({ "prompts": [{ "name": "hello" }] }),
        ),
        (
            "resources/list",
            json!({ "resources": [{ "uri": "file:///a" }, { "uri": "file:///public/a" }] }),
            json!({ "resources": [{ "uri": "file:///public/a" }] }),
        ),
        (
            "resources/templates/list",
            json!({ "resourceTemplates": [{ "uriTemplate": "file:///secret/{x}" }, { "uriTemplate": "file:///{x}" }] }),
            json!({ "resourceTemplates": [{ "uriTemplate": "file:///{x}" }] }),
        ),
        ("tools/call", json!({ "tools": [{ "name": "drop" }] }), json!({ "tools": [{ "name": "drop" }] })),
    ] {
        let upstream = answering("application/json", &body(sent));
        let answer = post(&start(&upstream, ACL), &message(method, &json!({ "name": "get_x" })));
        assert_eq!(answer.json()["result"], shown, "{method}");
    }
}

#[test]
fn lists_in_event_streams_are_edited_event_by_event() {
    let events = format!(
        "id: 1\r\ndata: {TOOLS}\r\n\r\n: comment\r\nevent: message\r\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}}\r\n\r\n"
    );
    let upstream = answering("text/event-stream", &events);
    let gateway = start(&upstream, ACL);
    for answer in
        [list(&gateway), gateway.connect().request("GET", "/a/mcp", &[("Accept", "text/event-stream")], b"")]
    {
        let text = answer.text();
        assert!(text.starts_with("id: 1\r\ndata: {"), "{text}");
        assert!(text.ends_with(": comment\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\r\n\r\n"), "{text}");
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        assert_eq!(squeezed(data), squeezed(SHOWN));
    }
    let untouched = post(&gateway, &super::call("get_x"));
    assert_eq!(untouched.text(), events, "what asks for no list is none of its business");
}

#[test]
fn a_list_that_cannot_be_read_is_an_error_and_not_passed_on() {
    for (content_type, body) in [
        ("application/json", TOOLS.replace("\"tools\"", "\"tools\":[],\"tools\"")),
        ("application/json", TOOLS.replace("\"tools\"", "\"Tools\"")),
        ("application/json", TOOLS.replace("{\"name\":\"drop\"}", "{\"title\":\"drop\"}")),
        ("application/json", "<html>".to_owned()),
        ("text/plain", TOOLS.replace('}', "")),
    ] {
        let upstream = answering(content_type, &body);
        let mut gateway = start(&upstream, ACL);
        let answer = list(&gateway);
        assert_eq!((answer.status, answer.reason().as_str()), (200, "list_unreadable"), "{body}");
        assert_eq!(answer.json()["id"], "seven");
        assert!(!answer.text().contains("get_x"));
        assert_eq!(gateway.access_line("/a/mcp")["reason"], "list_unreadable");
    }
    let coded = Upstream::start(|_| {
        response("200 OK", &["Content-Type: application/json", "Content-Encoding: gzip"], "x")
    });
    let answer = list(&start(&coded, ACL));
    assert_eq!((answer.status, answer.reason().as_str()), (502, "list_unreadable"));
}

#[test]
fn without_a_policy_that_hides_something_lists_pass_untouched() {
    let upstream = answering("application/json", TOOLS);
    assert_eq!(list(&start(&upstream, "")).text(), TOOLS);
    let shadow = ACL.replace("mcp_acl: {", "mcp_acl: { mode: shadow,");
    assert_eq!(list(&start(&upstream, &shadow)).text(), TOOLS);
}
