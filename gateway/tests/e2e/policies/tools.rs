//! What is learnt of tools from the lists that pass.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{call, message, post, start, yaml};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

const ACL: &str = "{ mcp_acl: { allow: [{ tools: [\"*\"] }, { methods: [tools/list] }] } }";
const ADMIN: &str = "admin: { address: \"127.0.0.1:0\" }\n";
const AUDIT: &str = "{ audit: { to: stdout } }";

/// A list with one tool, whose callers repeat its argument `region` in this header.
fn listed(header: &str) -> String {
    let region = json!({ "type": "string", "x-mcp-header": header });
    let tool =
        json!({ "name": "query", "inputSchema": { "type": "object", "properties": { "region": region } } });
    json!({ "jsonrpc": "2.0", "id": "seven", "result": { "tools": [tool] } }).to_string()
}

/// Lists that one, and answers every call.
fn listing(fields: &'static [&'static str], body: &str) -> Upstream {
    let body = body.as_bytes().to_vec();
    Upstream::start(move |request| {
        let text = String::from_utf8_lossy(&request.body);
        if text.contains("tools/list") {
            let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len()).into_bytes();
            fields.iter().for_each(|field| answer.extend([field.as_bytes(), b"\r\n"].concat()));
            return [answer, b"\r\n".to_vec(), body.clone()].concat();
        }
        response("200 OK", &["Content-Type: application/json"], "\"reached\"")
    })
}

/// Calls the tool as clients of 2026-07-28 do, with further fields.
fn query(gateway: &Tollgate, region: &Value, fields: &[(&str, &str)]) -> Response {
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
    let arguments = json!({ "region": region });
    let body = message("tools/call", &json!({ "name": "query", "arguments": arguments, "_meta": meta }));
    let own = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "query")];
    gateway.connect().post_json("/a/mcp", &[&own, fields].concat(), &body.to_string())
}

fn list(gateway: &Tollgate) -> Response {
    post(gateway, &message("tools/list", &json!({})))
}

/// The code of the error it is refused with.
fn refused(answer: &Response) -> (u16, i64) {
    (answer.status, answer.json()["error"]["code"].as_i64().unwrap_or_default())
}

#[test]
fn arguments_that_a_listed_tool_has_repeated_in_headers_have_to_be_the_same_there() {
    let upstream = listing(&["Content-Type: application/json"], &listed("Region"));
    let mut gateway = start(&upstream, ACL);
    let other = [("Mcp-Param-Region", "east")];
    assert_eq!(
        query(&gateway, &json!("west"), &other).status,
        200,
        "nobody knows yet what the header is for"
    );
    list(&gateway);
    let before = upstream.seen().len();
    for fields in
        [&other[..], &[], &[("Mcp-Param-Region", "West")], &[("Mcp-Param-Region", "west"), other[0]]]
    {
        let answer = query(&gateway, &json!("west"), fields);
        assert_eq!((refused(&answer), &*answer.reason()), ((400, -32020), "bad_message"), "{fields:?}");
    }
    assert_eq!(upstream.seen().len(), before, "the MCP server hears nothing of it");
    for (region, fields) in [
        (json!("west"), &[("mcp-param-region", "west")][..]),
        (json!("west"), &[("Mcp-Param-Region", "=?base64?d2VzdA==?="), ("Mcp-Param-Other", "x")]),
        (Value::Null, &[]),
    ] {
        assert_eq!(query(&gateway, &region, fields).text(), "\"reached\"", "{fields:?}");
    }
    let older = gateway.connect().post_json("/a/mcp", &other, &call("query").to_string());
    assert_eq!(older.text(), "\"reached\"", "before 2026-07-28 these headers mean nothing");
    assert_eq!(gateway.reload(&yaml(&upstream, ACL, "messages: { max_bytes: 100000 }\n")), "applied");
    assert_eq!(refused(&query(&gateway, &json!("west"), &other)), (400, -32020), "a reload forgets nothing");
}

