//! The PROXY protocol: a load balancer says whose a connection is, and is believed only if it is trusted.

use std::io::Write;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::guard::refused;
use crate::support::http::Connection;
use crate::support::node::tls_client;
use crate::support::slow::{open, open_from, until_closed};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};
use crate::tls::{CERTIFICATES, NOWHERE, Secure};

const V1: &[u8] = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n";
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x11\xcb\x00\x71\x08\x0a\x00\x00\x01\x12\x67\x01\xbb\x04\x00\x02\x00\x00";
const V2_LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

fn yaml(listener: &str, endpoint: &str) -> String {
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", {listener} }}\napis:\n  \
         - {{ name: a, path: /a/mcp, endpoints: [\"{endpoint}\"], plans: [keyless] }}\n"
    )
}

/// A gateway that is connected to through a load balancer at 127.0.0.2.
fn behind_a_load_balancer(rest: &str) -> Tollgate {
    Tollgate::start(&yaml(&format!("trusted_proxies: [127.0.0.2], proxy_protocol: true{rest}"), NOWHERE))
}

/// A connection of the load balancer that begins with these bytes.
fn connect(gateway: &Tollgate, preamble: &[u8]) -> Connection {
    let mut connection = Connection::over(bare(gateway), gateway.address());
    connection.try_send(preamble);
    connection
}

fn bare(gateway: &Tollgate) -> TcpStream {
    open_from([127, 0, 0, 2].into(), gateway.address())
}

/// Who the access log says a request over such a connection comes from.
fn client_of(gateway: &mut Tollgate, preamble: &[u8], path: &str, headers: &[(&str, &str)]) -> Value {
    assert_eq!(connect(gateway, preamble).request("GET", path, headers, b"").status, 404);
    gateway.access_line(path)["client"].clone()
}

#[test]
fn the_client_is_the_one_the_load_balancer_announces() {
    let mut gateway = behind_a_load_balancer("");
    assert_eq!(client_of(&mut gateway, V1, "/v1", &[]), "203.0.113.7");
    assert_eq!(client_of(&mut gateway, V2, "/v2", &[]), "203.0.113.8");
    assert_eq!(client_of(&mut gateway, V2_LOCAL, "/local", &[]), "127.0.0.2");
    assert_eq!(client_of(&mut gateway, b"PROXY UNKNOWN\r\n", "/unknown", &[]), "127.0.0.2");
    let claim = [("X-Forwarded-For", "198.51.100.9")];
    assert_eq!(client_of(&mut gateway, V1, "/claim", &claim), "203.0.113.7", "it is no trusted proxy");
    let by_a_proxy = b"PROXY TCP4 127.0.0.2 10.0.0.1 4711 443\r\n";
    assert_eq!(client_of(&mut gateway, by_a_proxy, "/proxy", &claim), "198.51.100.9", "this one is");
}

#[test]
fn an_upstream_is_told_the_announced_client() {
    let upstream = Upstream::start(|_| response("200 OK", &[], ""));
    let listener = "trusted_proxies: [127.0.0.2], proxy_protocol: true";
    let gateway = Tollgate::start(&yaml(listener, &upstream.url("/mcp")));
    assert_eq!(connect(&gateway, V1).get("/a/mcp").status, 200);
    assert_eq!(upstream.seen()[0].all("x-forwarded-for"), ["203.0.113.7"]);
}

