//! Which web pages may call an API, and what they may know of its answers.

use super::{call, reached, yaml};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;

const POLICY: &str = "{ cors: { allowed_origins: [\"https://*.app.example\"], exposed_headers: [x-cost], max_age: 1h, \
                      private_network: true } }";

fn preflight(gateway: &Tollgate, page: &str, path: &str) -> Response {
    let fields = [
        ("Origin", page),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization, mcp-name"),
        ("Access-Control-Request-Private-Network", "true"),
    ];
    gateway.connect().request("OPTIONS", path, &fields, b"")
}

fn post_from(gateway: &Tollgate, page: &str, path: &str) -> Response {
    gateway.connect().post_json(path, &[("Origin", page)], &call("x").to_string())
}

#[test]
fn pages_that_a_policy_lets_may_call_and_read_what_it_says() {
    let upstream = reached();
    let (page, other) = ("https://eu.app.example", "https://app.example.evil.example");
    let gateway = Tollgate::start(&yaml(&upstream, POLICY, ""));
    let answer = preflight(&gateway, page, "/a/mcp");
    assert_eq!((answer.status, answer.all("access-control-allow-origin")), (204, vec![page]));
    assert_eq!(answer.header("access-control-max-age"), Some("3600"));
    assert_eq!(answer.header("access-control-allow-private-network"), Some("true"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, mcp-name"));
    let answer = post_from(&gateway, page, "/a/mcp");
    assert_eq!((answer.text(), answer.all("access-control-allow-origin")), ("\"reached\"", vec![page]));
    let exposed = answer.header("access-control-expose-headers").expect("a list");
    assert!(exposed.starts_with("WWW-Authenticate, ") && exposed.ends_with(", x-cost"), "{exposed}");
    for answer in [preflight(&gateway, other, "/a/mcp"), post_from(&gateway, other, "/a/mcp")] {
        assert_eq!((answer.status, answer.reason().as_str()), (403, "origin_not_allowed"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert_eq!(upstream.seen().len(), 1);
    let reserved = Tollgate::start(&yaml(&upstream, &POLICY.replace("true", "false"), ""));
    let answer = preflight(&reserved, page, "/a/mcp");
    assert_eq!((answer.status, answer.header("access-control-allow-private-network")), (204, None));
    let local = preflight(&reserved, "http://localhost:1", "/a/mcp");
    assert_eq!(
        (local.status, local.header("access-control-max-age")),
        (204, Some("600")),
        "the listener's own"
    );
}

#[test]
fn a_policy_of_an_api_is_for_that_api_and_one_of_the_gateway_for_all() {
    let upstream = reached();
    let url = upstream.url("/mcp");
    let page = "https://eu.app.example";
    for (at_gateway, at_api, expected) in [("", POLICY, [200, 403]), (POLICY, "", [200, 200])] {
        let gateway = Tollgate::start(&format!(
            "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\npolicies: [{at_gateway}]\napis:\n  - {{ name: a, path: \
             /a/mcp, endpoints: [\"{url}\"], plans: [keyless], policies: [{at_api}] }}\n  - {{ name: b, path: /b/mcp, \
             endpoints: [\"{url}\"], plans: [keyless] }}\n"
        ));
        let statuses = ["/a/mcp", "/b/mcp"].map(|path| post_from(&gateway, page, path).status);
        assert_eq!(statuses, expected, "{at_api}");
        // What is at no API is nobody's to let pages call.
        assert_eq!(post_from(&gateway, page, "/nothing").status, 403);
    }
}
