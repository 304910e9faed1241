//! The upstream's challenge and the fields that point back at it, as the client gets them.

use crate::support::http::Response;
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Upstream, response};

/// The upstream's own metadata URL, and what must stand in its place.
struct Urls {
    upstream: String,
    public: String,
}

/// The answer of an upstream at `/mcp` to `method`. In its head `{up}` stands for its origin and `{U}` for its
/// metadata URL; it publishes metadata only if `published`.
fn relayed(
    method: &str,
    status: &'static str,
    head: &'static [&'static str],
    published: bool,
) -> (Response, Urls) {
    let (upstream, gateway) = parts(status, head, published);
    let path = "/.well-known/oauth-protected-resource";
    let urls = Urls {
        upstream: upstream.url(&format!("{path}/mcp")),
        public: format!("{}{path}/a/mcp", gateway.origin()),
    };
    (gateway.connect().request(method, "/a/mcp", &[], b""), urls)
}

fn parts(status: &'static str, head: &'static [&'static str], published: bool) -> (Upstream, Tollgate) {
    let upstream = Upstream::start(move |seen| {
        let origin = format!("http://{}", seen.all("host")[0]);
        let metadata = format!("{origin}/.well-known/oauth-protected-resource/mcp");
        match seen.target() {
            "/mcp" => {
                let fields: Vec<_> = head
                    .iter()
                    .map(|field| field.replace("{U}", &metadata).replace("{up}", &origin))
                    .collect();
                let fields: Vec<_> = fields.iter().map(String::as_str).collect();
                let body = if seen.method() == "HEAD" { "" } else { "the upstream's" };
                response(status, &fields, body)
            }
            "/.well-known/oauth-protected-resource/mcp" if published => {
                response("200 OK", &[], &format!(r#"{{"resource":"{origin}/mcp"}}"#))
            }
            _ => response("404 Not Found", &[], ""),
        }
    });
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    (upstream, gateway)
}

#[test]
fn a_challenge_names_the_gateways_metadata_whatever_the_method() {
    for method in ["GET", "HEAD", "POST", "DELETE"] {
        let (answer, urls) = relayed(
            method,
            "401 Unauthorized",
            &["WWW-Authenticate: Bearer realm=\"a, b\", resource_metadata=\"{U}\", scope=\"s t\""],
            false,
        );
        let expected = format!("Bearer realm=\"a, b\", resource_metadata=\"{}\", scope=\"s t\"", urls.public);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.all("www-authenticate"), [expected], "{method}");
        assert_eq!(answer.text(), if method == "HEAD" { "" } else { "the upstream's" });
    }
}

#[test]
fn a_challenge_is_rewritten_on_any_status() {
    for status in ["200 OK", "403 Forbidden", "405 Method Not Allowed", "500 Internal Server Error"] {
        let field = "WWW-Authenticate: Bearer error=\"insufficient_scope\", resource_metadata=\"{U}\"";
        let head: &'static [&'static str] = Box::leak(Box::new([field]));
        let (answer, urls) = relayed("POST", status, head, false);
        let expected = format!("Bearer error=\"insufficient_scope\", resource_metadata=\"{}\"", urls.public);
        assert_eq!(answer.all("www-authenticate"), [expected], "{status}");
        assert_eq!(answer.status.to_string(), status[..3], "{status}");
    }
}

#[test]
fn every_field_and_every_scheme_is_rewritten_and_the_others_stay() {
    let (answer, urls) = relayed(
        "GET",
        "401 Unauthorized",
        &[
            "WWW-Authenticate: Basic realm=\"x\"",
            "WWW-Authenticate: Negotiate YII==, Bearer resource_metadata={U}, DPoP resource_metadata=\"{U}\", algs=\"ES256\"",
            "www-authenticate: bearer Resource_Metadata = \"{up}/elsewhere\"",
        ],
        false,
    );
    let p = &urls.public;
    assert_eq!(
        answer.all("www-authenticate"),
        [
            "Basic realm=\"x\"".to_string(),
            format!(
                "Negotiate YII==, Bearer resource_metadata=\"{p}\", DPoP resource_metadata=\"{p}\", algs=\"ES256\""
            ),
            format!("bearer resource_metadata=\"{p}\""),
        ]
    );
    assert!(!format!("{:?}", answer.headers).contains(&urls.upstream));
}

#[test]
fn a_malformed_challenge_is_replaced_and_never_leaks() {
    for field in [
        "WWW-Authenticate: Bearer resource_metadata=\"{U}",
        "WWW-Authenticate: Bearer = resource_metadata=\"{U}\"",
        "WWW-Authenticate: Bearer error=\"x, see {up}/login",
    ] {
        let head: &'static [&'static str] = Box::leak(Box::new([field]));
        let (answer, urls) = relayed("GET", "401 Unauthorized", head, false);
        let expected = format!("Bearer resource_metadata=\"{}\"", urls.public);
        assert_eq!(
            (answer.status, answer.all("www-authenticate")),
            (401, vec![expected.as_str()]),
            "{field:?}"
        );
    }
}

