//! What a token must have for some of the operations of an API.

use serde_json::json;

use super::issuer::{AUDIENCE, Issuer};
use super::{upstream, yaml};
use crate::support::http::Response;
use crate::support::node::{Server, tls_client};
use crate::support::secured;
use crate::support::tollgate::{Tollgate, api_with, config};
use crate::support::upstream::Upstream;

const OPERATIONS: &str = "operations: [{ method: tools/call, name: \"write_*\", scopes: [files.write] }, { method: \
                          tools/call, name: drop, scopes: [files.write, admin] }, { method: resources/read, scopes: \
                          [files.read] }]";

/// A gateway whose tokens need `base` and, for the operations above, more.
fn start(issuer: &Issuer, upstream: &Upstream) -> Tollgate {
    let url = issuer.url();
    let plan = format!(
        "{{ jwt: {{ issuers: [\"{url}\"], audiences: [\"{AUDIENCE}\"], scopes: [base], {OPERATIONS} }} }}"
    );
    Tollgate::start(&yaml(&plan, "authorization: { mode: protect }", upstream, ""))
}

fn call(tool: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": {} } })
        .to_string()
}

fn post(gateway: &Tollgate, token: &str, body: &str, further: &[(&str, &str)]) -> Response {
    let authorization = format!("Bearer {token}");
    let headers = [&[("Authorization", authorization.as_str())], further].concat();
    gateway.connect().post_json("/a/mcp", &headers, body)
}

#[test]
fn a_client_asks_for_more_when_it_calls_a_tool_that_needs_more() {
    let authorization_server = Server::authorization_server(&["--temper", "bind"]);
    let open = Server::mcp_server(&[]);
    let issuer = authorization_server.text("issuer");
    let operations = "operations: [{ method: tools/call, name: add, scopes: [\"files:read\"] }]";
    let plan = format!("{{ jwt: {{ issuers: [\"{issuer}\"], scopes: [mcp], {operations} }} }}");
    let api = api_with("demo", "/demo/mcp", open.url(), "authorization: { mode: protect }");
    let gateway = Tollgate::start(&config(&api.replace("plans: [keyless]", &format!("plans: [{plan}]"))));
    let url = format!("{}/demo/mcp", gateway.origin());
    authorization_server.list_resources(&[&url]);
    let steps = json!([
        { "connect": true },
        { "callTool": { "name": "echo", "arguments": { "text": "hello" } } },
        { "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } },
    ]);
    for sdk in ["v1", "v2"] {
        let report = secured::run(&gateway, &open, &url, json!({ "sdk": sdk }), steps.clone()).expect_ok();
        assert_eq!(report.challenged(), [401, 403], "{sdk}");
        // One of the two adds a scope of its own.
        let asked = report.0["oauth"]["logins"][1]["scope"].as_str().unwrap_or_default().to_owned();
        assert!(asked.starts_with("mcp files:read"), "{sdk}: {asked}");
    }
    let metadata = gateway.get("/.well-known/oauth-protected-resource/demo/mcp").json();
    assert_eq!(metadata["scopes_supported"], json!(["mcp", "files:read"]));
}

#[test]
fn an_operation_needs_all_its_scopes_and_a_refused_one_reaches_nobody() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let mut gateway = start(&issuer, &upstream);
    let token = |scope: &str| issuer.token(&json!({ "scope": scope }));
    let read =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": { "uri": "file:///a" } });
    let listed = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string();
    let both = format!("[{}, {}]", call("echo"), call("write_file"));
    for (body, scope, needed) in [
        (call("echo"), "base", None),
        (listed, "base", None),
        (json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string(), "base", None),
        (json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string(), "base", None),
        (call("write_file"), "base", Some("base files.write")),
        (call("write_file"), "base files.write", None),
        (call("drop"), "base files.write", Some("base files.write admin")),
        (call("drop"), "base admin files.write", None),
        (call("writ"), "base", None),
        (read.to_string(), "base", Some("base files.read")),
        (both.clone(), "base", Some("base files.write")),
        (both, "base files.write", None),
    ] {
        let before = upstream.seen().len();
        let answer = post(&gateway, &token(scope), &body, &[]);
        let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
        match needed {
            None => assert_eq!((answer.status, upstream.seen().len()), (200, before + 1), "{body}"),
            Some(needed) => {
                assert_eq!((answer.status, answer.reason().as_str()), (403, "insufficient_scope"), "{body}");
                assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
                assert!(challenge.ends_with(&format!("scope=\"{needed}\"")), "{challenge}");
                assert_eq!(upstream.seen().len(), before, "{body}");
            }
        }
    }
    let authorization = format!("Bearer {}", token("base"));
    let stream =
        gateway.connect().request("GET", "/a/mcp", &[("Authorization", authorization.as_str())], b"");
    assert_eq!(stream.status, 200, "a GET has no message");
    let line = gateway.process.wait_for(0, "the line of a refused operation", |line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        (line["reason"] == "insufficient_scope").then_some(line)
    });
    assert_eq!((line["plan"].as_str(), line["subject"].as_str()), (Some("jwt"), Some("alice")));
}

