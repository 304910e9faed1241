//! Request heads that two readers could read differently: each is refused before any upstream hears of it.

use std::net::SocketAddr;

use crate::support::http::{Connection, Response};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Upstream, response};

/// A gateway with one API at `/a/mcp`, and the upstream that must not hear of anything.
fn parts() -> (Upstream, Tollgate) {
    let upstream = Upstream::start(|_| response("200 OK", &[], "reached"));
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    (upstream, gateway)
}

/// The answer to these bytes; `HOST` stands for the gateway's own authority.
fn answer(address: SocketAddr, request: &str) -> (Connection, Response) {
    let mut connection = Connection::open(address);
    connection.try_send(request.replace("HOST", &address.to_string()).as_bytes());
    let answer = connection.response("GET");
    (connection, answer)
}

/// Each request is answered with its status and, where the gateway itself refuses it, its reason. Pingora
/// refuses what it cannot parse before any of the gateway's code runs; that answer has no body.
fn refused(requests: &[(&str, u16, &str)]) {
    let (upstream, gateway) = parts();
    let mut wrong = Vec::new();
    for (request, status, reason) in requests {
        let (mut connection, answer) = answer(gateway.address(), request);
        let given = match answer.body.is_empty() && connection.is_closed() {
            true => UNPARSED.to_string(),
            false => answer.reason(),
        };
        if (answer.status, given.as_str()) != (*status, *reason) {
            wrong.push(format!("{} {given} to {request:?}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen());
}

const UNPARSED: &str = "";

/// A request for this target, otherwise in order.
fn target(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: HOST\r\n\r\n")
}

fn targets_refused(targets: &[(&str, u16, &str)]) {
    let requests: Vec<_> =
        targets.iter().map(|(name, status, reason)| (target(name), *status, *reason)).collect();
    refused(&borrowed(&requests));
}

fn borrowed<'r>(requests: &'r [(String, u16, &'r str)]) -> Vec<(&'r str, u16, &'r str)> {
    requests.iter().map(|(request, status, reason)| (request.as_str(), *status, *reason)).collect()
}

#[test]
fn a_request_names_exactly_one_valid_host() {
    refused(&[
        ("GET /a/mcp HTTP/1.1\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.0\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\nhost: evil.example\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.1\r\nHost: user@HOST\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST, evil.example\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.1\r\nHost: 127.0.0.1:\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.1\r\nHost: 127.0.0.1:80x\r\n\r\n", 400, "bad_host"),
        ("GET /a/mcp HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "bad_host"),
    ]);
}

#[test]
fn a_target_is_a_path() {
    targets_refused(&[
        ("http://HOST/a/mcp", 400, "absolute_form"),
        ("http://evil.example/a/mcp", 400, UNPARSED),
        ("*", 400, "absolute_form"),
        ("a/mcp", 400, "absolute_form"),
        ("/a/mcp#fragment", 400, "bad_path"),
        ("/a/mcp?q#fragment", 400, "bad_path"),
    ]);
}

#[test]
fn a_path_is_in_its_one_normal_form_or_refused() {
    targets_refused(&[
        ("/a/./mcp", 400, "bad_path"),
        ("/b/../a/mcp", 400, "bad_path"),
        ("/a/mcp/..", 400, "bad_path"),
        ("/a/%2e/mcp", 400, "bad_path"),
        ("/b/%2E%2e/a/mcp", 400, "bad_path"),
        ("/b/.%2e/a/mcp", 400, "bad_path"),
        ("/b/%252e%252e/a/mcp", 400, "bad_path"),
        ("/b/..;x/a/mcp", 400, "bad_path"),
        ("/a%2fmcp", 400, "bad_path"),
        ("/a%2Fmcp", 400, "bad_path"),
        ("/a%252fmcp", 400, "bad_path"),
        ("/a%5cmcp", 400, "bad_path"),
        ("/a/mcp%00", 400, "bad_path"),
        ("/a/mcp%0d%0a", 400, "bad_path"),
        ("/a\\mcp", 400, "bad_path"),
        ("//a/mcp", 400, "bad_path"),
        ("/a//mcp", 400, "bad_path"),
        ("/a/mcp/%zz", 400, "bad_path"),
        ("/.well-known/oauth-protected-resource/..%2fa/mcp", 400, "bad_path"),
        ("/a/mcp?access_token=secret", 400, "token_in_query"),
        ("/a/mcp?x=1&%61ccess%5Ftoken=secret", 400, "token_in_query"),
        ("/a/mcp?x=1;ACCESS_TOKEN", 400, "token_in_query"),
    ]);
}

#[test]
fn a_path_does_not_hide_that_of_another_api_in_its_parameters() {
    let outer = Upstream::start(|_| response("200 OK", &[], "outer"));
    let apis =
        api("outer", "/open/mcp", &outer.url("/mcp")) + &api("inner", "/open/mcp/inner", &outer.url("/in"));
    let gateway = Tollgate::start(&config(&apis));
    for path in [
        "inner;v=1",
        "inner;",
        "inner%3bv=1",
        "inner%253bv=1",
        "inner%3fx",
        "inner%23x",
        ";v=1/inner",
        "inner;v=1/x",
    ] {
        let answer = gateway.get(&format!("/open/mcp/{path}"));
        assert_eq!((answer.status, answer.reason().as_str()), (400, "bad_path"), "{path}");
    }
    assert!(outer.seen().is_empty());
    for path in ["other;v=1", "x%3fy", "innermost;v=1"] {
        assert_eq!(gateway.get(&format!("/open/mcp/{path}")).text(), "outer", "{path}");
    }
}

#[test]
fn lines_end_in_crlf_and_hold_no_control_characters() {
    refused(&[
        ("GET /a/mcp HTTP/1.1\nHost: HOST\n\n", 400, "malformed_head"),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\nX: y\r\n\r\n", 400, "malformed_head"),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n\n", 400, "malformed_head"),
        ("GET  /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/mcp  HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/mcp x HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/\x01mcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/\x7fmcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/m\u{e9}p HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/mcp\tx HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\nX: a\rb\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\nX : y\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n folded: y\r\n\r\n", 400, UNPARSED),
        ("GET /a/mcp HTTP/3.0\r\nHost: HOST\r\n\r\n", 400, UNPARSED),
        ("\r\nGET /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, "malformed_head"),
    ]);
}

#[test]
fn there_is_one_opinion_about_where_a_body_ends() {
    let post = |fields: &str| format!("POST /a/mcp HTTP/1.1\r\nHost: HOST\r\n{fields}\r\n0\r\n\r\n");
    let requests = [
        ("Transfer-Encoding: identity, chunked\r\n", 501, "transfer_coding_not_supported"),
        ("Transfer-Encoding: gzip, chunked\r\n", 501, "transfer_coding_not_supported"),
        ("Transfer-Encoding: xchunked\r\n", 400, UNPARSED),
        ("Transfer-Encoding: identity\r\n", 400, UNPARSED),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "malformed_head"),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", 400, "malformed_head"),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400, "malformed_head"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400, "malformed_head"),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", 400, "malformed_head"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", 400, UNPARSED),
        ("Content-Length: 5, 5\r\n", 400, "malformed_head"),
        ("Content-Length: 0000000000000000005\r\n", 400, "malformed_head"),
        ("Content-Length: +5\r\n", 400, UNPARSED),
        ("Content-Length: -1\r\n", 400, UNPARSED),
        ("Expect: junk\r\nContent-Length: 5\r\n", 417, "expectation_not_supported"),
    ];
    let requests: Vec<_> =
        requests.iter().map(|(fields, status, reason)| (post(fields), *status, *reason)).collect();
    refused(&borrowed(&requests));
    refused(&[("POST /a/mcp HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n", 400, UNPARSED)]);
}

#[test]
fn only_methods_of_the_transports_are_relayed() {
    refused(&[
        ("get /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 501, "method_not_supported"),
        ("TRACE /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 501, "method_not_supported"),
        ("PROPFIND /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n", 501, "method_not_supported"),
        ("CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n", 405, UNPARSED),
    ]);
}

#[test]
fn a_request_carries_at_most_one_authorization_field() {
    let two = "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n";
    refused(&[(&format!("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n{two}\r\n"), 400, "bad_authorization")]);
}

#[test]
fn a_client_cannot_nominate_away_what_the_gateway_vouches_for() {
    for options in [
        "Host",
        "X-Forwarded-For",
        "x-forwarded-host",
        "X-Forwarded-Port",
        "Forwarded",
        "X-Real-IP",
        "Authorization",
        "X-Forwarded-Anything",
        "Mcp-Session-Id",
        "\"x\"",
        ":authority",
        &"x,".repeat(9),
    ] {
        let request = format!("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\nConnection: close, {options}\r\n\r\n");
        refused(&[(&request, 400, "malformed_head")]);
    }
}

#[test]
fn a_field_that_could_be_taken_for_one_of_the_gateways_is_refused() {
    for name in [
        "X_Forwarded_For",
        "X_Forwarded_Scheme",
        "X.Forwarded.For",
        "x-real_ip",
        "MCP_SESSION_ID",
        "Content_Length",
    ] {
        let request = format!("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n{name}: 0\r\n\r\n");
        refused(&[(&request, 400, "header_alias")]);
    }
}

#[test]
fn a_head_is_bounded_in_fields_bytes_and_target() {
    let fields = |count: usize| "X: y\r\n".repeat(count);
    let with = |fields: String| format!("GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n{fields}\r\n");
    refused(&[
        (&with(fields(100)), 431, "head_too_large"),
        (&with(format!("X: {}\r\n", "y".repeat(16 * 1024))), 431, "head_too_large"),
        (&with(format!("X: {}\r\n", "y".repeat(15 * 1024)).repeat(5)), 431, "head_too_large"),
        (&target(&format!("/a/mcp?{}", "q".repeat(8 * 1024))), 414, "target_too_long"),
    ]);
    let (upstream, gateway) = parts();
    let (_, answer) = answer(gateway.address(), &with(fields(99)));
    assert_eq!((answer.status, answer.text()), (200, "reached"), "a hundred fields are fine");
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn a_body_that_breaks_its_framing_is_the_clients_fault() {
    for body in [
        "xyz\r\n",
        "-1\r\n",
        "3\r\nabcd\r\n",
        "ffffffffffffffffff\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3;x\nabc\r\n0\r\n\r\n",
        "3;x\0y\r\nabc\r\n0\r\n\r\n",
        "0\r\nGET /a/mcp HTTP/1.1\r\n\r\n",
    ] {
        let (_, gateway) = parts();
        let request =
            format!("POST /a/mcp HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let (mut connection, answer) = answer(gateway.address(), &request);
        assert_eq!((answer.status, answer.reason().as_str()), (400, "malformed_body"), "{body:?}");
        assert!(connection.is_closed());
    }
}

#[test]
fn a_body_whose_framing_breaks_while_it_is_relayed_never_reaches_its_end() {
    let (upstream, gateway) = parts();
    let mut connection = gateway.connect();
    let head = format!(
        "POST /a/mcp HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        gateway.address()
    );
    connection.send(head.as_bytes());
    assert!(!connection.sends_within(std::time::Duration::from_millis(100)), "it waits for more");
    connection.send(b"0;=\r\n\r\n");
    assert_eq!(connection.response("POST").reason(), "malformed_body");
    assert!(connection.is_closed() && upstream.seen().is_empty());
}

#[test]
fn a_connection_ends_after_an_error_whose_body_was_not_read() {
    let (upstream, gateway) = parts();
    let smuggled = "GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n";
    let request = format!(
        "POST /nowhere HTTP/1.1\r\nHost: HOST\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len()
    );
    let (mut connection, answer) = answer(gateway.address(), &request);
    assert_eq!((answer.status, answer.reason().as_str()), (404, "no_api"));
    assert_eq!(connection.rest(), b"", "the body is not taken for a request");
    assert!(upstream.seen().is_empty());
}

#[test]
fn a_connection_serves_one_request_after_the_other_through_refusals() {
    let (upstream, gateway) = parts();
    let mut connection = gateway.connect();
    for _ in 0..3 {
        assert_eq!(connection.get("/a/mcp").text(), "reached");
        assert_eq!(connection.get("/nowhere").reason(), "no_api");
        assert_eq!(connection.request("POST", "/a/mcp", &[], b"{}").text(), "reached");
    }
    assert_eq!(upstream.seen().len(), 6);
}
