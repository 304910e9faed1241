//! Whose request it is, and what the upstream is told about how it came.

use serde_json::Value;

use crate::support::http::{Connection, Response};
use crate::support::slow::open_from;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Seen, Upstream, response};

/// A listener that trusts 127.0.0.2 and 127.0.0.3, with an API `a` at `/a/mcp`.
fn yaml(trusted: &str, endpoint: &str, rest: &str) -> String {
    format!(
        "public_urls: [\"https://edge.example.com:8443\"]\nlisteners:\n  \
         - {{ name: main, address: \"127.0.0.1:0\", trusted_proxies: [{trusted}] }}\napis:\n  \
         - {{ name: a, path: /a/mcp, endpoints: [\"{endpoint}\"], plans: [keyless]{rest} }}\n"
    )
}

const TRUSTED: &str = "127.0.0.2, \"127.0.0.3\"";

fn upstream() -> Upstream {
    Upstream::start(|_| response("200 OK", &[], "reached"))
}

/// A GET from this address of this machine.
fn get_from(host: u8, gateway: &Tollgate, path: &str, headers: &[(&str, &str)]) -> Response {
    let address = gateway.address();
    Connection::over(open_from([127, 0, 0, host].into(), address), address).request("GET", path, headers, b"")
}

/// Who the access log says a request came from.
fn client_of(gateway: &mut Tollgate, path: &str) -> Value {
    gateway.access_line(path)["client"].clone()
}

/// The forwarding fields of the only request an upstream has seen.
fn forwarding(upstream: &Upstream) -> Vec<(String, String)> {
    let seen: Vec<Seen> = upstream.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    forwarding_of(&seen[0])
}