#[test]
fn a_list_in_events_says_the_same_and_the_newest_list_counts() {
    let events = |header: &str| format!("data: {}\n\n", listed(header));
    let (first, second) = (
        listing(&["Content-Type: text/event-stream"], &events("Region")),
        listing(&["Content-Type: text/event-stream"], &events("Area")),
    );
    let mut gateway = start(&first, ACL);
    list(&gateway);
    assert_eq!(refused(&query(&gateway, &json!("west"), &[("Mcp-Param-Area", "west")])), (400, -32020));
    assert_eq!(gateway.reload(&yaml(&second, ACL, "")), "applied");
    list(&gateway);
    assert_eq!(query(&gateway, &json!("west"), &[("Mcp-Param-Area", "west")]).status, 200);
    assert_eq!(refused(&query(&gateway, &json!("west"), &[("Mcp-Param-Region", "west")])), (400, -32020));
}

#[test]
fn a_list_that_is_only_looked_at_passes_as_it_is_whatever_it_is() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(listed("Region").as_bytes()).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let packed = Upstream::start(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            gzip.len()
        );
        [head.as_bytes(), &gzip].concat()
    });
    let answer = list(&start(&packed, AUDIT));
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    for body in ["{ \"no\": \"list\" ", "", "{\"result\":{\"tools\":3}}", &listed("Region")] {
        let upstream = listing(&["Content-Type: application/json", "ETag: \"x\""], body);
        let answer = list(&start(&upstream, AUDIT));
        assert_eq!((answer.text(), answer.header("etag")), (body, Some("\"x\"")), "{body}");
    }
}

#[test]
fn messages_that_nothing_is_decided_by_are_looked_at_where_that_is_wanted() {
    let upstream = listing(&["Content-Type: application/json"], &listed("Region"));
    let mut gateway =
        Tollgate::start(&yaml(&upstream, "", &format!("{ADMIN}messages: {{ observe: true }}\n")));
    list(&gateway);
    assert_eq!(gateway.access_line("/a/mcp")["rpc_method"], "tools/list");
    let other = query(&gateway, &json!("west"), &[("Mcp-Param-Region", "east")]);
    assert_eq!(other.text(), "\"reached\"", "nothing is refused where nothing is decided");
    post(&gateway, &call("query"));
    gateway.connect().post_json("/a/mcp/deeper", &[], &call("made up").to_string());
    let line = gateway.access_line("/a/mcp/deeper");
    assert_eq!((&line["rpc_method"], &line["rpc_name"]), (&json!("tools/call"), &json!("made up")));
    gateway.counts(
        "tollgate_tool_calls_total",
        &[("api", "a"), ("tool", "query"), ("outcome", "passed")],
        1.0,
    );
    gateway.counts(
        "tollgate_tool_calls_total",
        &[("api", "a"), ("tool", "other"), ("outcome", "passed")],
        1.0,
    );
    gateway.counts(
        "tollgate_messages_total",
        &[("api", "a"), ("method", "tools/call"), ("outcome", "passed")],
        2.0,
    );
    let mut blind = Tollgate::start(&yaml(&upstream, "", ADMIN));
    post(&blind, &call("query"));
    assert_eq!(blind.access_line("/a/mcp")["rpc_method"], Value::Null);
    blind.counts("tollgate_tool_calls_total", &[("api", "a")], 0.0);
}

#[test]
fn refused_calls_are_counted_by_their_tool_as_well() {
    let upstream = listing(&["Content-Type: application/json"], &listed("Region"));
    let acl = "{ mcp_acl: { allow: [{ tools: [\"other_*\"] }, { methods: [tools/list] }] } }";
    let gateway = Tollgate::start(&yaml(&upstream, acl, ADMIN));
    list(&gateway);
    post(&gateway, &call("query"));
    gateway.counts(
        "tollgate_tool_calls_total",
        &[("api", "a"), ("tool", "query"), ("outcome", "refused")],
        1.0,
    );
}