#[test]
fn a_preamble_may_come_in_pieces_and_with_what_follows_it() {
    let gateway = behind_a_load_balancer("");
    let request = format!("GET /together HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.address());
    for preamble in [V1, V2] {
        let mut stream = bare(&gateway);
        stream.set_nodelay(true).expect("nodelay can be set");
        let (last, first) = preamble.split_last().expect("not empty");
        for byte in first {
            stream.write_all(&[*byte]).expect("the byte is sent");
        }
        let mut connection = Connection::over(stream, gateway.address());
        connection.send(&[&[*last], request.as_bytes()].concat());
        assert_eq!(connection.response("GET").status, 404);
        assert_eq!(connection.get("/later").status, 404);
    }
}

#[test]
fn nobody_but_a_trusted_proxy_may_announce_a_client() {
    let mut gateway = behind_a_load_balancer("");
    let ending = until_closed(open(gateway.address()), b"", b"");
    assert_eq!(ending.received, "");
    assert_eq!(refused(&mut gateway, "proxy_protocol_untrusted"), 1);
}

#[test]
fn a_connection_without_a_preamble_or_with_a_broken_one_is_closed() {
    let mut gateway = behind_a_load_balancer("");
    let too_long = [&V2[..14], &[0xff, 0xff]].concat();
    let cases: [(&[u8], &str); 5] = [
        (b"GET / HTTP/1.1\r\n\r\n", "proxy_protocol_missing"),
        (b"\x16\x03\x01\x02\x00\x01", "proxy_protocol_missing"),
        (b"PROXY TCP4 203.0.113.7 10.0.0.1 4711\r\n", "proxy_protocol_malformed"),
        (&[b'P', b'R', b'O', b'X', b'Y', b' '].repeat(40), "proxy_protocol_malformed"),
        (&too_long, "proxy_protocol_malformed"),
    ];
    for (preamble, reason) in cases {
        assert_eq!(until_closed(bare(&gateway), preamble, b"").received, "", "{preamble:?}");
        assert!(refused(&mut gateway, reason) >= 1);
    }
    assert_eq!(connect(&gateway, V1).get("/served").status, 404);
}

#[test]
fn a_preamble_that_does_not_come_in_time_is_not_waited_for() {
    let mut gateway = behind_a_load_balancer("");
    let silent = bare(&gateway);
    let dripped = until_closed(bare(&gateway), b"PROXY TCP4 ", b"2");
    assert_eq!(dripped.received, "");
    assert_eq!(until_closed(silent, b"", b"").received, "");
    assert!(refused(&mut gateway, "proxy_protocol_timeout") >= 1);
}

#[test]
fn connections_are_counted_as_the_announced_clients() {
    let mut gateway = behind_a_load_balancer(", limits: { connections_per_client: 2, connections: 4 }");
    let hold = |preamble: &[u8]| {
        let mut connection = connect(&gateway, preamble);
        assert_eq!(connection.get("/held").status, 404);
        connection
    };
    let mut held = vec![hold(V1), hold(V1), hold(V2)];
    assert!(connect(&gateway, V1).is_closed(), "the third of one client");
    held.push(hold(V2));
    assert!(connect(&gateway, V2_LOCAL).is_closed(), "the fifth of all");
    assert_eq!(refused(&mut gateway, "client_connection_limit"), 1);
    assert_eq!(refused(&mut gateway, "connection_limit"), 1);
}

#[test]
fn the_preamble_comes_before_tls() {
    let rest = ", trusted_proxies: [127.0.0.1], proxy_protocol: true";
    let mut secure = Secure::start(CERTIFICATES, rest, NOWHERE);
    let connect = |secure: &Secure, preamble: &[u8], protocols: Value| {
        let preamble = String::from_utf8(preamble.to_vec()).expect("text");
        secure.connect(json!({
            "preamble": preamble,
            "protocols": protocols,
            "requests": [{ "path": format!("/over-{}", protocols[0].as_str().unwrap().replace('/', "-")) }],
        }))
    };
    for (protocol, path) in [("http/1.1", "/over-http-1.1"), ("h2", "/over-h2")] {
        let seen = connect(&secure, V1, json!([protocol]));
        assert_eq!(seen["responses"][0]["status"], 404, "{seen}");
        assert_eq!(secure.gateway.access_line(path)["client"], "203.0.113.7");
    }
    assert_eq!(connect(&secure, b"", json!(["http/1.1"]))["connected"], false);
}

#[test]
fn the_preamble_comes_before_http2_by_prior_knowledge() {
    let listener = "trusted_proxies: [127.0.0.1], proxy_protocol: true, http2: true";
    let mut gateway = Tollgate::start(&yaml(listener, NOWHERE));
    let seen = tls_client(&json!({
        "port": gateway.address().port(),
        "prior": true,
        "preamble": std::str::from_utf8(V1).expect("text"),
        "requests": [{ "path": "/prior" }],
    }));
    assert_eq!(seen["responses"][0]["status"], 404, "{seen}");
    assert_eq!(gateway.access_line("/prior")["client"], "203.0.113.7");
}

#[test]
fn a_reload_switches_the_protocol_for_new_connections() {
    let mut gateway = Tollgate::start(&yaml("trusted_proxies: [127.0.0.2]", NOWHERE));
    let mut before = gateway.connect();
    assert_eq!(before.get("/before").status, 404);
    let on = yaml("trusted_proxies: [127.0.0.2], proxy_protocol: true", NOWHERE);
    assert_eq!(gateway.reload(&on), "applied");
    assert_eq!(client_of(&mut gateway, V1, "/after", &[]), "203.0.113.7");
    assert_eq!(before.get("/still").status, 404);
}
