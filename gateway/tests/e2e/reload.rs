//! SIGHUP: the next configuration is taken whole or refused whole, and nobody on a connection notices.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::http::Connection;
use crate::support::publisher::{Publisher, WELL_KNOWN};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Gate, Seen, Upstream, pass, response};

const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Answers with its name, or on GET with a stream of an event for each opening of the gate.
fn named(name: &'static str) -> (Gate, Upstream) {
    let (gate, gated) = Gate::new();
    let serve = move |seen: &Seen, stream: &mut TcpStream| {
        if seen.method() == "POST" {
            return stream.write_all(&response("200 OK", &[], name)).is_ok();
        }
        stream.write_all(STREAM).expect("the gateway reads");
        while pass(&gated) {
            let event = format!("data: {name}\n\n");
            if stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).is_err() {
                break;
            }
        }
        false
    };
    (gate, Upstream::with_stream(serve))
}

fn post(connection: &mut Connection, path: &str) -> String {
    let answer = connection.post_json(path, &[], "{}");
    if answer.status == 200 { answer.text().to_string() } else { answer.reason() }
}

#[test]
fn a_reload_swaps_everything_at_once_on_connections_that_are_open() {
    let ((old_gate, old), (_new_gate, new)) = (named("old"), named("new"));
    let apis = api("a", "/a/mcp", &old.url("/mcp")) + &api("gone", "/gone", &old.url("/mcp"));
    let mut gateway = Tollgate::start(&config(&apis));
    let mut kept = gateway.connect();
    assert_eq!([post(&mut kept, "/a/mcp"), post(&mut kept, "/gone")], ["old", "old"]);
    assert_eq!(kept.get("/added").reason(), "no_api");
    let mut stream = gateway.connect();
    stream.send_request("GET", "/gone", &[("Accept", "text/event-stream")], b"");
    assert_eq!(stream.head().status, 200);

    let apis = api("a", "/a/mcp", &new.url("/mcp")) + &api("added", "/added", &new.url("/mcp"));
    assert_eq!(gateway.reload(&config(&apis)), "applied");
    assert_eq!([post(&mut kept, "/a/mcp"), post(&mut kept, "/added")], ["new", "new"]);
    assert_eq!(kept.get("/gone").reason(), "no_api");
    old_gate.open();
    assert_eq!(stream.event(), "data: old\n\n", "a stream under way is not touched");
    assert_eq!(gateway.admin("/readyz").json()["generation"], 2);
}

#[test]
fn a_request_under_way_ends_with_the_configuration_it_began_with() {
    let (gate, gated) = Gate::new();
    let slow = Upstream::with_stream(move |_, stream| {
        pass(&gated)
            && stream.write_all(&response("307 Temporary Redirect", &["Location: /mcp/x"], "")).is_ok()
    });
    let (_new_gate, new) = named("new");
    let mut gateway = Tollgate::start(&config(&api("a", "/a/mcp", &slow.url("/mcp"))));
    let mut client = gateway.connect();
    client.send_request("POST", "/a/mcp", &[], b"{}");
    slow.is_reached();
    assert_eq!(gateway.reload(&config(&api("b", "/b", &new.url("/mcp")))), "applied");
    gate.open();
    assert_eq!(client.response("POST").header("location"), Some("/a/mcp/x"));
    assert_eq!(post(&mut client, "/a/mcp"), "no_api", "and the next one on its connection with the new one");
}

#[test]
fn a_refused_reload_changes_nothing_and_says_where_the_mistake_is() {
    let (_gate, upstream) = named("old");
    let good = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let mut gateway = Tollgate::start(&good);
    for (bad, place) in [
        (good.replace("plans:", "plan:"), "gateway.yaml:5:"),
        (good.replace("http:", "ftp:"), "gateway.yaml:5:"),
        (String::new(), "gateway.yaml"),
        ("apis: [".to_string(), "gateway.yaml:"),
    ] {
        let seen = gateway.process.lines().len();
        assert_eq!(gateway.reload(&bad), "refused", "{bad}");
        let said = |line: &str| line.contains(place).then_some(());
        gateway.process.wait_for(seen, "the place of the mistake", said);
        assert_eq!(post(&mut gateway.connect(), "/a/mcp"), "old");
    }
    assert_eq!(gateway.admin("/readyz").json()["generation"], 1);
    assert_eq!(gateway.reload(&good), "applied", "the next good one is taken");
}

#[test]
fn what_is_fixed_at_start_cannot_be_reloaded() {
    let (_gate, upstream) = named("old");
    let good = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let mut gateway = Tollgate::start(&good);
    for changed in [
        good.replacen("127.0.0.1:0", "127.0.0.1:1", 1),
        good.replacen("name: main", "name: other", 1),
        good.replace("admin: { address: \"127.0.0.1:0\" }\n", ""),
        format!("log: {{ level: debug }}\n{good}"),
        format!("drain: 1s\n{good}"),
    ] {
        let seen = gateway.process.lines().len();
        assert_eq!(gateway.reload(&changed), "refused", "{changed}");
        gateway.process.wait_for(seen, "why", |line| line.contains("restart to change them").then_some(()));
    }
    assert_eq!(post(&mut gateway.connect(), "/a/mcp"), "old");
}

#[test]
fn what_was_learnt_about_an_upstream_outlives_a_reload() {
    let upstream = Publisher::start();
    upstream.publish("/mcp", "{\"resource\":\"{up}/mcp\"}");
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let mut gateway = Tollgate::start(&yaml);
    let url = format!("{WELL_KNOWN}/a/mcp");
    assert_eq!(gateway.get(&url).status, 200);
    let asked = upstream.asked();
    assert_eq!(gateway.reload(&yaml), "applied");
    assert_eq!((gateway.get(&url).status, upstream.asked()), (200, asked), "nothing is fetched again");
}

#[test]
fn fifty_reloads_under_load_fail_close_and_cut_nothing() {
    let (gate, upstream) = named("up");
    let apis = |count: usize| -> String {
        let one = |number| api(&format!("a{number}"), &format!("/a{number}"), &upstream.url("/mcp"));
        (0..count).map(one).collect()
    };
    let mut gateway = Tollgate::start(&config(&apis(2)));
    let mut stream = gateway.connect();
    // The API the stream was opened at comes and goes.
    stream.send_request("GET", "/a1", &[("Accept", "text/event-stream")], b"");
    assert_eq!(stream.head().status, 200);
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4).map(|_| keep_calling(gateway.connect(), over.clone())).collect();
    for reload in 0..50 {
        assert_eq!(gateway.reload(&config(&apis(1 + reload % 3))), "applied");
        gate.open();
        assert_eq!(stream.event(), "data: up\n\n", "after reload {reload}");
    }
    over.store(true, Ordering::Release);
    for caller in callers {
        assert!(caller.join().expect("every request is answered, on its one connection") > 50);
    }
    assert_eq!(gateway.admin("/readyz").json()["generation"], 51);
}

/// Posts on one connection until told to stop; returns how often.
fn keep_calling(mut connection: Connection, over: Arc<AtomicBool>) -> std::thread::JoinHandle<usize> {
    std::thread::spawn(move || {
        let mut calls = 0;
        while !over.load(Ordering::Acquire) {
            assert_eq!(post(&mut connection, "/a0"), "up");
            calls += 1;
        }
        calls
    })
}
