//! The keys of the process: where it listens, and how long it takes to stop.

use std::io::Write;

use crate::support::http::Connection;
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Gate, Upstream, pass};

#[test]
fn every_listener_listens_at_its_address_under_its_name() {
    let apis = api("demo", "/mcp", "http://127.0.0.1:9/mcp");
    let listeners = "listeners:\n  - { name: first, address: \"127.0.0.1:0\" }\n  - { name: second, address: \"[::1]:0\" }\n";
    let gateway = Tollgate::start(&format!("{listeners}apis:\n{apis}"));
    for (name, host) in [("first", "127.0.0.1"), ("second", "::1")] {
        assert_eq!(gateway.listener(name).ip().to_string(), host);
        assert_eq!(Connection::open(gateway.listener(name)).get("/nowhere").reason(), "no_api");
    }
}

#[test]
fn the_health_endpoints_are_where_admin_says() {
    let gateway = Tollgate::start(&config(&api("demo", "/mcp", "http://127.0.0.1:9/mcp")));
    let ready = gateway.admin("/readyz");
    assert_eq!((ready.status, &ready.json()["apis"]), (200, &1.into()));
    assert_eq!(gateway.get("/readyz").status, 404, "and not among the APIs");
}

#[test]
fn a_stream_that_does_not_end_is_cut_when_the_drain_time_is_over() {
    let (_gate, opened) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
        stream.write_all(head).is_ok() && pass(&opened)
    });
    let apis = api("demo", "/mcp", &upstream.url("/mcp"));
    let mut gateway = Tollgate::start(&format!("drain: 300ms\n{}", config(&apis)));
    let mut client = gateway.connect();
    client.send_request("GET", "/mcp", &[("Accept", "text/event-stream")], b"");
    assert_eq!(client.head().status, 200);
    gateway.process.signal("TERM");
    assert!(gateway.process.wait().success(), "within the time of a test, where the default is longer");
    let cut = "stopped: 1 requests were cut at the limit";
    assert!(gateway.process.lines().iter().any(|line| line.contains(cut)), "{:?}", gateway.process.lines());
}