#[test]
fn a_message_that_others_could_read_otherwise_is_refused_with_the_protocols_code() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let gateway = start(&issuer, &upstream);
    let token = issuer.token(&json!({ "scope": "base" }));
    let modern = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")];
    let newer = call("write_file").replace(
        "\"params\":{",
        "\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},",
    );
    let none: &[(&str, &str)] = &[];
    for (body, headers, code) in [
        (call("echo").replace("\"id\":7", "\"id\":7,\"method\":\"tools/list\""), none, -32600),
        (
            call("echo").replace("\"name\":\"echo\"", "\"name\":\"echo\",\"Name\":\"write_file\""),
            none,
            -32600,
        ),
        (
            call("echo").replace("\"name\":\"echo\"", "\"name\":\"echo\",\"name\":\"write_file\""),
            none,
            -32600,
        ),
        (call("echo") + "x", none, -32700),
        ("{".to_owned(), none, -32700),
        ("[]".to_owned(), none, -32600),
        (format!("[{}]", call("echo")), &[("MCP-Protocol-Version", "2025-11-25")], -32600),
        (newer, &modern, -32020),
    ] {
        let answer = post(&gateway, &token, &body, headers);
        assert_eq!((answer.status, answer.reason().as_str()), (400, "bad_message"), "{body}");
        assert_eq!(answer.json()["error"]["code"], code, "{body}");
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn what_was_read_is_sent_on_byte_by_byte_however_it_came() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let gateway = start(&issuer, &upstream);
    let authorization = format!("Bearer {}", issuer.token(&json!({ "scope": "base" })));
    let spaced = format!(
        " \t{{ \"params\" : {{\"name\":\"e\\u0063ho\", \"x\": \"{}\"}},\n\"method\":\"tools/call\" , \
         \"id\":10,\"jsonrpc\":\"2.0\"}}\r\n",
        "é".repeat(20_000)
    );
    post(&gateway, &authorization["Bearer ".len()..], &spaced, &[("Expect", "100-continue")]);
    let mut connection = gateway.connect();
    let head = format!(
        "POST /a/mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\nContent-Type: \
         application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        gateway.address()
    );
    connection.send(head.as_bytes());
    for chunk in spaced.as_bytes().chunks(7_000) {
        connection.send(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    connection.send(b"0\r\n\r\n");
    assert_eq!(connection.response("POST").text(), "reached");
    assert_eq!(connection.get("/nowhere").status, 404, "the connection goes on");
    assert_eq!(upstream.seen().len(), 2);
    for seen in upstream.seen() {
        assert_eq!(String::from_utf8_lossy(&seen.body), spaced);
        assert!(seen.all("expect").is_empty(), "the client was told to go on");
    }
}

#[test]
fn over_http2_operations_are_told_apart_as_well() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let plan = format!(
        "{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"], {OPERATIONS} }} }}",
        issuer.url()
    );
    let yaml = yaml(&plan, "authorization: { mode: protect }", &upstream, "");
    let gateway = Tollgate::start(&yaml.replace("\"127.0.0.1:0\"", "\"127.0.0.1:0\", http2: true"));
    let authorization = format!("Bearer {}", issuer.token(&json!({ "scope": "base" })));
    let ask = |tool: &str| {
        let headers = json!({ "authorization": authorization, "content-type": "application/json" });
        let request = json!({ "method": "POST", "path": "/a/mcp", "headers": headers, "body": call(tool) });
        let script = json!({ "port": gateway.address().port(), "prior": true, "requests": [request] });
        tls_client(&script)["responses"][0]["status"].clone()
    };
    assert_eq!((ask("echo"), ask("write_file")), (json!(200), json!(403)));
    let seen = upstream.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(String::from_utf8_lossy(&seen[0].body), call("echo"));
}