fn forwarding_of(seen: &Seen) -> Vec<(String, String)> {
    let fields = seen.head.iter().skip(1).filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()));
    let mut fields: Vec<_> =
        fields.filter(|(name, _)| name.contains("forwarded") || name == "x-real-ip").collect();
    fields.sort();
    fields
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// Everything a client can say about how it came.
const CLAIMS: [(&str, &str); 9] = [
    ("Forwarded", "for=6.6.6.6;host=evil.example;proto=http"),
    ("X-Forwarded-For", "6.6.6.6"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "gopher"),
    ("X-Forwarded-Port", "70"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded-Server", "evil"),
    ("X-Forwarded-Scheme", "gopher"),
    ("X-Real-IP", "6.6.6.6"),
];

#[test]
fn a_trusted_proxy_is_believed_about_the_client_and_nobody_else_is() {
    let mut gateway = Tollgate::start(&yaml(TRUSTED, "http://127.0.0.1:9/mcp", ""));
    let list = [("X-Forwarded-For", "6.6.6.6, 203.0.113.7, 127.0.0.3")];
    get_from(1, &gateway, "/stranger", &list);
    assert_eq!(client_of(&mut gateway, "/stranger"), "127.0.0.1");
    get_from(2, &gateway, "/proxy", &list);
    assert_eq!(client_of(&mut gateway, "/proxy"), "203.0.113.7");
    get_from(3, &gateway, "/forwarded", &[("Forwarded", "for=6.6.6.6, for=\"[2001:db8::7]:4711\"")]);
    assert_eq!(client_of(&mut gateway, "/forwarded"), "2001:db8::7");
    get_from(2, &gateway, "/malformed", &[("X-Forwarded-For", "203.0.113.7, evil")]);
    assert_eq!(client_of(&mut gateway, "/malformed"), "127.0.0.2");
    get_from(2, &gateway, "/smuggled", &[("Forwarded", "for=6.6.6.6"), ("X-Forwarded-For", "203.0.113.7")]);
    assert_eq!(client_of(&mut gateway, "/smuggled"), "127.0.0.2");
    get_from(2, &gateway, "/itself", &[]);
    assert_eq!(client_of(&mut gateway, "/itself"), "127.0.0.2");
}

#[test]
fn a_reload_changes_who_is_trusted() {
    let endpoint = "http://127.0.0.1:9/mcp";
    let mut gateway = Tollgate::start(&yaml("", endpoint, ""));
    let list = [("X-Forwarded-For", "203.0.113.7")];
    get_from(2, &gateway, "/before", &list);
    assert_eq!(client_of(&mut gateway, "/before"), "127.0.0.2");
    assert_eq!(gateway.reload(&yaml("127.0.0.0/24", endpoint, "")), "applied");
    get_from(2, &gateway, "/after", &list);
    assert_eq!(client_of(&mut gateway, "/after"), "203.0.113.7");
}

#[test]
fn each_client_of_a_proxy_has_its_own_share_of_metadata() {
    let gateway = Tollgate::start(&yaml(TRUSTED, "http://127.0.0.1:9/mcp", ""));
    let address = gateway.address();
    let mut proxy = Connection::over(open_from([127, 0, 0, 2].into(), address), address);
    // A URL without metadata is refused before it is counted, one whose server is gone is not.
    let mut ask = |client: &str| {
        let path = "/.well-known/oauth-protected-resource/a/mcp";
        proxy.request("GET", path, &[("X-Forwarded-For", client)], b"").reason()
    };
    let limited = (0..2_000).any(|_| ask("203.0.113.7") == "metadata_rate_limited");
    assert!(limited, "one client is held to its rate");
    assert_eq!(ask("203.0.113.8"), "upstream_metadata_unreachable");
}

#[test]
fn an_upstream_sees_nothing_of_what_a_client_says_about_its_way() {
    let upstream = upstream();
    let gateway = Tollgate::start(&yaml(TRUSTED, &upstream.url("/mcp"), ""));
    assert_eq!(get_from(1, &gateway, "/a/mcp", &CLAIMS).status, 200);
    let told = owned(&[("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "127.0.0.1")]);
    assert_eq!(forwarding(&upstream), told);
}

#[test]
fn an_upstream_is_told_of_the_client_with_each_request_of_a_connection_whatever_its_form() {
    let upstream = upstream();
    let gateway = Tollgate::start(&yaml(TRUSTED, &upstream.url("/mcp"), ""));
    let mut client = gateway.connect();
    let long = format!("/a/mcp?long={}", "x".repeat(6000));
    for path in ["/a/mcp", &long, "/a/mcp/below"] {
        for (method, body) in [("GET", ""), ("POST", "{}"), ("DELETE", "")] {
            let answer = client.request(method, path, &CLAIMS, body.as_bytes());
            assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        }
    }
    let told = owned(&[("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "127.0.0.1")]);
    let seen = upstream.seen();
    assert_eq!(seen.len(), 9);
    for (number, seen) in seen.iter().enumerate() {
        assert_eq!(forwarding_of(seen), told, "request {number}: {seen:?}");
        assert_eq!(seen.all("host").len(), 1, "request {number}: {seen:?}");
    }
}

#[test]
fn an_upstream_sees_what_trusted_proxies_vouch_for_and_no_more() {
    let upstream = upstream();
    let gateway = Tollgate::start(&yaml(TRUSTED, &upstream.url("/mcp"), ""));
    let mut claims = CLAIMS.to_vec();
    claims[0].1 = "for=6.6.6.6, for=203.0.113.7;host=evil.example, for=127.0.0.3";
    claims[1].1 = "6.6.6.6, 203.0.113.7, 127.0.0.3";
    assert_eq!(get_from(2, &gateway, "/a/mcp", &claims).status, 200);
    let told = owned(&[
        ("forwarded", "for=203.0.113.7, for=127.0.0.3, for=127.0.0.2"),
        ("x-forwarded-for", "203.0.113.7, 127.0.0.3, 127.0.0.2"),
    ]);
    assert_eq!(forwarding(&upstream), told);
}

#[test]
fn a_server_that_is_sent_the_clients_host_is_told_the_public_scheme_too() {
    let upstream = upstream();
    let gateway = Tollgate::start(&yaml(TRUSTED, &upstream.url("/mcp"), ", upstream: { host: preserve }"));
    let claims = [&CLAIMS[..], &[("Host", "edge.example.com:8443")]].concat();
    assert_eq!(get_from(1, &gateway, "/a/mcp", &claims).status, 200);
    let told = owned(&[
        ("forwarded", "for=127.0.0.1;host=\"edge.example.com:8443\";proto=https"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "edge.example.com:8443"),
        ("x-forwarded-proto", "https"),
    ]);
    assert_eq!(forwarding(&upstream), told);
}

#[test]
fn a_trusted_proxy_is_not_believed_about_the_public_url() {
    let upstream = Upstream::start(|seen| {
        let url = format!("http://{}/.well-known/oauth-protected-resource/mcp", seen.all("host")[0]);
        let challenge = format!("WWW-Authenticate: Bearer resource_metadata=\"{url}\"");
        response("401 Unauthorized", &[&challenge], "")
    });
    let gateway = Tollgate::start(&yaml(TRUSTED, &upstream.url("/mcp"), ""));
    let answer = get_from(2, &gateway, "/a/mcp", &CLAIMS);
    let metadata = format!("{}/.well-known/oauth-protected-resource/a/mcp", gateway.origin());
    let challenge = format!("Bearer resource_metadata=\"{metadata}\"");
    assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
}
