//! The keys that decide where clients reach the gateway, and how it reaches the upstream.

use crate::support::http::Connection;
use crate::support::tollgate::{Tollgate, api, api_with, config};
use crate::support::upstream::{Upstream, response};

/// An upstream that challenges, and calls itself `name` in the body.
fn challenging(name: &'static str) -> Upstream {
    Upstream::start(move |_| {
        response("401 Unauthorized", &["WWW-Authenticate: Bearer resource_metadata=\"/prm\""], name)
    })
}

#[test]
fn clients_are_told_the_public_url_they_dialled() {
    let upstream = challenging("up");
    let apis = api("demo", "/mcp", &upstream.url("/mcp"));
    let gateway = Tollgate::start(&format!("public_urls: [\"https://edge.example.com\"]\n{}", config(&apis)));
    let answer = gateway.connect().request("GET", "/mcp", &[("Host", "edge.example.com")], b"");
    let named =
        "Bearer resource_metadata=\"https://edge.example.com/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(answer.header("www-authenticate"), Some(named));
    let other = gateway.connect().request("GET", "/mcp", &[("Host", "other.example.com")], b"");
    assert_eq!((other.status, other.reason().as_str()), (421, "unknown_host"));
}

#[test]
fn apis_with_the_same_path_are_told_apart_by_their_hosts() {
    let (first, second) = (challenging("first"), challenging("second"));
    let apis = [
        api_with("first", "/mcp", &first.url("/mcp"), "hosts: [a.example]"),
        api_with("second", "/mcp", &second.url("/mcp"), "hosts: [b.example]"),
    ];
    let gateway = Tollgate::start(&config(&apis.concat()));
    for (host, expected) in [("a.example", "first"), ("B.Example", "second")] {
        let authority = format!("{host}:{}", gateway.address().port());
        let answer = gateway.connect().request("GET", "/mcp", &[("Host", &authority)], b"");
        assert_eq!(answer.text(), expected);
    }
    assert_eq!(gateway.get("/mcp").reason(), "no_api", "neither is on the loopback address");
}

#[test]
fn an_endpoint_gets_the_host_its_configuration_says() {
    let upstream = challenging("up");
    let url = upstream.url("/mcp");
    let own = |host: &str| {
        format!(
            "  - {{ name: own-{host}, path: /own-{host}, upstream: {{ host: preserve }}, endpoints: [{{ url: \"{url}\", host: {host} }}], plans: [keyless] }}\n"
        )
    };
    let apis = [
        api("default", "/default", &url),
        api_with("preserve", "/preserve", &url, "upstream: { host: preserve }"),
        own("endpoint"),
        own("preserve"),
    ];
    let gateway = Tollgate::start(&config(&apis.concat()));
    let (ours, theirs) = (gateway.address().to_string(), upstream.address.to_string());
    for (path, host) in
        [("/default", &theirs), ("/preserve", &ours), ("/own-endpoint", &theirs), ("/own-preserve", &ours)]
    {
        assert_eq!(gateway.get(path).text(), "up");
        let seen = upstream.seen();
        let last = seen.iter().rfind(|seen| seen.target() == "/mcp").expect("a request");
        assert_eq!(last.all("host"), [host.as_str()], "{path}");
    }
}

#[test]
fn a_page_may_call_the_listener_that_allows_its_origin() {
    let upstream = challenging("up");
    let apis = api("demo", "/mcp", &upstream.url("/mcp"));
    let gateway = Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", allowed_origins: [\"https://app.example\"] }}\n  \
         - {{ name: closed, address: \"127.0.0.1:0\" }}\napis:\n{apis}"
    ));
    let page = [("Origin", "https://app.example")];
    let answer = |listener| Connection::open(gateway.listener(listener)).request("POST", "/mcp", &page, b"");
    let allowed = answer("main");
    assert_eq!(
        (allowed.status, allowed.header("access-control-allow-origin")),
        (401, Some("https://app.example"))
    );
    let refused = answer("closed");
    assert_eq!((refused.status, refused.reason().as_str()), (403, "origin_not_allowed"));
}