#[test]
fn a_challenge_with_a_control_character_does_not_reach_the_client() {
    let head = ["WWW-Authenticate: Bearer resource_metadata=\"{U}\u{1}\""];
    let (answer, urls) = relayed("GET", "401 Unauthorized", Box::leak(Box::new(head)), false);
    assert_eq!((answer.status, answer.reason().as_str()), (502, "upstream_failed"));
    assert!(!format!("{answer:?}").contains(&urls.upstream));
}

#[test]
fn a_challenge_too_large_to_read_is_not_passed_on() {
    let many: Vec<&'static str> = vec!["WWW-Authenticate: Basic realm=\"x\""; 65];
    let long: &'static str =
        format!("WWW-Authenticate: Bearer resource_metadata=\"{{U}}{}\"", "x".repeat(33_000)).leak();
    for head in [many, vec![long]] {
        let (answer, urls) = relayed("GET", "401 Unauthorized", head.leak(), false);
        assert_eq!((answer.status, answer.reason().as_str()), (502, "upstream_challenge_too_large"));
        assert!(answer.all("www-authenticate").is_empty() && !answer.text().contains(&urls.upstream));
    }
}

#[test]
fn metadata_is_announced_on_a_401_only_where_the_upstream_has_it() {
    let plain: [&'static [&'static str]; 3] =
        [&[], &["WWW-Authenticate: Bearer"], &["WWW-Authenticate: Bearer error=\"invalid_token\""]];
    for head in plain {
        let (answer, urls) = relayed("POST", "401 Unauthorized", head, true);
        let fields = answer.all("www-authenticate");
        let announced = format!("resource_metadata=\"{}\"", urls.public);
        assert!(
            fields.len() == 1 && fields[0].starts_with("Bearer ") && fields[0].contains(&announced),
            "{fields:?}"
        );
        let (answer, _) = relayed("POST", "401 Unauthorized", head, false);
        let sent: Vec<_> = head.iter().map(|field| field.split_once(": ").expect("a field").1).collect();
        assert_eq!(
            answer.all("www-authenticate"),
            sent,
            "an API-key server is none of the gateway's business"
        );
        assert_eq!(answer.text(), "the upstream's");
    }
    let (answer, _) = relayed("POST", "403 Forbidden", &[], true);
    assert!(answer.all("www-authenticate").is_empty(), "a 403 without a challenge asks for no login");
}

#[test]
fn a_login_at_another_scheme_gets_a_bearer_challenge_beside_its_own() {
    let (answer, urls) = relayed("GET", "401 Unauthorized", &["WWW-Authenticate: Basic realm=\"x\""], true);
    let joined = answer.all("www-authenticate").join(" | ");
    assert!(joined.contains("Basic realm=\"x\""), "{joined}");
    assert!(joined.contains(&format!("Bearer resource_metadata=\"{}\"", urls.public)), "{joined}");
}

