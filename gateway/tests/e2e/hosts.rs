//! The public origin of a request: selected from a closed set by `Host`, never built from any header.

use crate::support::http::{Connection, Response};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Upstream, response};

/// An upstream at `/mcp` that challenges and publishes its metadata.
fn secured() -> Upstream {
    Upstream::start(|seen| match seen.target() {
        "/mcp" => response("401 Unauthorized", &["WWW-Authenticate: Bearer"], ""),
        "/.well-known/oauth-protected-resource/mcp" => {
            let host = seen.all("host")[0];
            response("200 OK", &[], &format!(r#"{{"resource":"http://{host}/mcp"}}"#))
        }
        _ => response("404 Not Found", &[], ""),
    })
}

fn get(gateway: &Tollgate, path: &str, headers: &[(&str, &str)]) -> Response {
    gateway.connect().request("GET", path, headers, b"")
}

/// Everything the gateway says about itself to a client that dialled `authority` names `origin`.
fn names_itself(gateway: &Tollgate, headers: &[(&str, &str)], origin: &str) {
    let challenge = get(gateway, "/a/mcp", headers);
    let metadata_url = format!("{origin}/.well-known/oauth-protected-resource/a/mcp");
    let expected = format!("Bearer resource_metadata=\"{metadata_url}\"");
    assert_eq!(challenge.header("www-authenticate"), Some(expected.as_str()), "{headers:?}");
    let metadata = get(gateway, "/.well-known/oauth-protected-resource/a/mcp", headers);
    assert_eq!(metadata.json()["resource"], format!("{origin}/a/mcp"), "{headers:?}");
}

#[test]
fn each_loopback_name_with_the_listeners_port_is_an_origin_of_its_own() {
    let upstream = secured();
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let port = gateway.address().port();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let authority = format!("{host}:{port}");
        names_itself(&gateway, &[("Host", &authority)], &format!("http://{authority}"));
    }
    names_itself(&gateway, &[("Host", &format!("LocalHost:{port}"))], &format!("http://localhost:{port}"));
}

#[test]
fn any_other_host_is_misdirected() {
    let upstream = secured();
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let port = gateway.address().port();
    let other_port = format!("127.0.0.1:{}", port.wrapping_add(1).max(1));
    let rebound = format!("evil.example:{port}");
    let dotted = format!("localhost.:{port}");
    let lookalike = format!("localhost.evil.example:{port}");
    for host in ["evil.example", "127.0.0.1", &other_port, &rebound, &dotted, &lookalike] {
        for path in ["/a/mcp", "/.well-known/oauth-protected-resource/a/mcp", "/nowhere"] {
            let answer = get(&gateway, path, &[("Host", host)]);
            assert_eq!((answer.status, answer.reason().as_str()), (421, "unknown_host"), "{host} {path}");
            assert!(!answer.text().contains(host), "{host}");
        }
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn what_a_client_claims_about_forwarding_changes_nothing() {
    let upstream = secured();
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let spoofed = [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Original-Host", "evil.example"),
        ("Forwarded", "host=evil.example;proto=https"),
    ];
    names_itself(&gateway, &spoofed, &gateway.origin());
}

#[test]
fn configured_public_urls_are_origins_in_the_spelling_they_were_configured_with() {
    let upstream = secured();
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let urls = "public_urls: [\"https://edge.example.com\", \"https://edge.example.com:8443\"]\n";
    let gateway = Tollgate::start(&format!("{urls}{yaml}"));
    for (host, origin) in [
        ("edge.example.com", "https://edge.example.com"),
        ("EDGE.example.com", "https://edge.example.com"),
        ("edge.example.com:443", "https://edge.example.com"),
        ("edge.example.com:8443", "https://edge.example.com:8443"),
    ] {
        names_itself(&gateway, &[("Host", host)], origin);
    }
    assert_eq!(get(&gateway, "/a/mcp", &[("Host", "edge.example.com:80")]).status, 421);
}

#[test]
fn an_api_with_hosts_is_found_under_these_alone() {
    let upstream = secured();
    let named = format!(
        "  - {{ name: b, hosts: [b.example.com], path: /a/mcp, endpoints: [\"{}\"], plans: [keyless] }}\n",
        upstream.url("/mcp")
    );
    let gateway = Tollgate::start(&config(&named));
    let port = gateway.address().port();
    let authority = format!("b.example.com:{port}");
    names_itself(&gateway, &[("Host", &authority)], &format!("http://{authority}"));
    let elsewhere = gateway.get("/a/mcp");
    assert_eq!((elsewhere.status, elsewhere.reason().as_str()), (404, "no_api"));
}

#[test]
fn an_ipv6_listener_answers_to_its_literal() {
    let upstream = secured();
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp"))).replacen("127.0.0.1:0", "[::1]:0", 1);
    let gateway = Tollgate::start(&yaml);
    assert!(gateway.address().is_ipv6());
    let challenge = Connection::open(gateway.address()).get("/a/mcp");
    let named = format!("http://{}/.well-known/oauth-protected-resource/a/mcp", gateway.address());
    assert!(
        challenge.header("www-authenticate").is_some_and(|field| field.contains(&named)),
        "{challenge:?}"
    );
    names_itself(&gateway, &[("Host", &gateway.address().to_string())], &gateway.origin());
}
