//! Clients that misuse HTTP/2: their connection is ended, and the next one waits.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::{NOWHERE, refused};
use crate::support::PATIENCE;
use crate::support::http::Connection;
use crate::support::slow::{open, open_from};
use crate::support::tollgate::Tollgate;

const BEGIN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// DATA of no stream, which is an error of the whole connection (RFC 9113 §6.1).
const BROKEN: &[u8] = b"\0\0\x01\0\0\0\0\0\0x";
/// Of a type that nobody knows, to be skipped (§5.5).
const UNKNOWN: &[u8] = b"\0\0\0\x42\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";
/// GOAWAY with an error, but for its last stream.
const ENHANCE_YOUR_CALM: &[u8] = b"\0\0\0\x0b";
const PROTOCOL_ERROR: &[u8] = b"\0\0\0\x01";

fn gateway(keys: &str) -> Tollgate {
    Tollgate::start(&format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", http2: true, {keys} }}\napis:\n  \
         - {{ name: a, path: /a/mcp, endpoints: [\"{NOWHERE}\"], plans: [keyless] }}\n"
    ))
}

/// Sends all of it, and returns the error that the gateway ends the connection with.
fn ended_for(mut stream: TcpStream, sent: &[u8]) -> [u8; 4] {
    let mut writer = stream.try_clone().expect("a second handle");
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        // The gateway may have had enough before it is all sent.
        scope.spawn(move || writer.write_all(sent).is_ok());
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        if let Err(error) = stream.read_to_end(&mut received) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    });
    let is_goaway =
        |at: &usize| received[*at..].starts_with(b"\0\0") && received[at + 3..].starts_with(&[7, 0]);
    let goaway = (0..received.len().saturating_sub(16)).rev().find(is_goaway).expect("it says why");
    received[goaway + 13..goaway + 17].try_into().expect("four bytes")
}

fn misuse(address: SocketAddr) {
    assert_eq!(ended_for(open(address), &[BEGIN, BROKEN].concat()), PROTOCOL_ERROR);
}

fn is_served(stream: TcpStream, gateway: &Tollgate) -> bool {
    Connection::over(stream, gateway.address()).get("/nowhere").status == 404
}

#[test]
fn the_next_connection_of_a_client_that_misused_http2_waits() {
    let mut gateway = gateway("limits: { misuse_pause: 2s }");
    let mut kept = gateway.connect();
    assert_eq!(kept.get("/nowhere").status, 404);
    misuse(gateway.address());
    let begun = Instant::now();
    assert_eq!(kept.get("/nowhere").status, 404, "those it has are not touched");
    assert!(is_served(open(gateway.address()), &gateway));
    assert!(begun.elapsed() >= Duration::from_millis(1500), "after {:?}", begun.elapsed());
    assert_eq!(refused(&mut gateway, "http2_misused"), 1);
}

#[test]
fn other_clients_do_not_wait_for_one_that_misused_http2() {
    let gateway = gateway("limits: { misuse_pause: 1m }");
    misuse(gateway.address());
    let mut waits = Connection::over(open(gateway.address()), gateway.address());
    waits.send_request("GET", "/nowhere", &[], b"");
    assert!(is_served(open_from([127, 0, 0, 2].into(), gateway.address()), &gateway));
    assert!(!waits.sends_within(Duration::from_millis(1)), "and that one does");
}

#[test]
fn a_trusted_proxy_does_not_wait_for_what_came_through_it() {
    let gateway = gateway("trusted_proxies: [127.0.0.0/8], limits: { misuse_pause: 1m }");
    misuse(gateway.address());
    assert!(is_served(open(gateway.address()), &gateway));
}

#[test]
fn behind_a_load_balancer_the_client_that_it_announces_waits() {
    let gateway = gateway("trusted_proxies: [127.0.0.1], proxy_protocol: true, limits: { misuse_pause: 1m }");
    let announced = |client: &[u8]| [b"PROXY TCP4 203.0.113.", client, b" 10.0.0.1 4711 443\r\n"].concat();
    let sent = [&announced(b"7")[..], BEGIN, BROKEN].concat();
    assert_eq!(ended_for(open(gateway.address()), &sent), PROTOCOL_ERROR);
    let begin = |client| {
        let mut connection = Connection::over(open(gateway.address()), gateway.address());
        connection.send(&announced(client));
        connection.send_request("GET", "/nowhere", &[], b"");
        connection
    };
    let mut waits = begin(b"7");
    assert_eq!(begin(b"8").response("GET").status, 404);
    assert!(!waits.sends_within(Duration::from_millis(1)));
}

#[test]
fn a_client_that_sends_nothing_but_frames_that_carry_nothing_is_told_to_calm_down() {
    let mut gateway = gateway("limits: { misuse_pause: 0s }");
    for frame in [UNKNOWN, PING] {
        let sent = [BEGIN, &frame.repeat(200_000)].concat();
        assert_eq!(ended_for(open(gateway.address()), &sent), ENHANCE_YOUR_CALM);
    }
    assert!(refused(&mut gateway, "http2_misused") >= 1);
    assert!(is_served(open(gateway.address()), &gateway));
}
