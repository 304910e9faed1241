//! Fields of requests and answers that a policy sets.

use serde_json::json;

use super::super::plans::consumer;
use super::super::plans::issuer::{AUDIENCE, Issuer};
use super::{call, post, start};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

fn upstream() -> Upstream {
    Upstream::start(|_| {
        response("200 OK", &["X-Secret: 1", "X-Old: 1", "X-Kept: 1", "Vary: Accept"], "reached")
    })
}

#[test]
fn fields_are_set_appended_and_removed_on_requests_and_answers() {
    let upstream = upstream();
    let policy = "{ headers: { request: { set: { x-tenant: red }, append: { x-tag: b }, remove: [x-debug, cookie] }, response: \
                  { set: { x-old: \"2\" }, append: { vary: Origin }, remove: [x-secret] } } }";
    let gateway = start(&upstream, policy);
    let sent = [
        ("X-Tenant", "mine"),
        ("X_Tenant", "mine"),
        ("X.Tenant", "mine"),
        ("X-Tag", "a"),
        ("X-Debug", "1"),
        ("X_Debug", "1"),
        ("Cookie", "a=b"),
        ("X-Other", "1"),
    ];
    let answer = gateway.connect().post_json("/a/mcp", &sent, &call("echo").to_string());
    let seen = upstream.seen().remove(0);
    assert_eq!((seen.all("x-tenant"), seen.all("x-tag")), (vec!["red"], vec!["a", "b"]));
    for name in ["x_tenant", "x.tenant", "x-debug", "x_debug", "cookie"] {
        assert!(seen.all(name).is_empty(), "{name}: {seen:?}");
    }
    assert_eq!(seen.all("x-other"), ["1"]);
    assert_eq!(
        (answer.all("x-old"), answer.all("x-kept"), answer.all("x-secret")),
        (vec!["2"], vec!["1"], vec![])
    );
    assert_eq!(answer.all("vary"), ["Accept", "Origin"]);
}

#[test]
fn a_client_cannot_have_a_field_of_a_policy_dropped() {
    let upstream = upstream();
    let gateway = start(&upstream, "{ headers: { request: { set: { x-tenant: red } } } }");
    let answer =
        gateway.connect().post_json("/a/mcp", &[("Connection", "x-tenant")], &call("echo").to_string());
    assert_eq!((answer.status, upstream.seen().remove(0).all("x-tenant")), (200, vec!["red"]));
}

#[test]
fn values_may_say_who_calls_and_what_cannot_be_said_in_a_field_is_refused() {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let plan = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
    let acme = consumer("acme", "good", "a/keys");
    let policy = "{ headers: { request: { set: { x-user: { cel: claims.name }, x-consumer: { cel: consumer.name } } } } }";
    let mut gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nconsumers: [{acme}]\napis:\n  - {{ name: a, path: /a/mcp, \
         authorization: {{ mode: protect }}, endpoints: [\"{}\"], plans: [{plan}, {{ name: keys, api_key: {{}} }}], policies: \
         [{policy}] }}\n",
        upstream.url("/mcp")
    ));
    let ask = |gateway: &Tollgate, claims: serde_json::Value| {
        let authorization = format!("Bearer {}", issuer.token(&claims));
        gateway.connect().post_json(
            "/a/mcp",
            &[("Authorization", &authorization), ("X-User", "root")],
            &call("echo").to_string(),
        )
    };
    assert_eq!(ask(&gateway, json!({ "name": "Ada" })).status, 200);
    let seen = upstream.seen().remove(0);
    assert_eq!((seen.all("x-user"), seen.all("x-consumer")), (vec!["Ada"], vec![""]));
    assert_eq!(gateway.access_line("/a/mcp")["rule"], serde_json::Value::Null);
    for name in [json!("a\r\nX-Admin: 1"), json!("a\nb"), json!("a\u{0}b"), json!(["a"]), json!(null)] {
        let answer = ask(&gateway, json!({ "name": name }));
        assert_eq!((answer.status, answer.reason().as_str()), (403, "condition_failed"), "{name}");
    }
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn answers_of_the_gateways_own_get_the_fields_too() {
    let upstream = upstream();
    let policies =
        "{ headers: { response: { set: { x-edge: here } } } }, { ip_filter: { deny: [127.0.0.0/8] } }";
    let answer = post(&start(&upstream, policies), &call("echo"));
    assert_eq!((answer.status, answer.all("x-edge")), (403, vec!["here"]));
}

#[test]
fn no_policy_stands_in_for_the_gateways_own_credential() {
    let upstream = upstream();
    let policy = "{ headers: { request: { set: { x-token: theirs } } } }";
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("token"), "ours").expect("it is written");
    let yaml = super::yaml(&upstream, policy, "").replace(
        "policies:",
        "upstream: { auth: { header: { name: x-token, value: \"${file:token}\" } } }, policies:",
    );
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("it is written");
    let gateway = Tollgate::start_in(folder, 1);
    assert_eq!(post(&gateway, &call("echo")).status, 200);
    assert_eq!(upstream.seen().remove(0).all("x-token"), ["ours"]);
}
