//! Web pages as clients: which origins may call, and what a page may read of an answer.

use crate::support::http::Response;
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Upstream, response};

fn parts(listener: &str) -> (Upstream, Tollgate) {
    let upstream = Upstream::start(|_| {
        let theirs =
            ["Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true", "Vary: Accept"];
        response("200 OK", &[&theirs[..], &["Mcp-Session-Id: s"]].concat(), "ok")
    });
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let gateway = Tollgate::start(&yaml.replacen("name: main, address: \"127.0.0.1:0\"", listener, 1));
    (upstream, gateway)
}

const LOOPBACK: &str = "name: main, address: \"127.0.0.1:0\"";

fn post_from(gateway: &Tollgate, origins: &[&str]) -> Response {
    let fields: Vec<_> = origins.iter().map(|origin| ("Origin", *origin)).collect();
    gateway.connect().post_json("/a/mcp", &fields, "{}")
}

#[test]
fn any_loopback_page_may_call_a_loopback_listener() {
    let (upstream, gateway) = parts(LOOPBACK);
    let pages = ["http://localhost:6274", "http://127.0.0.1:1", "https://localhost", "http://[::1]:3000"];
    for page in pages {
        let answer = post_from(&gateway, &[page]);
        assert_eq!((answer.status, answer.all("access-control-allow-origin")), (200, vec![page]));
    }
    assert_eq!(upstream.seen().len(), pages.len());
    assert_eq!(upstream.seen()[0].all("origin"), [pages[0]], "the upstream sees it too");
}

#[test]
fn a_foreign_page_is_refused_before_the_upstream_hears_of_it() {
    let (upstream, gateway) = parts(LOOPBACK);
    let foreign: [&[&str]; 9] = [
        &["https://evil.example"],
        &["null"],
        &[""],
        &["http://localhost.evil.example"],
        &["http://localhost@evil.example"],
        &["http://127.0.0.1.evil.example:80"],
        &["file://"],
        &["http://localhost", "https://evil.example"],
        &["http://localhost, https://evil.example"],
    ];
    for page in foreign {
        let answer = post_from(&gateway, page);
        assert_eq!((answer.status, answer.reason().as_str()), (403, "origin_not_allowed"), "{page:?}");
        assert!(answer.all("access-control-allow-origin").is_empty(), "{page:?}");
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn elsewhere_the_listed_pages_may_call_and_no_others() {
    let listed = "name: main, address: \"127.0.0.1:0\", allowed_origins: [\"https://app.example\"]";
    let (_, gateway) = parts(listed);
    assert_eq!(post_from(&gateway, &["https://app.example"]).status, 200);
    assert_eq!(post_from(&gateway, &["https://APP.example:443"]).status, 200, "the same origin");
    for other in ["http://app.example", "https://app.example:8443", "https://sub.app.example"] {
        assert_eq!(post_from(&gateway, &[other]).status, 403, "{other}");
    }
}

#[test]
fn on_a_public_listener_loopback_pages_are_strangers() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "ok"));
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp"))).replacen("127.0.0.1:0", "0.0.0.0:0", 1);
    let gateway = Tollgate::start(&format!("public_urls: [\"https://edge.example\"]\n{yaml}"));
    let call = |page: &str| {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], gateway.address().port()));
        let fields = [("Host", "edge.example"), ("Origin", page)];
        crate::support::http::Connection::open(address).request("GET", "/a/mcp", &fields, b"").status
    };
    assert_eq!(call("http://localhost:3000"), 403);
    assert_eq!(call("https://edge.example"), 403, "not even itself, unless it is listed");
}

#[test]
fn a_preflight_is_answered_without_credentials_and_without_the_upstream() {
    let (upstream, gateway) = parts(LOOPBACK);
    let preflight = |page: &str| {
        let fields = [
            ("Origin", page),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization, mcp-param-x"),
        ];
        gateway.connect().request("OPTIONS", "/a/mcp", &fields, b"")
    };
    let answer = preflight("http://localhost:6274");
    assert_eq!((answer.status, answer.header("content-length")), (204, None));
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:6274"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, mcp-param-x"));
    let methods = answer.header("access-control-allow-methods").expect("methods");
    assert!(["GET", "POST", "DELETE"].iter().all(|method| methods.contains(method)), "{methods}");
    assert!(answer.all("access-control-allow-credentials").is_empty());
    assert_eq!(preflight("https://evil.example").status, 403);
    assert!(upstream.seen().is_empty());
    let plain = gateway.connect().request("OPTIONS", "/a/mcp", &[], b"");
    assert_eq!((plain.status, upstream.seen().len()), (200, 1), "an OPTIONS that is no preflight is relayed");
}

#[test]
fn a_page_may_read_the_challenge_and_the_session_also_in_the_gateways_own_answers() {
    let (_, gateway) = parts(LOOPBACK);
    let page = ("Origin", "http://localhost:6274");
    for path in ["/a/mcp", "/nowhere"] {
        let answer = gateway.connect().request("GET", path, &[page], b"");
        assert_eq!(answer.all("access-control-allow-origin"), [page.1], "{path}");
        assert!(answer.all("access-control-allow-credentials").is_empty(), "{path}");
        let exposed = answer.header("access-control-expose-headers").expect("exposed fields");
        for name in ["WWW-Authenticate", "Mcp-Session-Id", "MCP-Protocol-Version"] {
            assert!(exposed.contains(name), "{path}: {exposed}");
        }
        assert!(answer.all("vary").contains(&"Origin"), "{path}: {:?}", answer.headers);
    }
    let answer = gateway.get("/a/mcp");
    assert_eq!(answer.all("access-control-allow-origin"), ["*"], "no page, so the upstream's word stands");
}
