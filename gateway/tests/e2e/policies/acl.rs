//! Which tools, resources and prompts callers may use.

use serde_json::json;

use super::super::plans::consumer;
use super::super::plans::issuer::{AUDIENCE, Issuer};
use super::{call, message, post, reached, start};
use crate::support::node::Server;
use crate::support::report::Report;
use crate::support::secured;
use crate::support::tollgate::{Tollgate, api_with, config};

const READERS: &str = "{ mcp_acl: { allow: [{ tools: [\"get_*\"] }, { prompts: [hello] }, { resources: \
                       [\"file:///public/*\"] }, { methods: [\"x/*\"] }], deny: [{ tools: [get_secret] }] } }";

#[test]
fn what_is_not_allowed_is_answered_in_the_servers_place_and_never_reaches_it() {
    let upstream = reached();
    let gateway = start(&upstream, READERS);
    for (asked, is_allowed) in [
        (call("get_x"), true),
        (call("get_secret"), false),
        (call("delete"), false),
        (message("prompts/get", &json!({ "name": "hello" })), true),
        (message("prompts/get", &json!({ "name": "get_x" })), false),
        (message("resources/read", &json!({ "uri": "file:///public/a" })), true),
        (message("resources/read", &json!({ "uri": "file:///public/../a" })), false),
        (message("x/y", &json!({})), true),
        (message("y/x", &json!({})), false),
        (message("initialize", &json!({})), true),
        (message("logging/setLevel", &json!({})), true),
    ] {
        let before = upstream.seen().len();
        let answer = post(&gateway, &asked);
        if is_allowed {
            assert_eq!(answer.text(), "\"reached\"", "{asked}");
            continue;
        }
        assert_eq!((answer.status, upstream.seen().len()), (200, before), "{asked}");
        let answer = answer.json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("seven"), &json!(-32003)), "{asked}");
        assert_eq!(answer["error"]["data"]["reason"], "access_denied", "{asked}");
    }
    let mut gateway = start(&upstream, READERS);
    post(&gateway, &call("get_secret"));
    let denied = gateway.access_line("/a/mcp");
    let of = |field: &str| denied[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (of("reason"), of("policy"), of("rule")),
        ("access_denied".into(), "mcp_acl".into(), "deny[0]".into())
    );
    assert_eq!((of("rpc_method"), of("rpc_name")), ("tools/call".into(), "get_secret".into()));
}

#[test]
fn what_is_denied_is_denied_whatever_is_allowed() {
    let upstream = reached();
    let resource = message("resources/read", &json!({ "uri": "FILE:///secret/%61" }));
    let prompt = message("prompts/get", &json!({ "name": "hello" }));
    for (rule, denied) in [
        ("tools: [drop]", &call("drop")),
        ("resources: [\"file:///secret/a\"]", &resource),
        ("prompts: [hello]", &prompt),
        ("methods: [\"resources/*\"]", &resource),
        ("when: \"message.name == 'drop' && !('/force' in arguments)\"", &call("drop")),
    ] {
        let gateway = start(&upstream, &format!("{{ mcp_acl: {{ allow: [{{}}], deny: [{{ {rule} }}] }} }}"));
        for asked in [&call("get"), &call("drop"), &resource, &prompt] {
            let expected = if asked == denied { "access_denied" } else { "reached" };
            assert!(post(&gateway, asked).text().contains(expected), "{rule}: {asked}");
        }
    }
}

#[test]
fn a_batch_is_refused_as_a_whole_with_an_error_for_each_of_its_requests() {
    let upstream = reached();
    let gateway = start(&upstream, READERS);
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let (mut one, mut two) = (call("get_x"), call("drop"));
    one["id"] = json!(1);
    two["id"] = json!(2);
    let answer = post(&gateway, &json!([one, note, two])).json();
    let ids: Vec<_> = answer.as_array().expect("a list").iter().map(|error| error["id"].clone()).collect();
    assert_eq!((ids, upstream.seen().len()), (vec![json!(1), json!(2)], 0));
    assert_eq!(post(&gateway, &json!([one, note])).text(), "\"reached\"");
}

#[test]
fn a_notification_that_is_refused_has_no_outcome() {
    let upstream = reached();
    let gateway = start(&upstream, READERS);
    let answer =
        post(&gateway, &json!({ "jsonrpc": "2.0", "method": "tools/call", "params": { "name": "drop" } }));
    assert_eq!((answer.status, answer.reason().as_str(), upstream.seen().len()), (403, "access_denied", 0));
}

#[test]
fn in_mode_shadow_everything_passes_and_the_log_says_what_would_not() {
    let upstream = reached();
    let mut gateway = start(&upstream, &READERS.replace("mcp_acl: {", "mcp_acl: { mode: shadow,"));
    assert_eq!(post(&gateway, &call("drop")).text(), "\"reached\"");
    let line = gateway.access_line("/a/mcp");
    assert_eq!((&line["shadow_reason"], &line["reason"]), (&json!("access_denied"), &json!(null)));
}