#[test]
fn what_points_back_at_the_upstream_points_at_the_gateway() {
    let (upstream, gateway) = parts(
        "307 Temporary Redirect",
        &[
            "Location: {up}/mcp/below?x=1#y",
            "Content-Location: /mcp/",
            "Link: <{up}/mcp>; rel=\"self\", <https://docs.example/x>; rel=help",
            "Set-Cookie: s=1; Path=/; Domain=up.example; HttpOnly",
            "Set-Cookie: t=2",
        ],
        false,
    );
    let answer = gateway.get("/a/mcp");
    let origin = gateway.origin();
    assert_eq!(answer.status, 307);
    assert_eq!(answer.all("location"), [format!("{origin}/a/mcp/below?x=1#y")]);
    assert_eq!(answer.all("content-location"), ["/a/mcp/"]);
    assert_eq!(
        answer.all("link"),
        [format!("<{origin}/a/mcp>; rel=\"self\", <https://docs.example/x>; rel=help")]
    );
    assert_eq!(answer.all("set-cookie"), ["s=1; Path=/a/mcp; HttpOnly", "t=2; Path=/a/mcp"]);
    assert!(!format!("{:?}", answer.headers).contains(&upstream.address.to_string()));
}

#[test]
fn what_points_elsewhere_passes() {
    let (_, gateway) = parts(
        "302 Found",
        &["Location: https://login.example/authorize?x=1", "Link: <https://docs.example/>; rel=help"],
        false,
    );
    let answer = gateway.get("/a/mcp");
    assert_eq!(answer.all("location"), ["https://login.example/authorize?x=1"]);
    assert_eq!(answer.all("link"), ["<https://docs.example/>; rel=help"]);
}

#[test]
fn a_challenge_and_metadata_go_without_the_query_of_the_url() {
    let upstream = Upstream::start(|seen| {
        let origin = format!("http://{}", seen.all("host")[0]);
        let challenge = format!("WWW-Authenticate: Bearer resource_metadata=\"{origin}/prm\"");
        match seen.target() {
            "/prm" => response("200 OK", &[], &format!(r#"{{"resource":"{origin}/mcp"}}"#)),
            _ => response("401 Unauthorized", &[&challenge], ""),
        }
    });
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let answer = gateway.get("/a/mcp?tenant=1");
    let metadata = "/.well-known/oauth-protected-resource/a/mcp";
    let expected = format!("Bearer resource_metadata=\"{}{metadata}\"", gateway.origin());
    assert_eq!(answer.all("www-authenticate"), [expected]);
    let document = gateway.get(&format!("{metadata}?tenant=1")).json();
    assert_eq!(document["resource"], format!("{}/a/mcp", gateway.origin()));
}

#[test]
fn a_challenge_in_a_trailer_or_an_interim_response_is_ignored() {
    let upstream = Upstream::start(|seen| {
        let challenge =
            format!("WWW-Authenticate: Bearer resource_metadata=\"http://{}/x\"", seen.all("host")[0]);
        let interim = format!("HTTP/1.1 103 Early Hints\r\n{challenge}\r\n\r\n");
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: WWW-Authenticate\r\n\r\n";
        format!("{interim}{head}2\r\nok\r\n0\r\n{challenge}\r\n\r\n").into_bytes()
    });
    let gateway = Tollgate::start(&config(&api("a", "/a", &upstream.url("/"))));
    let mut connection = gateway.connect();
    connection.send_request("GET", "/a", &[], b"");
    let interim = connection.head();
    assert_eq!((interim.status, interim.all("www-authenticate").len()), (103, 0));
    let answer = connection.response("GET");
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert!(answer.all("www-authenticate").is_empty());
    connection.send_request("GET", "/a", &[], b"");
    assert_eq!(connection.head().status, 103, "no trailer was left on the connection");
}
