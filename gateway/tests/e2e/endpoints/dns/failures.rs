//! DNS that fails: requests do not notice, and what was known stays known.

use std::time::{Duration, Instant};

use super::{asked, becomes, hosts, url, with_names};
use crate::support::PATIENCE;
use crate::support::nameserver::{Nameserver, Says, addresses};
use crate::support::tollgate::Tollgate;

const FAST: &str = "min_ttl: 100ms, timeout: 1s";

#[test]
fn the_last_good_address_is_kept_whatever_the_server_says_or_does_not() {
    let failures = [
        ("does not exist", Says::NxDomain),
        ("fails", Says::ServFail),
        ("hangs", Says::Nothing),
        ("has none", Says::Addresses(0, Vec::new())),
        ("is blocked", addresses(0, &["0.0.0.0", "::"])),
    ];
    for (what, failure) in failures {
        let dns = Nameserver::start();
        let ([_old, _new], port) = hosts(["127.0.0.2", "127.0.0.3"]);
        dns.says("up.test", addresses(0, &["127.0.0.2"]));
        let mut gateway = Tollgate::start(&with_names(&dns, FAST, &[("a", url("up.test", port))]));
        assert_eq!(asked(&gateway), "127.0.0.2", "{what}");
        dns.says("up.test", failure);
        let said = |line: &str| line.contains("going on with 1 known addresses").then_some(());
        gateway.process.wait_for(0, "a line about the failure", said);
        dns.is_asked_again("up.test", 2);
        assert_eq!(asked(&gateway), "127.0.0.2", "{what}");
        dns.says("up.test", addresses(0, &["127.0.0.3"]));
        becomes(&gateway, "127.0.0.3", &["127.0.0.2"]);
        let lines = gateway.process.lines();
        assert_eq!(lines.iter().filter(|line| line.contains("cannot resolve up.test")).count(), 1, "{what}");
    }
}

#[test]
fn while_lookups_hang_requests_are_answered_at_once_and_no_thread_waits() {
    let dns = Nameserver::start();
    let ([_up], port) = hosts(["127.0.0.2"]);
    let names: Vec<String> = (0..60).map(|number| format!("up{number}.test")).collect();
    for name in &names {
        dns.says(name, addresses(0, &["127.0.0.2"]));
    }
    let mut apis: Vec<_> = names.iter().map(|name| (&name[..name.len() - 5], url(name, port))).collect();
    apis.push(("a", url("up0.test", port)));
    let gateway = Tollgate::start(&with_names(&dns, "min_ttl: 100ms, timeout: 1h", &apis));
    names.iter().for_each(|name| dns.is_asked(name, 2));
    assert_eq!(asked(&gateway), "127.0.0.2");
    names.iter().for_each(|name| dns.says(name, Says::Nothing));
    let since = Instant::now();
    let hangs = |name: &&String| dns.asked(name).last().is_some_and(|asked| *asked > since);
    while names.iter().filter(hangs).count() < 30 {
        assert!(since.elapsed() < PATIENCE, "{} lookups hang", names.iter().filter(hangs).count());
        std::thread::park_timeout(PATIENCE / 2000);
    }
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(asked(&gateway), "127.0.0.2");
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let idle = Tollgate::start(&with_names(&dns, "", &[("a", url("127.0.0.2", port))]));
    assert_eq!(asked(&idle), "127.0.0.2");
    assert!(threads(&gateway) <= threads(&idle), "{} threads, {}", threads(&gateway), threads(&idle));
}

fn threads(gateway: &Tollgate) -> usize {
    let tasks = format!("/proc/{}/task", gateway.process.child.id());
    std::fs::read_dir(tasks).expect("the process runs").count()
}

#[test]
fn a_name_that_did_not_resolve_works_as_soon_as_it_does_without_a_reload() {
    for failure in [Says::NxDomain, Says::ServFail, Says::Nothing] {
        let dns = Nameserver::start();
        let ([_up], port) = hosts(["127.0.0.2"]);
        dns.says("up.test", failure);
        let gateway = Tollgate::start(&with_names(&dns, FAST, &[("a", url("up.test", port))]));
        assert_eq!(asked(&gateway), "upstream_unresolved");
        dns.says("up.test", addresses(60, &["127.0.0.2"]));
        // An endpoint that does not answer is ejected until it takes a connection.
        becomes(&gateway, "127.0.0.2", &["upstream_unresolved", "upstream_unavailable"]);
    }
}

#[test]
fn neither_the_start_nor_a_reload_waits_for_a_server_that_hangs() {
    let dns = Nameserver::start();
    let ([_up], port) = hosts(["127.0.0.2"]);
    for name in ["one.test", "two.test"] {
        dns.says(name, Says::Nothing);
    }
    let began = Instant::now();
    let yaml = |name: &str| with_names(&dns, "timeout: 1h", &[("a", url(name, port))]);
    let mut gateway = Tollgate::start(&yaml("one.test"));
    assert_eq!(gateway.reload(&yaml("two.test")), "applied");
    assert_eq!(asked(&gateway), "upstream_unresolved");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn a_lookup_that_takes_too_long_is_given_up() {
    let dns = Nameserver::start();
    dns.says("up.test", Says::Nothing);
    let yaml = with_names(&dns, "timeout: 300ms", &[("a", url("up.test", 80))]);
    let mut gateway = Tollgate::start(&yaml);
    let said = "cannot resolve up.test: no answer within 300ms; going on with 0 known addresses";
    gateway.process.wait_for(0, said, |line| line.contains(said).then_some(()));
}

#[test]
fn a_server_that_never_answers_for_ipv6_does_not_keep_ipv4_waiting() {
    let dns = Nameserver::start();
    let ([_old, _new], port) = hosts(["127.0.0.2", "127.0.0.3"]);
    dns.says("up.test", addresses(1, &["127.0.0.2"]));
    dns.never_answers_for_ipv6("up.test");
    let yaml = with_names(&dns, "min_ttl: 100ms, timeout: 3s", &[("a", url("up.test", port))]);
    let gateway = Tollgate::start(&yaml);
    assert_eq!(asked(&gateway), "127.0.0.2");
    dns.says("up.test", addresses(1, &["127.0.0.3"]));
    dns.never_answers_for_ipv6("up.test");
    becomes(&gateway, "127.0.0.3", &["127.0.0.2"]);
}
