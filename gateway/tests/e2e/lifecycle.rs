//! The process from its first line to its last: start, health, drain, end.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;

use crate::support::http::Connection;
use crate::support::tollgate::{Tollgate, api, binary, config};
use crate::support::upstream::{Gate, Upstream, pass, response};

/// An upstream that answers once its gate is open.
fn gated() -> (Gate, Upstream) {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        pass(&gated) && stream.write_all(&response("200 OK", &[], "at last")).is_ok()
    });
    (gate, upstream)
}

/// A client whose request has reached the upstream and is not answered yet.
fn waiting(gateway: &Tollgate, upstream: &Upstream) -> Connection {
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[], b"{}");
    upstream.is_reached();
    client
}

fn message(gateway: &mut Tollgate, text: &str) {
    gateway.process.wait_for(0, text, |line| line.contains(text).then_some(()));
}

/// The output of a gateway that is expected not to start.
fn start_in_vain(yaml: &str) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("gateway.yaml");
    std::fs::write(&file, yaml).expect("the file is written");
    let output = binary().args(["run", "-c"]).arg(file).output();
    output.expect("the gateway can be started")
}

#[test]
fn the_admin_listener_says_that_the_process_lives_and_is_ready() {
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", "http://127.0.0.1:1/mcp")));
    assert_eq!(
        (gateway.admin("/healthz").status, gateway.admin("/healthz").json()["status"].as_str()),
        (200, Some("ok"))
    );
    let ready = gateway.admin("/readyz");
    assert_eq!(
        (ready.status, ready.json()["generation"].as_u64(), ready.json()["apis"].as_u64()),
        (200, Some(1), Some(1))
    );
    assert_eq!(gateway.admin("/a/mcp").status, 404, "the admin listener serves no API");
    assert_eq!(gateway.get("/healthz").status, 404, "and the other listener no health");
}

#[test]
fn the_admin_listener_answers_get_under_a_loopback_name_alone() {
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", "http://127.0.0.1:1/mcp")));
    let address = gateway.listener("admin");
    let ask = |method: &str, host: &str| {
        Connection::open(address).request(method, "/healthz", &[("Host", host)], b"")
    };
    assert_eq!(ask("GET", &format!("localhost:{}", address.port())).status, 200);
    for foreign in ["evil.example", "localhost.evil.example", "0.0.0.0", "a/b", ""] {
        assert_eq!(ask("GET", foreign).status, 421, "{foreign}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(ask(method, &address.to_string()).status, 405, "{method}");
    }
}

#[test]
fn a_port_that_is_taken_ends_the_process_with_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let yaml = config(&api("a", "/a/mcp", "http://127.0.0.1:1/mcp"));
    for yaml in [
        yaml.replacen("127.0.0.1:0", &address, 1),
        yaml.replace("admin: { address: \"127.0.0.1:0\"", &format!("admin: {{ address: \"{address}\"")),
    ] {
        let output = start_in_vain(&yaml);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("\"listening\""), "nothing was served");
    }
}

#[test]
fn a_configuration_with_a_mistake_is_not_served_at_all() {
    let output = start_in_vain(&config(&api("a", "/a/mcp", "ftp://127.0.0.1/mcp")));
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(error.contains("gateway.yaml:5:"), "{error}");
    assert!(output.stdout.is_empty(), "{:?}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_process_told_to_stop_lets_what_is_under_way_end_and_accepts_no_more() {
    let (gate, upstream) = gated();
    let mut gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let mut idle = gateway.connect();
    assert_eq!(idle.get("/nowhere").status, 404);
    let mut client = waiting(&gateway, &upstream);
    gateway.process.signal("TERM");
    message(&mut gateway, "stopping: 1 requests under way");
    assert!(idle.is_closed(), "an idle connection is closed");
    let ready = gateway.admin("/readyz");
    assert_eq!((ready.status, ready.json()["status"].as_str()), (503, Some("draining")));
    assert_eq!(gateway.admin("/healthz").status, 200);
    assert!(refuses(gateway.address()), "nothing new is accepted");
    gate.open();
    assert_eq!(client.response("POST").text(), "at last");
    assert!(client.is_closed());
    assert!(gateway.process.wait().success());
}

/// Whether a connection is refused, or taken and closed unserved.
fn refuses(address: SocketAddr) -> bool {
    match TcpStream::connect(address) {
        Err(_) => true,
        Ok(stream) => Connection::over(stream, address).is_closed(),
    }
}

#[test]
fn an_idle_process_stops_at_once() {
    for signal in ["TERM", "INT"] {
        let mut gateway = Tollgate::start(&config(&api("a", "/a/mcp", "http://127.0.0.1:1/mcp")));
        gateway.process.signal(signal);
        assert!(gateway.process.wait().success(), "{signal}");
    }
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let (_gate, upstream) = gated();
    let mut gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let mut client = waiting(&gateway, &upstream);
    gateway.process.signal("TERM");
    message(&mut gateway, "stopping: 1 requests under way");
    gateway.process.signal("TERM");
    message(&mut gateway, "stopped at once: 1 requests were cut");
    assert!(gateway.process.wait().success());
    assert_eq!(client.rest(), b"", "the request is cut");
}

#[test]
fn what_outlasts_the_drain_is_cut() {
    let (_gate, upstream) = gated();
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let mut gateway = Tollgate::start(&format!("drain: 1s\n{yaml}"));
    let mut client = waiting(&gateway, &upstream);
    gateway.process.signal("TERM");
    message(&mut gateway, "stopped: 1 requests were cut at the limit");
    assert!(gateway.process.wait().success());
    assert_eq!(client.rest(), b"");
}
