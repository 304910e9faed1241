//! What reaches the upstream, and what comes back: the mapped target, untouched credentials and bytes,
//! nothing that belongs to one connection.

use crate::support::http::Response;
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Upstream, response};

/// An upstream that says under which target it was asked.
fn echo_target(label: &'static str) -> Upstream {
    Upstream::start(move |seen| response("200 OK", &[], &format!("{label} {}", seen.target())))
}

fn reached(gateway: &Tollgate, path: &str) -> String {
    let answer = gateway.get(path);
    if answer.status == 200 { answer.text().to_string() } else { answer.reason() }
}

#[test]
fn what_follows_the_public_path_is_appended_to_the_endpoints_path() {
    let upstream = echo_target("up");
    for (path, endpoint, cases) in [
        (
            "/a/mcp",
            "/mcp",
            vec![
                ("/a/mcp", "up /mcp"),
                ("/a/mcp/", "up /mcp"),
                ("/a/mcp?x=1&y=%2F", "up /mcp?x=1&y=%2F"),
                ("/a/mcp/?x=1", "up /mcp?x=1"),
                ("/a/mcp?", "up /mcp?"),
                ("/a/mcp/below/", "up /mcp/below/"),
                ("/a/mcpx", "no_api"),
                ("/a", "no_api"),
                ("/A/mcp", "no_api"),
            ],
        ),
        (
            "/github",
            "/",
            vec![
                ("/github/mcp", "up /mcp"),
                ("/github/mcp/", "up /mcp/"),
                ("/github", "up /"),
                ("/github/", "up /"),
            ],
        ),
        ("/s", "/mcp/", vec![("/s", "up /mcp/"), ("/s/", "up /mcp/"), ("/s/x?q", "up /mcp/x?q")]),
        ("/q", "/mcp?tenant=1", vec![("/q", "up /mcp?tenant=1"), ("/q?x=2", "up /mcp?tenant=1&x=2")]),
        ("/", "/mcp", vec![("/", "up /mcp"), ("/x", "up /mcp/x")]),
    ] {
        let gateway = Tollgate::start(&config(&api("a", path, &upstream.url(endpoint))));
        for (asked, expected) in cases {
            assert_eq!(reached(&gateway, asked), expected, "{path} to {endpoint}: {asked}");
        }
    }
}

#[test]
fn the_longest_path_wins_on_segment_boundaries() {
    let (short, long, root) = (echo_target("short"), echo_target("long"), echo_target("root"));
    let apis = [
        api("short", "/a", &short.url("/s")),
        api("long", "/a/mcp", &long.url("/l")),
        api("root", "/", &root.url("/r")),
    ];
    let gateway = Tollgate::start(&config(&apis.concat()));
    for (asked, expected) in [
        ("/a", "short /s"),
        ("/a/mc", "short /s/mc"),
        ("/a/mcpx", "short /s/mcpx"),
        ("/a/mcp", "long /l"),
        ("/a/mcp/x", "long /l/x"),
        ("/ab", "root /r/ab"),
    ] {
        assert_eq!(reached(&gateway, asked), expected, "{asked}");
    }
}

#[test]
fn the_host_is_the_endpoints_unless_it_is_to_be_preserved() {
    let upstream = Upstream::start(|seen| response("200 OK", &[], seen.all("host")[0]));
    let plain = api("plain", "/plain", &upstream.url("/mcp"));
    let preserved =
        api("kept", "/kept", &upstream.url("/mcp")).replace("plans:", "upstream: { host: preserve }, plans:");
    let gateway = Tollgate::start(&config(&(plain + &preserved)));
    assert_eq!(gateway.get("/plain").text(), upstream.address.to_string());
    assert_eq!(gateway.get("/kept").text(), gateway.address().to_string());
}

/// The answer to a request with these fields, and the request as it arrived.
fn relayed(
    fields: &[(&str, &str)],
    answer: &'static [&'static str],
) -> (Response, crate::support::upstream::Seen) {
    let upstream = Upstream::start(move |_| response("200 OK", answer, "ok"));
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let response = gateway.connect().request("POST", "/a/mcp", fields, b"{}");
    let seen = upstream.seen().pop().unwrap_or_else(|| panic!("nothing arrived: {response:?}"));
    (response, seen)
}

