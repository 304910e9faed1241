//! Which plan decides, and that what it decides is final.

use serde_json::json;

use super::issuer::{AUDIENCE, Issuer};
use super::{ask, consumer, is_refused, upstream, yaml};
use crate::support::tollgate::{Tollgate, binary};

#[test]
fn a_bad_key_never_falls_through_to_the_plan_that_asks_for_none() {
    let upstream = upstream();
    let gateway =
        yaml("{ name: keys, api_key: {} }, keyless", "", &upstream, &consumer("acme", "good", "a/keys"));
    let mut gateway = Tollgate::start(&gateway);
    is_refused(&ask(&gateway, &[("x-api-key", "bad")]), "api_key_invalid");
    assert!(upstream.seen().is_empty());
    for (headers, plan) in [(vec![], "keyless"), (vec![("x-api-key", "good")], "keys")] {
        assert_eq!(ask(&gateway, &headers).text(), "reached");
        let named = format!(r#""plan":"{plan}""#);
        gateway.process.wait_for(0, &named.clone(), |line| line.contains(&named).then_some(()));
    }
}

#[test]
fn a_closed_plan_refuses_whoever_has_its_kind_of_credential() {
    let upstream = upstream();
    let acme = consumer("acme", "good", "a/keys");
    let start = |state: &str| {
        let plans = format!("{{ name: keys, api_key: {{}}, state: {state} }}, keyless");
        Tollgate::start(&yaml(&plans, "", &upstream, &acme))
    };
    let closed = start("closed");
    is_refused(&ask(&closed, &[("x-api-key", "good")]), "plan_closed");
    is_refused(&ask(&closed, &[("x-api-key", "bad")]), "plan_closed");
    assert_eq!(ask(&closed, &[]).text(), "reached", "who has none is none of its business");
    let deprecated = start("deprecated");
    assert_eq!(ask(&deprecated, &[("x-api-key", "good")]).text(), "reached");
    let checked = binary().args(["check", "-c"]).arg(deprecated.config_path()).output().expect("it runs");
    let said =
        String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.contains("deprecated and still used by acme"), "{said}");
}

#[test]
fn a_plan_decides_about_the_requests_its_condition_is_for() {
    let (one, two, upstream) = (Issuer::start(), Issuer::start(), upstream());
    let jwt = |name: &str, issuer: &Issuer, scope: &str, when: &str| {
        format!(
            "{{ name: {name}{when}, jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"], scopes: [{scope}] }} }}",
            issuer.url()
        )
    };
    let when = ", when: '\"x-env\" in request.headers && request.headers[\"x-env\"] == \"test\"'";
    let plans = format!("{}, {}", jwt("test", &two, "crm.read", when), jwt("live", &one, "crm.write", ""));
    let mut gateway = Tollgate::start(&yaml(&plans, "authorization: { mode: protect }", &upstream, ""));
    let ask = |issuer: &Issuer, further: &[(&str, &str)]| {
        let token = format!("Bearer {}", issuer.token(&json!({})));
        ask(&gateway, &[&[("Authorization", token.as_str())], further].concat()).status
    };
    assert_eq!((ask(&one, &[]), ask(&two, &[])), (200, 401));
    assert_eq!((ask(&one, &[("x-env", "test")]), ask(&two, &[("x-env", "test")])), (401, 200));
    assert_eq!((ask(&one, &[("x-env", "live")]), ask(&two, &[("x-env", "live")])), (200, 401));
    let challenged = |further: &[(&str, &str)], scope: &str| {
        let answer = super::ask(&gateway, further);
        let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
        assert!(answer.status == 401 && challenge.ends_with(&format!("scope=\"{scope}\"")), "{challenge}");
    };
    challenged(&[], "crm.write");
    challenged(&[("x-env", "test")], "crm.read");
    let metadata = gateway.get("/.well-known/oauth-protected-resource/a/mcp").json();
    assert_eq!(metadata["authorization_servers"], json!([two.url(), one.url()]));
    assert_eq!(metadata["scopes_supported"], json!(["crm.read", "crm.write"]));
    assert_eq!(gateway.access_line("/a/mcp")["plan"], "live");
}

#[test]
fn a_request_that_no_plan_is_for_or_that_cannot_be_told_is_refused_and_reaches_nobody() {
    let upstream = upstream();
    let plans = |when: &str| format!("{{ keyless: {{}}, when: '{when}' }}");
    for (when, expected) in [
        ("request.method == \"POST\"", (200, "")),
        ("request.method == \"GET\"", (403, "no_plan")),
        ("request.headers[\"x-env\"] == \"test\"", (400, "plan_condition_failed")),
    ] {
        let gateway = Tollgate::start(&yaml(&plans(when), "", &upstream, ""));
        let answer = ask(&gateway, &[]);
        let reason = if answer.status == 200 { String::new() } else { answer.reason() };
        assert_eq!((answer.status, reason.as_str()), expected, "{when}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
    // What cannot be told does not fall through to a plan that asks for nothing.
    let both = format!(
        "{}, keyless",
        plans("request.headers[\"x-env\"] == \"test\"").replace("keyless: {}", "name: test, api_key: {}")
    );
    let gateway = Tollgate::start(&yaml(&both, "", &upstream, ""));
    assert_eq!(ask(&gateway, &[]).reason(), "plan_condition_failed");
    assert_eq!(upstream.seen().len(), 1);
}
