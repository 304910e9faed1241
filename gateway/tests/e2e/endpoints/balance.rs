//! Which endpoint is next: in turn by weight, at random, by load, and backups last.

use std::io::Write;

use super::{asked, endpoint, fleet, named, nobody};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Gate, Upstream, pass, response};

#[test]
fn endpoints_get_their_share_by_weight() {
    let (heavy, light) = (named("heavy"), named("light"));
    let endpoints = [endpoint(&heavy, "weight: 3"), endpoint(&light, "")];
    let gateway = Tollgate::start(&fleet(&endpoints, ""));
    let answers: Vec<_> = (0..8).map(|_| asked(&gateway)).collect();
    assert_eq!(answers.iter().filter(|name| *name == "heavy").count(), 6, "{answers:?}");
    assert_eq!(answers[..4].iter().filter(|name| *name == "light").count(), 1, "spread evenly: {answers:?}");
}

#[test]
fn at_random_every_endpoint_is_reached_but_not_in_turn() {
    let (one, two) = (named("one"), named("two"));
    let gateway = Tollgate::start(&fleet(&[endpoint(&one, ""), endpoint(&two, "")], "balance: random"));
    let answers: Vec<_> = (0..64).map(|_| asked(&gateway)).collect();
    assert!(answers.contains(&"one".to_string()) && answers.contains(&"two".to_string()), "{answers:?}");
    assert!(answers.windows(2).any(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[test]
fn an_endpoint_that_is_busy_is_left_alone_where_the_load_decides() {
    let (gate, gated) = Gate::new();
    let busy = Upstream::with_stream(move |seen, stream| {
        let held = seen.method() == "GET";
        (!held || pass(&gated)) && stream.write_all(&response("200 OK", &[], "busy")).is_ok()
    });
    let idle = named("idle");
    let both = [endpoint(&busy, ""), endpoint(&idle, "backup: true")];
    let mut gateway = Tollgate::start(&fleet(&both, "balance: least_requests"));
    let mut held: Vec<_> = (0..3).map(|_| gateway.connect()).collect();
    held.iter_mut().for_each(|client| client.send_request("GET", "/a/mcp", &[], b""));
    busy.is_reached_by(3);
    // The requests under way count for the same endpoint under the next configuration.
    let both = [endpoint(&busy, ""), endpoint(&idle, "")];
    assert_eq!(gateway.reload(&fleet(&both, "balance: least_requests")), "applied");
    assert!((0..16).all(|_| asked(&gateway) == "idle"));
    held.iter().for_each(|_| gate.open());
    held.iter_mut().for_each(|client| assert_eq!(client.response("GET").text(), "busy"));
}

#[test]
fn a_backup_gets_requests_only_while_no_other_endpoint_takes_any() {
    let spare = named("spare");
    let works = named("works");
    let endpoints = [endpoint(&spare, "backup: true"), endpoint(&works, "")];
    let mut gateway = Tollgate::start(&fleet(&endpoints, ""));
    assert!((0..4).all(|_| asked(&gateway) == "works"));
    let endpoints = [endpoint(&spare, "backup: true"), format!("\"http://{}/mcp\"", nobody::address())];
    assert_eq!(gateway.reload(&fleet(&endpoints, "")), "applied");
    assert!((0..4).all(|_| asked(&gateway) == "spare"));
}
