//! How many connections there may be, in total and of one client.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::{NOWHERE, limited, limited_yaml, refused};
use crate::support::PATIENCE;
use crate::support::http::Connection;
use crate::support::slow::{open, open_from};

/// Whether the gateway closes this connection at once, without a word.
fn is_closed(mut stream: TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout can be set");
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Waits until the gateway serves a new connection, as it does once it has seen that another has ended.
fn serves_again(address: SocketAddr) {
    let deadline = Instant::now() + PATIENCE;
    while is_closed(open(address)) {
        assert!(Instant::now() < deadline, "the place of a closed connection was not given back");
    }
}

#[test]
fn beyond_the_cap_a_connection_is_closed_and_a_closed_one_makes_room() {
    let mut gateway = limited("connections: 2", NOWHERE);
    let first = open(gateway.address());
    let mut second = gateway.connect();
    assert_eq!(second.get("/nowhere").status, 404);
    assert!(is_closed(open(gateway.address())));
    assert_eq!(refused(&mut gateway, "connection_limit"), 1);
    assert_eq!(second.get("/nowhere").status, 404, "those inside are not touched");
    assert_eq!(gateway.admin("/healthz").status, 200, "nor is another listener");
    drop(first);
    serves_again(gateway.address());
}

#[test]
fn the_cap_of_one_client_does_not_touch_another() {
    let mut gateway = limited("connections_per_client: 2", NOWHERE);
    let one = gateway.address();
    let held = [open(one), open(one)];
    assert!(is_closed(open(one)));
    assert_eq!(refused(&mut gateway, "client_connection_limit"), 1);
    let mut other = Connection::over(open_from([127, 0, 0, 2].into(), one), one);
    assert_eq!(other.get("/nowhere").status, 404);
    drop(held);
    serves_again(one);
}

#[test]
fn a_client_opens_only_so_many_connections_a_second() {
    let mut gateway = limited("connection_rate_per_client: 5", NOWHERE);
    let opened: Vec<_> = (0..20).map(|_| open(gateway.address())).collect();
    assert!(is_closed(opened.into_iter().next_back().expect("twenty")));
    assert!(refused(&mut gateway, "client_connection_rate") >= 1);
    serves_again(gateway.address());
}

#[test]
fn limits_are_reloaded_and_hold_for_new_connections() {
    let mut gateway = limited("connections: 1000", NOWHERE);
    let mut before = gateway.connect();
    assert_eq!(before.get("/nowhere").status, 404);
    assert_eq!(gateway.reload(&limited_yaml("connections: 1", NOWHERE)), "applied");
    assert!(is_closed(open(gateway.address())));
    assert_eq!(before.get("/nowhere").status, 404);
}
