use std::borrow::Cow;

use http::HeaderMap;
use serde_json::{Value, json};
use tollgate_protocol::envelope::{Batches, Envelope};

use super::*;
use crate::request::Caller;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;

fn acl(settings: Value) -> McpAcl {
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let mut findings = Findings::default();
    check(&settings, &KeyPath::root(), &mut findings).unwrap_or_else(|| panic!("{:?}", findings.problems))
}

fn ask<T>(claims: &Value, scopes: &[String], look: impl FnOnce(&Request<'_>) -> T) -> T {
    let headers = HeaderMap::new();
    let caller = Caller { claims: Some(claims), scopes, subject: Some("me"), ..Caller::default() };
    let (method, host, path) = ("POST", "gw.example", "/mcp");
    let (client, caller) = (None, Some(caller));
    look(&Request { method, host, path, headers: &headers, client, api: "a", caller, now: 0 })
}

/// What a caller with these claims and scopes is told about a message: nothing, or the reason and the rule.
fn told(acl: &McpAcl, claims: &Value, scopes: &[&str], message: &Value) -> Option<String> {
    let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    let body = message.to_string();
    let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
    ask(claims, &scopes, |request| {
        let mut effects = Effects::default();
        match acl.on_message(request, &envelope.messages()[0], &mut effects) {
            Verdict::Continue => None,
            Verdict::Deny(it) => Some(format!("{} {}", it.reason.slug, it.rule.as_deref().unwrap_or("-"))),
            other => panic!("{other:?}"),
        }
    })
}

fn call(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

fn tool(name: &str) -> Value {
    call("tools/call", &json!({ "name": name, "arguments": { "owner": "me", "deep": { "n": 1 } } }))
}

fn shows(acl: &McpAcl, claims: &Value, item: &Listed<'_>) -> bool {
    ask(claims, &[], |request| acl.shows(request, item))
}

#[test]
fn only_what_a_rule_allows_and_none_denies_is_let_through() {
    let acl = acl(json!({
        "allow": [{ "tools": ["get_*", "search"] }, { "prompts": ["hello"] }, { "resources": ["file:///public/*"] }],
        "deny": [{ "tools": ["get_secret"] }],
    }));
    let none = json!({});
    for (message, expected) in [
        (tool("search"), None),
        (tool("get_x"), None),
        (tool("get_secret"), Some("access_denied deny[0]")),
        (tool("delete"), Some("access_denied -")),
        (tool("Search"), Some("access_denied -")),
        (tool(" search"), Some("access_denied -")),
        (call("prompts/get", &json!({ "name": "hello" })), None),
        (call("prompts/get", &json!({ "name": "search" })), Some("access_denied -")),
        (call("resources/read", &json!({ "uri": "file:///public/a" })), None),
        (call("resources/subscribe", &json!({ "uri": "file:///public/a" })), None),
        (call("resources/read", &json!({ "uri": "file:///secret" })), Some("access_denied -")),
        (call("resources/read", &json!({ "uri": "file:///public/../secret" })), Some("access_denied -")),
        (call("resources/read", &json!({ "uri": "file:///public/%2e%2e/secret" })), Some("access_denied -")),
        (call("resources/read", &json!({ "uri": "FILE:///publi%63/a" })), None),
        (call("something/new", &json!({})), Some("access_denied -")),
    ] {
        assert_eq!(told(&acl, &none, &[], &message).as_deref(), expected, "{message}");
    }
}

#[test]
fn what_is_denied_is_denied_in_every_spelling() {
    let acl = acl(json!({ "allow": [{}], "deny": [{ "resources": ["file:///secret/*"] }] }));
    for uri in [
        "file:///secret/a",
        "FILE:///secret/a",
        "file:/secret/a",
        "file://localhost/secret/a",
        "file:///%73ecret/a",
        "file:///public/../secret/a",
        "file:///x\\..\\secret",
    ] {
        let message = call("resources/read", &json!({ "uri": uri }));
        assert_eq!(told(&acl, &json!({}), &[], &message).as_deref(), Some("access_denied deny[0]"), "{uri}");
    }
    let message = call("resources/read", &json!({ "uri": "file:///public/a" }));
    assert_eq!(told(&acl, &json!({}), &[], &message), None);
}

#[test]
fn completion_and_subscriptions_are_for_what_may_be_used() {
    let acl = acl(json!({ "allow": [{ "prompts": ["hello"] }, { "resources": ["file:///public/*"] }] }));
    let complete = |reference: Value| {
        call("completion/complete", &json!({ "ref": reference, "argument": { "name": "a", "value": "b" } }))
    };
    let listen = |uris: Value| {
        call("subscriptions/listen", &json!({ "notifications": { "resourceSubscriptions": uris } }))
    };
    for (message, is_allowed) in [
        (complete(json!({ "type": "ref/prompt", "name": "hello" })), true),
        (complete(json!({ "type": "ref/prompt", "name": "hidden" })), false),
        (complete(json!({ "type": "ref/resource", "uri": "file:///public/{x}" })), true),
        (complete(json!({ "type": "ref/resource", "uri": "file:///{x}" })), true),
        (complete(json!({ "type": "ref/resource", "uri": "file:///secret/{x}" })), false),
        (complete(json!({ "type": "ref/resource", "uri": "file:///secret" })), false),
        (listen(json!(["file:///public/a"])), true),
        (listen(json!([])), true),
        (listen(json!(["file:///public/a", "file:///secret"])), false),
        (listen(json!("file:///secret")), false),
        (listen(json!([1])), false),
        (call("subscriptions/listen", &json!({ "notifications": { "toolsListChanged": true } })), true),
    ] {
        assert_eq!(told(&acl, &json!({}), &[], &message).is_none(), is_allowed, "{message}");
    }
}

#[test]
fn a_session_goes_on_and_lists_and_tasks_pass_whatever_the_rules() {
    let acl = acl(json!({ "allow": [{ "tools": ["x"] }], "deny": [{ "methods": ["*"] }] }));
    for method in ["initialize", "ping", "server/discover"] {
        assert_eq!(told(&acl, &json!({}), &[], &call(method, &json!({}))), None, "{method}");
    }
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    assert_eq!((told(&acl, &json!({}), &[], &note), told(&acl, &json!({}), &[], &answer)), (None, None));
    let acl = self::acl(json!({ "allow": [{ "tools": ["x"] }], "deny": [{ "methods": ["tasks/cancel"] }] }));
    let task = |method: &str| told(&acl, &json!({}), &[], &call(method, &json!({ "taskId": "t" })));
    assert_eq!((task("tasks/get"), task("tasks/cancel").is_some()), (None, true));
    for method in
        ["tools/list", "prompts/list", "resources/list", "resources/templates/list", "logging/setLevel"]
    {
        assert_eq!(told(&acl, &json!({}), &[], &call(method, &json!({}))), None, "{method}");
    }
}

#[test]
fn conditions_look_at_the_caller_and_the_call_and_fail_closed() {
    let acl = acl(json!({
        "allow": [{ "tools": ["*"], "when": "claims.role == 'admin'" }, { "tools": ["own"], "when": "arguments['/owner'] == subject" }],
        "deny": [{ "tools": ["own"], "when": "arguments['/deep/n'] > 5" }],
    }));
    let (admin, user) = (json!({ "role": "admin" }), json!({}));
    assert_eq!(told(&acl, &admin, &[], &tool("any")), None);
    assert_eq!(told(&acl, &user, &[], &tool("any")).as_deref(), Some("access_denied -"), "no such claim");
    assert_eq!(told(&acl, &user, &[], &tool("own")), None);
    let foreign =
        call("tools/call", &json!({ "name": "own", "arguments": { "owner": "you", "deep": { "n": 1 } } }));
    assert_eq!(told(&acl, &user, &[], &foreign).as_deref(), Some("access_denied -"));
    let nothing = call("tools/call", &json!({ "name": "own", "arguments": {} }));
    assert_eq!(
        told(&acl, &admin, &[], &nothing).as_deref(),
        Some("access_denied deny[0]"),
        "it cannot be told"
    );
}

#[test]
fn a_missing_scope_is_something_to_ask_for() {
    let acl = acl(json!({ "allow": [{ "tools": ["read"] }, { "tools": ["*"], "scopes": ["crm.write"] }] }));
    let told = |scopes: &[&str], name: &str| told(&acl, &json!({}), scopes, &tool(name));
    assert_eq!(told(&[], "read"), None);
    assert_eq!(told(&[], "write").as_deref(), Some("insufficient_scope allow[1]"));
    assert_eq!(told(&["crm.write"], "write"), None);
    assert!(
        shows(&acl, &json!({}), &Listed::Tool(Cow::Borrowed("write"))),
        "a client has to see what it can ask for"
    );
}

#[test]
fn a_list_shows_what_may_be_used() {
    let acl = acl(json!({
        "allow": [
            { "tools": ["get_*"] },
            { "tools": ["admin_*"], "when": "claims.role == 'admin'" },
            { "tools": ["own"], "when": "arguments['/owner'] == subject" },
            { "resources": ["file:///public/*"] },
        ],
        "deny": [{ "tools": ["get_secret"] }, { "tools": ["get_x"], "when": "arguments['/a'] == 1" }, { "resources": ["file:///public/no/*"] }],
    }));
    let tool = |name: &'static str| Listed::Tool(Cow::Borrowed(name));
    let template = |text: &'static str| Listed::Template(Cow::Borrowed(text));
    for (item, is_shown) in [
        (tool("get_a"), true),
        (tool("get_x"), true),
        (tool("get_secret"), false),
        (tool("admin_a"), false),
        (tool("own"), true),
        (tool("other"), false),
        (Listed::Prompt(Cow::Borrowed("get_a")), false),
        (Listed::Resource(Cow::Borrowed("file:///public/a")), true),
        (Listed::Resource(Cow::Borrowed("file:///public/no/a")), false),
        (Listed::Resource(Cow::Borrowed("file:///secret")), false),
        (template("file:///{path}"), true),
        (template("file:///public/no/{path}"), false),
        (template("file:///secret/{path}"), false),
    ] {
        assert_eq!(shows(&acl, &json!({}), &item), is_shown, "{item:?}");
    }
    assert!(shows(&acl, &json!({ "role": "admin" }), &tool("admin_a")));
}

#[test]
fn in_shadow_nothing_is_refused_and_what_would_have_been_is_told() {
    let acl = acl(json!({ "mode": "shadow", "allow": [{ "tools": ["a"] }] }));
    let body = tool("b").to_string();
    let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
    let mut effects = Effects::default();
    ask(&json!({}), &[], |request| {
        assert!(acl.on_message(request, &envelope.messages()[0], &mut effects).goes_on());
    });
    assert_eq!(
        effects.shadowed.iter().map(|denial| denial.reason.slug).collect::<Vec<_>>(),
        ["access_denied"]
    );
    assert!(!acl.needs().lists);
}

#[test]
fn a_call_is_answered_as_its_outcome_and_a_notification_is_not() {
    let acl = acl(json!({ "allow": [{ "tools": ["a"] }] }));
    let outcome = |message: Value| {
        let body = message.to_string();
        let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
        ask(&json!({}), &[], |request| {
            match acl.on_message(request, &envelope.messages()[0], &mut Effects::default()) {
                Verdict::Deny(denial) => (denial.is_outcome, denial.code),
                other => panic!("{other:?}"),
            }
        })
    };
    assert_eq!(outcome(tool("b")), (true, Some(-32003)));
    let note = json!({ "jsonrpc": "2.0", "method": "tools/call", "params": { "name": "b" } });
    assert_eq!(outcome(note), (false, Some(-32003)));
}

proptest::proptest! {
    /// Short names and patterns of few letters, so that many of them meet.
    #[test]
    fn what_is_hidden_cannot_be_used_and_what_is_shown_can(
        allow in proptest::collection::vec("[ab*]{1,3}", 1..4),
        deny in proptest::collection::vec("[ab*]{1,3}", 0..3),
        name in "[ab]{0,4}",
    ) {
        let rules = |key: &str| json!({ "allow": [{ key: allow }], "deny": [{ key: deny }, { "methods": ["no/such"] }] });
        for (key, method, member, item) in [
            ("tools", "tools/call", "name", Listed::Tool(Cow::Borrowed(&*name))),
            ("prompts", "prompts/get", "name", Listed::Prompt(Cow::Borrowed(&*name))),
            ("resources", "resources/read", "uri", Listed::Resource(Cow::Borrowed(&*name))),
        ] {
            let mut rules = rules(key);
            if deny.is_empty() {
                rules["deny"] = json!([]);
            }
            let acl = acl(rules);
            let used = told(&acl, &json!({}), &[], &call(method, &json!({ member: name }))).is_none();
            proptest::prop_assert_eq!(used, shows(&acl, &json!({}), &item));
            // No spelling of the method or of the name is another way in.
            let upper = call(&method.to_uppercase(), &json!({ member: name }));
            let by_another_name = told(&acl, &json!({}), &[], &upper);
            proptest::prop_assert!(by_another_name.is_some());
            if !used {
                for alias in [format!(" {name}"), format!("{name}\u{0}"), name.to_uppercase() + "x"] {
                    let aliased = told(&acl, &json!({}), &[], &call(method, &json!({ member: alias })));
                    let shown = match key {
                        "tools" => shows(&acl, &json!({}), &Listed::Tool(Cow::Owned(alias))),
                        "prompts" => shows(&acl, &json!({}), &Listed::Prompt(Cow::Owned(alias))),
                        _ => shows(&acl, &json!({}), &Listed::Resource(Cow::Owned(alias))),
                    };
                    proptest::prop_assert_eq!(aliased.is_none(), shown);
                }
            }
        }
    }
}