#[test]
fn credentials_and_fields_of_the_protocol_pass_as_they_came() {
    let fields = [
        ("Authorization", "Bearer  a.b-c~d+e/f=="),
        ("DPoP", "eyJ.proof"),
        ("Mcp-Session-Id", "S=1; \"x\""),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "=?base64?w6k=?="),
        ("Mcp-Param-Region", "eu,  west"),
        ("Last-Event-ID", "7"),
        ("Cookie", "a=b; c=d"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("Accept-Encoding", "br"),
        ("X-Latin", "\u{e9}"),
    ];
    let answer = ["Mcp-Session-Id: T=2; \"y\"", "Retry-After: 7", "X-Accel-Buffering: no", "DPoP-Nonce: n"];
    let (response, seen) = relayed(
        &fields,
        &["Mcp-Session-Id: T=2; \"y\"", "Retry-After: 7", "X-Accel-Buffering: no", "DPoP-Nonce: n"],
    );
    for (name, value) in fields {
        assert_eq!(seen.all(name), [value], "{name}");
    }
    for line in answer {
        let (name, value) = line.split_once(": ").expect("a field");
        assert_eq!(response.all(name), [value], "{name}");
    }
}

#[test]
fn what_a_client_says_about_its_way_here_is_dropped() {
    let (_, seen) = relayed(
        &[
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Prefix", "/evil"),
            ("X-Forwarded-Server", "evil"),
            ("Forwarded", "for=192.0.2.1"),
            ("X-Real-IP", "192.0.2.1"),
        ],
        &[],
    );
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"], "the address the gateway saw");
    for name in ["host", "proto", "port", "prefix", "server"] {
        assert!(seen.all(&format!("x-forwarded-{name}")).is_empty(), "{name}");
    }
    assert_eq!(seen.all("forwarded"), ["for=127.0.0.1"]);
    assert!(seen.all("x-real-ip").is_empty());
}

#[test]
fn what_belongs_to_one_connection_stays_on_it() {
    let (response, seen) = relayed(
        &[
            ("Connection", "keep-alive, X-Nominated"),
            ("X-Nominated", "x"),
            ("Keep-Alive", "timeout=5"),
            ("TE", "trailers"),
            ("Proxy-Authorization", "Basic x"),
            ("Upgrade", "websocket"),
        ],
        &["Connection: X-Gone, keep-alive", "X-Gone: x", "Keep-Alive: timeout=9", "X-Stays: y"],
    );
    for name in ["x-nominated", "keep-alive", "te", "proxy-authorization", "upgrade"] {
        assert!(seen.all(name).is_empty(), "{name}: {:?}", seen.head);
    }
    assert_eq!(
        seen.all("x-forwarded-for"),
        ["127.0.0.1"],
        "no client can nominate away what the gateway adds"
    );
    assert!(response.all("x-gone").is_empty() && response.all("keep-alive").is_empty(), "{response:?}");
    assert_eq!(response.all("x-stays"), ["y"]);
}

#[test]
fn bodies_pass_byte_for_byte_however_they_are_framed() {
    let upstream = Upstream::start(|seen| {
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for part in seen.body.chunks(70_000) {
            answer.extend(format!("{:x}\r\n", part.len()).bytes());
            answer.extend(part);
            answer.extend(b"\r\n");
        }
        [answer, b"0\r\n\r\n".to_vec()].concat()
    });
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let mut connection = gateway.connect();
    for size in [1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 1024 * 1024] {
        let body: Vec<u8> = (0..size).map(|at| u8::try_from(at * 31 % 251).expect("below 251")).collect();
        let with_length = connection.request("POST", "/a/mcp", &[], &body);
        assert!(with_length.body == body, "{size} bytes with a length");
        let mut chunked = Vec::new();
        for part in body.chunks(9_000) {
            chunked.extend(format!("{:x}\r\n", part.len()).bytes());
            chunked.extend(part);
            chunked.extend(b"\r\n");
        }
        connection.send_request("POST", "/a/mcp", &[("Transfer-Encoding", "chunked")], b"");
        connection.send(&[chunked, b"0\r\n\r\n".to_vec()].concat());
        assert!(connection.response("POST").body == body, "{size} bytes in chunks");
    }
    let seen = upstream.seen();
    assert!(
        seen.iter()
            .all(|request| request.all("content-length").len() + request.all("transfer-encoding").len() == 1)
    );
}

#[test]
fn a_client_of_http_1_0_gets_an_answer_without_chunks() {
    let upstream = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".to_vec()
    });
    let gateway = Tollgate::start(&config(&api("a", "/a", &upstream.url("/"))));
    let mut connection = gateway.connect();
    connection.send(format!("GET /a HTTP/1.0\r\nHost: {}\r\n\r\n", gateway.address()).as_bytes());
    let answer = connection.response("GET");
    assert_eq!((answer.status, answer.header("transfer-encoding"), answer.text()), (200, None, "ok"));
    assert!(connection.is_closed());
}
