//! Names with several addresses: all of them get requests, and one that is dead costs little.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use super::{asked, hosts, neighbours, url, with_names};
use crate::endpoints::fleet;
use crate::support::blackhole::Blackhole;
use crate::support::nameserver::{Nameserver, Says, addresses};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// How often each answer came.
fn answers(gateway: &Tollgate, times: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..times {
        *counts.entry(asked(gateway)).or_default() += 1;
    }
    counts
}

fn counts<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    counts.map(|(answer, count)| (answer.to_string(), count)).into()
}

#[test]
fn all_addresses_of_a_name_get_requests() {
    let dns = Nameserver::start();
    let (_up, port) = hosts(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    dns.says("up.test", addresses(60, &["127.0.0.3", "127.0.0.4", "127.0.0.2"]));
    let gateway = Tollgate::start(&with_names(&dns, "", &[("a", url("up.test", port))]));
    let each = counts([("127.0.0.2", 10), ("127.0.0.3", 10), ("127.0.0.4", 10)]);
    assert_eq!(answers(&gateway, 30), each);
}

#[test]
fn where_sessions_are_followed_one_address_gets_all_requests_until_it_takes_no_connection() {
    let dns = Nameserver::start();
    let (up, port) = hosts(["127.0.0.2", "127.0.0.3"]);
    dns.says("up.test", addresses(60, &["127.0.0.3", "127.0.0.2"]));
    let endpoint = format!("\"{}\"", url("up.test", port));
    let yaml = format!("dns: {{ servers: [\"{}\"] }}\n{}", dns.address, fleet(&[endpoint], ""));
    let gateway = Tollgate::start(&yaml);
    assert_eq!(answers(&gateway, 10), counts([("127.0.0.2", 10)]));
    up[0].stop();
    assert_eq!(answers(&gateway, 10), counts([("127.0.0.3", 10)]));
}

#[test]
fn ipv6_and_ipv4_addresses_both_get_requests() {
    let dns = Nameserver::start();
    let (_up, port) = hosts(["::1", "127.0.0.1"]);
    dns.says("up.test", addresses(60, &["127.0.0.1", "::1"]));
    let gateway = Tollgate::start(&with_names(&dns, "", &[("a", url("up.test", port))]));
    assert_eq!(answers(&gateway, 20), counts([("127.0.0.1", 10), ("::1", 10)]));
}

#[test]
fn a_client_that_asks_one_thing_after_the_other_gets_connections_that_are_open() {
    let dns = Nameserver::start();
    let upstreams: Vec<_> = neighbours(&["127.0.0.2", "127.0.0.3"])
        .into_iter()
        .map(|listener| {
            Upstream::serve(listener, |_, stream| {
                let connection = format!("{:?} {:?}", stream.local_addr(), stream.peer_addr());
                stream.write_all(&response("200 OK", &[], &connection)).is_ok()
            })
        })
        .collect();
    dns.says("up.test", addresses(60, &["127.0.0.2", "127.0.0.3"]));
    let url = url("up.test", upstreams[0].address.port());
    let gateway = Tollgate::start(&with_names(&dns, "", &[("a", url)]));
    let mut client = gateway.connect();
    let ask = |_| client.post_json("/a/mcp", &[], "{}").text().to_string();
    let connections: BTreeSet<_> = (0..20).map(ask).collect();
    assert_eq!(connections.len(), 2, "{connections:?}");
}

#[test]
fn an_address_that_takes_no_connection_costs_one_request_a_second_try_and_no_other_any() {
    let dns = Nameserver::start();
    let mut listeners = neighbours(&["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    let dead: SocketAddr = listeners.remove(0).local_addr().expect("an address");
    let _dead = Blackhole::open_at(dead);
    let _up: Vec<_> = listeners
        .into_iter()
        .map(|listener| Upstream::start_on(listener, |_| response("200 OK", &[], "works")))
        .collect();
    dns.says("up.test", addresses(60, &["127.0.0.2", "127.0.0.3", "127.0.0.4"]));
    let endpoint = format!("{{ url: \"{}\", timeouts: {{ connect: 2s }} }}", url("up.test", dead.port()));
    let yaml =
        format!("dns: {{ servers: [\"{}\"] }}\n{}", dns.address, fleet(&[endpoint], "balance: round_robin"));
    let gateway = Tollgate::start(&yaml);
    let slow = (0..40).filter(|_| {
        let began = Instant::now();
        assert_eq!(asked(&gateway), "works");
        began.elapsed() >= Duration::from_secs(2)
    });
    assert_eq!(slow.count(), 1);
}

#[test]
fn checks_ask_another_address_where_one_is_dead() {
    let dns = Nameserver::start();
    dns.says("up.test", addresses(60, &["127.0.0.2", "127.0.0.3"]));
    let checked = |keys: &str, alive: TcpListener, checks: &dyn Fn(TcpListener)| {
        let keys =
            format!("upstream: {{ health_check: {{ {keys}, interval: 20ms, unhealthy_threshold: 1 }} }}");
        let endpoint = url("up.test", alive.local_addr().expect("an address").port());
        let yaml = fleet(&[format!("\"{endpoint}\"")], &keys);
        let gateway = Tollgate::start(&format!("dns: {{ servers: [\"{}\"] }}\n{yaml}", dns.address));
        checks(alive);
        let lines = gateway.process.lines();
        assert!(!lines.iter().any(|line| line.contains("endpoint_unhealthy")), "{lines:?}");
    };
    // The first of the two listens no more.
    let alive = || neighbours(&["127.0.0.2", "127.0.0.3"]).remove(1);
    checked("protocol: tcp", alive(), &|alive| {
        (0..20).for_each(|_| drop(alive.accept().expect("a connection")));
    });
    checked("protocol: http, path: /", alive(), &|alive| {
        Upstream::start_on(alive, |_| response("200 OK", &[], "")).is_reached_by(20);
    });
}

#[test]
fn an_answer_that_is_too_large_for_a_packet_comes_over_tcp() {
    let dns = Nameserver::start();
    let (_up, port) = hosts(["127.0.0.2"]);
    dns.says("up.test", Says::Truncated(60, vec!["127.0.0.2".parse().expect("an address")]));
    let gateway = Tollgate::start(&with_names(&dns, "", &[("a", url("up.test", port))]));
    assert_eq!(asked(&gateway), "127.0.0.2");
}