#[test]
fn conditions_know_the_consumer_its_labels_the_plan_the_headers_and_the_arguments() {
    let upstream = reached();
    let acme = consumer("acme", "good", "a/api_key").replace("plans:", "labels: { team: red }, plans:");
    let rule = "consumer.name == 'acme' && consumer.labels.team == 'red' && plan == 'api_key' && api == 'a' && \
                request.headers['x-env'] == 'test' && client.address == '127.0.0.1' && arguments['/a/b'] == 1";
    let gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nconsumers: [{acme}]\napis:\n  - {{ name: a, path: \
         /a/mcp, endpoints: [\"{}\"], plans: [{{ api_key: {{}} }}, keyless], policies: [{{ mcp_acl: {{ allow: [{{ when: \
         \"{rule}\" }}] }} }}] }}\n",
        upstream.url("/mcp")
    ));
    let ask = |headers: &[(&str, &str)], b: i32| {
        let asked = message("tools/call", &json!({ "name": "x", "arguments": { "a": { "b": b } } }));
        gateway.connect().post_json("/a/mcp", headers, &asked.to_string()).text().contains("reached")
    };
    assert!(ask(&[("x-api-key", "good"), ("x-env", "test")], 1));
    assert!(!ask(&[("x-api-key", "good"), ("x-env", "test")], 2));
    assert!(!ask(&[("x-api-key", "good")], 1));
    assert!(!ask(&[("x-env", "test")], 1));
}

#[test]
fn a_rule_may_need_a_scope_which_clients_are_told_to_ask_for() {
    let (issuer, upstream) = (Issuer::start(), reached());
    let plan = format!(
        "{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"], scopes: [base] }} }}",
        issuer.url()
    );
    let acl = "{ mcp_acl: { allow: [{ tools: [read] }, { tools: [\"*\"], scopes: [crm.write] }, { tools: [own], when: \"claims.sub == 'u7'\" }] } }";
    let gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\napis:\n  - {{ name: a, path: /a/mcp, authorization: \
         {{ mode: protect }}, endpoints: [\"{}\"], plans: [{plan}], policies: [{acl}] }}\n",
        upstream.url("/mcp")
    ));
    let ask = |claims: serde_json::Value, tool: &str| {
        let authorization = format!("Bearer {}", issuer.token(&claims));
        gateway.connect().post_json("/a/mcp", &[("Authorization", &authorization)], &call(tool).to_string())
    };
    assert_eq!(ask(json!({ "scope": "base" }), "read").text(), "\"reached\"");
    assert_eq!(ask(json!({ "scope": "base crm.write" }), "write").text(), "\"reached\"");
    assert_eq!(ask(json!({ "scope": "base", "sub": "u7" }), "own").text(), "\"reached\"");
    let answer = ask(json!({ "scope": "base" }), "write");
    assert_eq!((answer.status, answer.reason().as_str()), (403, "insufficient_scope"));
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Bearer error=\"insufficient_scope\", resource_metadata="), "{challenge}");
    assert!(challenge.ends_with("scope=\"base crm.write\""), "{challenge}");
}

#[test]
fn groups_are_where_the_issuers_settings_say_and_conditions_know_them() {
    let (issuer, upstream) = (Issuer::start(), reached());
    let settings = format!("{{ issuer: \"{}\", claims: {{ groups: /realm/roles }} }}", issuer.url());
    let plan = format!("{{ jwt: {{ issuers: [{settings}], audiences: [\"{AUDIENCE}\"] }} }}");
    let acl = "{ mcp_acl: { allow: [{ when: \"'admins' in groups\" }] } }";
    let gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\napis:\n  - {{ name: a, path: /a/mcp, authorization: \
         {{ mode: protect }}, endpoints: [\"{}\"], plans: [{plan}], policies: [{acl}] }}\n",
        upstream.url("/mcp")
    ));
    let is_let_through = |claims: serde_json::Value| {
        let authorization = format!("Bearer {}", issuer.token(&claims));
        let headers = [("Authorization", authorization.as_str())];
        gateway.connect().post_json("/a/mcp", &headers, &call("x").to_string()).text().contains("reached")
    };
    assert!(is_let_through(json!({ "realm": { "roles": ["users", "admins"] } })));
    assert!(is_let_through(json!({ "realm": { "roles": "admins" } })));
    assert!(!is_let_through(json!({ "realm": { "roles": ["users"] } })));
    assert!(!is_let_through(json!({ "groups": ["admins"] })));
}

/// What the official client reports that lists the tools of a server, calls `echo`, which it may, and `add`, which it may
/// not.
fn reports(options: &[&str], acl: &str, transport: &str) -> [Report; 2] {
    let server = Server::mcp_server(options);
    let policies = format!("policies: [{{ mcp_acl: {acl} }}]");
    let gateway = Tollgate::start(&config(&api_with("demo", "/demo/mcp", server.url(), &policies)));
    let url = format!("{}/demo/mcp", gateway.origin());
    let steps = json!([
        { "connect": true },
        { "listTools": true },
        { "callTool": { "name": "echo", "arguments": { "text": "hello" } } },
        { "callTool": { "name": "add", "arguments": { "a": 1, "b": 2 } } },
    ]);
    ["v1", "v2"].map(|sdk| {
        let script = json!({ "sdk": sdk, "transport": transport });
        let report = secured::run(&gateway, &server, &url, script, steps.clone());
        assert_eq!(report.result(1)["tools"], json!(["echo"]), "{sdk}: {:#}", report.0);
        assert!(report.result(2).to_string().contains("hello"), "{sdk}: {:#}", report.0);
        report
    })
}

#[test]
fn the_official_client_sees_what_it_may_use_and_is_told_what_it_may_not() {
    let acl = "{ allow: [{ tools: [echo, whoami] }], deny: [{ tools: [whoami] }] }";
    for report in reports(&[], acl, "http") {
        assert!(report.failure().contains("may not do this"), "{}", report.failure());
    }
}

#[test]
fn a_client_of_the_legacy_transport_sees_what_it_may_use_and_does_not_wait_for_what_it_may_not() {
    for report in reports(&["--legacy-sse"], "{ allow: [{ tools: [echo] }] }", "sse") {
        assert!(report.failure().contains("403"), "{}", report.failure());
    }
}
