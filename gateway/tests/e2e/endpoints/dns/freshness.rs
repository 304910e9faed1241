//! When a name is looked up again, and whom that asks.

use std::time::Duration;

use super::{asked, becomes, hosts, url, with_names};
use crate::support::nameserver::{Nameserver, Says, addresses};
use crate::support::nobody;
use crate::support::tollgate::{Tollgate, api, config};

#[test]
fn a_name_is_asked_of_the_servers_the_configuration_names() {
    let dns = Nameserver::start();
    let ([_up], port) = hosts(["127.0.0.2"]);
    dns.says("up.test", addresses(60, &["127.0.0.2"]));
    let gone = nobody::nameserver();
    let apis = config(&api("a", "/a/mcp", &url("up.test", port)));
    let gateway = Tollgate::start(&format!("dns: {{ servers: [\"{gone}\", \"{}\"] }}\n{apis}", dns.address));
    assert_eq!(asked(&gateway), "127.0.0.2", "the start has waited for the second");
    assert!(!dns.asked("up.test").is_empty() && !dns.asked_for_ipv6("up.test").is_empty());
}

#[test]
fn an_address_that_changes_is_used_when_its_time_to_live_is_over_and_not_before() {
    let dns = Nameserver::start();
    let ([_old, _new], port) = hosts(["127.0.0.2", "127.0.0.3"]);
    dns.says("up.test", addresses(2, &["127.0.0.2"]));
    let gateway = Tollgate::start(&with_names(&dns, "min_ttl: 100ms", &[("a", url("up.test", port))]));
    assert_eq!(asked(&gateway), "127.0.0.2");
    dns.says("up.test", addresses(60, &["127.0.0.3"]));
    becomes(&gateway, "127.0.0.3", &["127.0.0.2"]);
    assert_eq!(dns.asked("up.test").len(), 2);
    assert!(dns.shortest_pause("up.test") >= Duration::from_secs(2));
}

#[test]
fn a_name_is_not_asked_for_more_often_than_the_minimum_says() {
    let dns = Nameserver::start();
    let ([_up], port) = hosts(["127.0.0.2"]);
    dns.says("up.test", addresses(0, &["127.0.0.2"]));
    let _gateway = Tollgate::start(&with_names(&dns, "min_ttl: 700ms", &[("a", url("up.test", port))]));
    dns.is_asked("up.test", 4);
    let asked = dns.asked("up.test");
    assert!(dns.shortest_pause("up.test") >= Duration::from_millis(700));
    assert!(asked[3] - asked[0] < Duration::from_secs(10), "by default it would have taken 15 s");
}

#[test]
fn a_name_is_asked_for_as_often_as_the_maximum_says() {
    let dns = Nameserver::start();
    let ([_old, _new], port) = hosts(["127.0.0.2", "127.0.0.3"]);
    dns.says("up.test", addresses(3600, &["127.0.0.2"]));
    let keys = "min_ttl: 100ms, max_ttl: 300ms";
    let gateway = Tollgate::start(&with_names(&dns, keys, &[("a", url("up.test", port))]));
    assert_eq!(asked(&gateway), "127.0.0.2");
    dns.says("up.test", addresses(3600, &["127.0.0.3"]));
    becomes(&gateway, "127.0.0.3", &["127.0.0.2"]);
    assert!(dns.shortest_pause("up.test") >= Duration::from_millis(300));
}

#[test]
fn a_reload_asks_other_servers_at_once_and_goes_on_with_what_is_known_until_they_answer() {
    let (before, after) = (Nameserver::start(), Nameserver::start());
    let ([_old, _new], port) = hosts(["127.0.0.2", "127.0.0.3"]);
    before.says("up.test", addresses(3600, &["127.0.0.2"]));
    after.says("up.test", Says::Nothing);
    let yaml = |dns: &Nameserver| with_names(dns, "min_ttl: 100ms", &[("a", url("up.test", port))]);
    let mut gateway = Tollgate::start(&yaml(&before));
    assert_eq!(gateway.reload(&yaml(&after)), "applied");
    after.is_asked("up.test", 1);
    assert_eq!(asked(&gateway), "127.0.0.2");
    after.says("up.test", addresses(3600, &["127.0.0.3"]));
    becomes(&gateway, "127.0.0.3", &["127.0.0.2"]);
    assert_eq!(before.asked("up.test").len(), 1);
}

#[test]
fn a_name_that_is_taken_out_is_asked_for_no_more() {
    let dns = Nameserver::start();
    let ([_up], port) = hosts(["127.0.0.2"]);
    for name in ["kept.test", "gone.test"] {
        dns.says(name, addresses(0, &["127.0.0.2"]));
    }
    let (kept, gone) = (("a", url("kept.test", port)), ("b", url("gone.test", port)));
    let keys = "min_ttl: 100ms";
    let mut gateway = Tollgate::start(&with_names(&dns, keys, &[kept.clone(), gone]));
    dns.is_asked("gone.test", 3);
    assert_eq!(gateway.reload(&with_names(&dns, keys, &[kept])), "applied");
    // A lookup may have been under way.
    dns.is_asked_again("kept.test", 2);
    let before = dns.asked("gone.test").len();
    dns.is_asked_again("kept.test", 5);
    assert_eq!(dns.asked("gone.test").len(), before);
}

#[test]
fn a_name_that_several_apis_use_is_looked_up_once() {
    let dns = Nameserver::start();
    let ([_up], port) = hosts(["127.0.0.2"]);
    dns.says("up.test", addresses(3600, &["127.0.0.2"]));
    let apis = [("a", url("up.test", port)), ("b", url("up.test", port)), ("c", url("up.test", port))];
    let mut gateway = Tollgate::start(&with_names(&dns, "", &apis));
    assert_eq!(asked(&gateway), "127.0.0.2");
    assert_eq!(gateway.reload(&with_names(&dns, "", &apis[..2])), "applied");
    assert_eq!(asked(&gateway), "127.0.0.2");
    assert_eq!(dns.asked("up.test").len(), 1);
    let learnt = |line: &&String| line.contains("resolves to [127.0.0.2]");
    assert_eq!(gateway.process.lines().iter().filter(learnt).count(), 1);
}
