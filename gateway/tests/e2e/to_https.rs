//! A listener that sends clients to the public URLs with TLS, and does nothing else.

use crate::support::http::{Connection, Response};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

fn redirecting(endpoint: &str) -> Tollgate {
    Tollgate::start(&format!(
        "public_urls: [\"http://plain.example.com\", \"https://edge.example.com\", \"https://other.example.com:8443\"]\n\
         listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", redirect_to_https: true }}\n  \
         - {{ name: serving, address: \"127.0.0.1:0\" }}\napis:\n  \
         - {{ name: a, path: /a/mcp, endpoints: [\"{endpoint}\"], plans: [keyless] }}\n"
    ))
}

fn ask(gateway: &Tollgate, method: &str, path: &str, host: &str, body: &[u8]) -> Response {
    gateway.connect().request(method, path, &[("Host", host)], body)
}

#[test]
fn a_client_in_clear_text_is_sent_to_the_public_url_with_its_host() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "reached"));
    let gateway = redirecting(&upstream.url("/mcp"));
    for (host, path, location) in [
        ("edge.example.com", "/a/mcp", "https://edge.example.com/a/mcp"),
        ("EDGE.example.com:80", "/a/mcp?q=1&r=%20", "https://edge.example.com/a/mcp?q=1&r=%20"),
        ("edge.example.com:8080", "/", "https://edge.example.com/"),
        ("other.example.com", "/no/api/?", "https://other.example.com:8443/no/api/?"),
        (
            "edge.example.com",
            "/.well-known/oauth-protected-resource/a/mcp",
            "https://edge.example.com/.well-known/oauth-protected-resource/a/mcp",
        ),
    ] {
        for method in ["GET", "HEAD", "DELETE"] {
            let answer = ask(&gateway, method, path, host, b"");
            assert_eq!((answer.status, answer.header("location")), (308, Some(location)), "{method} {host}");
        }
    }
    assert!(upstream.seen().is_empty());
    let serving = gateway.listener("serving");
    assert_eq!(Connection::open(serving).get("/a/mcp").text(), "reached", "another listener goes on serving");
}

#[test]
fn nobody_is_sent_to_a_host_that_is_not_configured() {
    let gateway = redirecting("http://127.0.0.1:9/mcp");
    let own = gateway.address().to_string();
    for host in
        ["evil.example", "plain.example.com", "edge.example.com.evil.example", "evil.edge.example.com", &own]
    {
        let answer = ask(&gateway, "GET", "/a/mcp", host, b"");
        assert_eq!((answer.status, answer.reason().as_str()), (421, "unknown_host"), "{host}");
        assert_eq!(answer.header("location"), None);
    }
    for (path, reason) in
        [("//evil.example/x", "bad_path"), ("/a?access_token=x", "token_in_query"), ("/a/../b", "bad_path")]
    {
        assert_eq!(ask(&gateway, "GET", path, "edge.example.com", b"").reason(), reason);
    }
}

#[test]
fn the_body_of_a_post_is_not_taken_for_a_request_nor_dropped_in_silence() {
    let gateway = redirecting("http://127.0.0.1:9/mcp");
    let smuggled = b"GET /smuggled HTTP/1.1\r\nHost: edge.example.com\r\n\r\n";
    for times in [1, 20, 2_000] {
        let mut connection = gateway.connect();
        connection.send_request("POST", "/a/mcp", &[("Host", "edge.example.com")], b"");
        let alone = connection.response("POST");
        assert_eq!(alone.status, 308);
        let body = smuggled.repeat(times);
        let head = format!(
            "POST /a/mcp HTTP/1.1\r\nHost: edge.example.com\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection.try_send(&[head.as_bytes(), &body].concat());
        let answer = connection.response("POST");
        assert_eq!(answer.status, 308, "{answer:?}");
        assert_eq!(answer.header("location"), Some("https://edge.example.com/a/mcp"));
        assert!(
            !String::from_utf8_lossy(&connection.rest()).contains("HTTP/1.1"),
            "one answer to one request"
        );
    }
}
