//! Where policies are written: for the gateway, for an API, for a plan.

use super::super::plans::consumer;
use super::{call, reached};
use crate::support::tollgate::Tollgate;

const DENY: &str = "{ name: nobody, ip_filter: { deny: [127.0.0.0/8] } }";

#[test]
fn a_policy_is_for_the_gateway_an_api_or_a_plan() {
    let upstream = reached();
    let url = upstream.url("/mcp");
    let acme = consumer("acme", "good", "a/keys");
    for (place, expected) in [
        ("none", [200, 200, 200]),
        ("gateway", [403, 403, 403]),
        ("api", [403, 403, 200]),
        ("plan", [403, 200, 200]),
    ] {
        let at = |level: &str| if place == level { DENY } else { "" };
        let gateway = Tollgate::start(&format!(
            "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nconsumers: [{acme}]\npolicies: [{}]\napis:\n  \
             - {{ name: a, path: /a/mcp, endpoints: [\"{url}\"], policies: [{}], plans: [{{ name: keys, api_key: {{}}, \
             policies: [{}] }}, keyless] }}\n  - {{ name: b, path: /b/mcp, endpoints: [\"{url}\"], plans: [keyless] }}\n",
            at("gateway"),
            at("api"),
            at("plan"),
        ));
        let ask = |path: &str, headers: &[(&str, &str)]| {
            gateway.connect().post_json(path, headers, &call("echo").to_string()).status
        };
        let statuses = [ask("/a/mcp", &[("x-api-key", "good")]), ask("/a/mcp", &[]), ask("/b/mcp", &[])];
        assert_eq!(statuses, expected, "{place}");
    }
}

#[test]
fn policies_are_asked_in_their_order_the_gateways_first() {
    let upstream = reached();
    let deny = |name: &str| format!("{{ name: {name}, ip_filter: {{ deny: [127.0.0.0/8] }} }}");
    let mut gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\npolicies: [{}, {}]\napis:\n  - {{ name: a, path: \
         /a/mcp, endpoints: [\"{}\"], plans: [{{ keyless: {{}}, policies: [{}] }}], policies: [{}] }}\n",
        deny("first"),
        deny("second"),
        upstream.url("/mcp"),
        deny("last"),
        deny("third"),
    ));
    assert_eq!(super::post(&gateway, &call("echo")).status, 403);
    assert_eq!(gateway.access_line("/a/mcp")["policy"], "first");
}

#[test]
fn metadata_and_refused_callers_are_no_business_of_policies() {
    let upstream = reached();
    let url = upstream.url("/mcp");
    let mut gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\npolicies: [{DENY}]\napis:\n  - {{ name: a, path: \
         /a/mcp, endpoints: [\"{url}\"], plans: [{{ api_key: {{}} }}] }}\n"
    ));
    let answer = super::post(&gateway, &call("echo"));
    assert_eq!((answer.status, answer.reason().as_str()), (403, "api_key_missing"));
    assert!(gateway.access_line("/a/mcp")["policy"].is_null());
    let metadata = gateway.get("/.well-known/oauth-protected-resource/a/mcp");
    assert_ne!(metadata.status, 403, "clients must be able to log in before anybody knows them");
}
