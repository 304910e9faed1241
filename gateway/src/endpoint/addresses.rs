//! The addresses of one host and port: what is known of them now, and in which order a request tries them.
//!
//! Requests begin at one address after the other. One that took no connection is set back: the others are tried before
//! it, and once in a while one request shows whether it takes connections again.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use log::info;
use once_cell::sync::Lazy;

/// How long an address that took no connection is tried after the others.
const SET_BACK: Duration = Duration::from_secs(10);

static STARTED: Lazy<Instant> = Lazy::new(Instant::now);

/// The addresses of one host and port.
pub struct Addresses {
    host: String,
    port: u16,
    /// An IP literal needs no resolver and never changes.
    literal: bool,
    known: ArcSwap<Vec<Address>>,
    lookup: Mutex<Lookup>,
}

struct Address {
    at: SocketAddr,
    /// Until when it is set back, in milliseconds since the process started; 0 while it is not.
    set_back: AtomicU64,
}

/// Where the lookups of a name stand.
struct Lookup {
    due: Instant,
    /// Why the last one failed.
    failure: Option<String>,
}

impl Addresses {
    /// `host` is a name, an IPv4 address or a bracketed IPv6 address.
    pub fn new(host: &str, port: u16) -> Addresses {
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let known = literal.map(|ip| Address::new(SocketAddr::new(ip, port))).into_iter().collect();
        Addresses {
            host: host.to_string(),
            port,
            literal: literal.is_some(),
            known: ArcSwap::from_pointee(known),
            lookup: Mutex::new(Lookup { due: Instant::now(), failure: None }),
        }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// The last good ones; empty only while there never were any.
    pub fn ips(&self) -> Vec<IpAddr> {
        self.known.load().iter().map(|address| address.at.ip()).collect()
    }

    pub fn count(&self) -> usize {
        self.known.load().len()
    }

    /// Replaces the addresses; what they were seen to do stays with those that stay.
    pub fn learn(&self, found: &[IpAddr]) {
        let known = self.known.load();
        if known.iter().map(|address| address.at.ip()).eq(found.iter().copied()) {
            return;
        }
        info!("{}:{} resolves to {found:?}", self.host, self.port);
        let next = found.iter().map(|ip| {
            let at = SocketAddr::new(*ip, self.port);
            let before = known.iter().find(|address| address.at == at);
            let set_back = before.map_or(0, |address| address.set_back.load(Ordering::Relaxed));
            Address { at, set_back: AtomicU64::new(set_back) }
        });
        self.known.store(Arc::new(next.collect()));
    }

    /// The one to try next: not one of `tried`, and one that is set back only after all others.
    fn next(&self, turn: usize, tried: &[SocketAddr], now: Instant) -> Option<SocketAddr> {
        let known = self.known.load();
        let (before, after) = known.split_at(turn % known.len().max(1));
        let untried = || after.iter().chain(before).filter(|address| !tried.contains(&address.at));
        let next = untried().find(|address| address.takes_a_turn(now)).or_else(|| untried().next());
        next.map(|address| address.at)
    }

    /// One of them took a connection, or did not.
    pub fn tried(&self, at: SocketAddr, works: bool, now: Instant) {
        self.set_back(at, if works { 0 } else { milliseconds(now + SET_BACK) });
    }

    fn set_back(&self, at: SocketAddr, until: u64) {
        if let Some(address) = self.known.load().iter().find(|address| address.at == at) {
            address.set_back.store(until, Ordering::Relaxed);
        }
    }

    /// Whether there is anything to look up.
    pub fn is_of_a_name(&self) -> bool {
        !self.literal
    }

    /// Whether it is time to look the name up.
    pub fn is_due(&self, now: Instant) -> bool {
        self.is_of_a_name() && self.lookup().due <= now
    }

    pub fn look_up_at(&self, at: Instant) {
        self.lookup().due = at;
    }

    /// Notes why a lookup failed, or that it did not. Returns whether that is news.
    pub fn note_failure(&self, failure: Option<&str>) -> bool {
        let mut lookup = self.lookup();
        let is_news = lookup.failure.as_deref() != failure;
        lookup.failure = failure.map(str::to_string);
        is_news
    }

    fn lookup(&self) -> MutexGuard<'_, Lookup> {
        self.lookup.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Address {
    fn new(at: SocketAddr) -> Address {
        Address { at, set_back: AtomicU64::new(0) }
    }

    /// Whether it may be tried in its turn. Where the time it was set back for is over, it may be tried by one, and for
    /// all others that time begins anew.
    fn takes_a_turn(&self, now: Instant) -> bool {
        let until = self.set_back.load(Ordering::Relaxed);
        let over = until <= milliseconds(now);
        let renewed = milliseconds(now + SET_BACK);
        until == 0
            || (over
                && self
                    .set_back
                    .compare_exchange(until, renewed, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok())
    }
}

/// Never 0, which stands for something else.
fn milliseconds(at: Instant) -> u64 {
    at.saturating_duration_since(*STARTED).as_millis().try_into().unwrap_or(u64::MAX).max(1)
}

/// The addresses of all the hosts of a configuration: those of one host and port are looked up once, whoever uses them.
#[derive(Default)]
pub struct Hosts(HashMap<(String, u16), Arc<Addresses>>);

impl Hosts {
    /// Those that are known already.
    pub fn known<'a>(all: impl IntoIterator<Item = &'a Arc<Addresses>>) -> Hosts {
        let key = |addresses: &Addresses| (addresses.host.clone(), addresses.port);
        Hosts(all.into_iter().map(|addresses| (key(addresses), addresses.clone())).collect())
    }

    pub fn addresses(&mut self, host: &str, port: u16) -> Arc<Addresses> {
        let new = || Arc::new(Addresses::new(host, port));
        self.0.entry((host.to_string(), port)).or_insert_with(new).clone()
    }
}

/// One way through the addresses: each of them once.
pub struct Walk {
    turn: usize,
    at: Option<SocketAddr>,
    tried: Vec<SocketAddr>,
}

impl Walk {
    /// Begins at the address whose turn it is.
    pub fn begin(addresses: &Addresses, turn: usize, now: Instant) -> Walk {
        Walk { turn, at: addresses.next(turn, &[], now), tried: Vec::new() }
    }

    /// The one to try now; `None` when none is left, or none was ever known.
    pub fn at(&self) -> Option<SocketAddr> {
        self.at
    }

    /// All of them, as they would be tried.
    pub fn in_order(&self, addresses: &Addresses) -> Vec<SocketAddr> {
        let now = Instant::now();
        let mut order: Vec<SocketAddr> = self.at.into_iter().collect();
        while let Some(next) = addresses.next(self.turn, &order, now) {
            order.push(next);
        }
        order
    }

    /// It took no connection. Turns to the next one; returns whether there is one.
    pub fn failed(&mut self, addresses: &Addresses, now: Instant) -> bool {
        if let Some(failed) = self.at {
            addresses.set_back(failed, milliseconds(now + SET_BACK));
            self.tried.push(failed);
        }
        self.at = addresses.next(self.turn, &self.tried, now);
        self.at.is_some()
    }

    /// It took a connection.
    pub fn connected(&self, addresses: &Addresses) {
        if let Some(at) = self.at {
            addresses.set_back(at, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(last: &[u8]) -> Addresses {
        let addresses = Addresses::new("up.example", 80);
        addresses.learn(&ips(last));
        addresses
    }

    fn ips(last: &[u8]) -> Vec<IpAddr> {
        last.iter().map(|last| IpAddr::from([192, 0, 2, *last])).collect()
    }

    /// The last number of the address a walk is at.
    fn last(walk: &Walk) -> Option<u8> {
        walk.at().map(|at| match at.ip() {
            IpAddr::V4(ip) => ip.octets()[3],
            IpAddr::V6(_) => unreachable!("none is in these tests"),
        })
    }

    fn begin(addresses: &Addresses, turn: usize, now: Instant) -> Option<u8> {
        last(&Walk::begin(addresses, turn, now))
    }

    #[test]
    fn an_ip_literal_needs_no_lookup() {
        for (host, ip) in [("192.0.2.7", "192.0.2.7"), ("[2001:db8::7]", "2001:db8::7")] {
            let addresses = Addresses::new(host, 443);
            assert_eq!(addresses.ips(), [ip.parse::<IpAddr>().expect("an address")]);
            assert!(!addresses.is_due(Instant::now() + SET_BACK));
        }
        assert!(Addresses::new("up.example", 443).is_due(Instant::now()));
    }

    #[test]
    fn requests_begin_at_one_address_after_the_other_and_go_through_all() {
        let (addresses, now) = (addresses(&[1, 2, 3]), Instant::now());
        let begun: Vec<_> = (0..6).map(|turn| begin(&addresses, turn, now)).collect();
        assert_eq!(begun, [1, 2, 3, 1, 2, 3].map(Some));
        let mut walk = Walk::begin(&addresses, 1, now);
        let mut walked = vec![last(&walk)];
        while walk.failed(&addresses, now) {
            walked.push(last(&walk));
        }
        assert_eq!(walked, [2, 3, 1].map(Some));
        assert_eq!(begin(&Addresses::new("up.example", 80), 7, now), None, "nothing is known yet");
    }

    #[test]
    fn an_address_that_took_no_connection_is_tried_after_the_others_for_a_while() {
        let (addresses, now) = (addresses(&[1, 2, 3]), Instant::now());
        assert!(Walk::begin(&addresses, 0, now).failed(&addresses, now));
        let begun: Vec<_> = (0..3).map(|turn| begin(&addresses, turn, now)).collect();
        assert_eq!(begun, [2, 2, 3].map(Some));
        let mut walk = Walk::begin(&addresses, 0, now);
        walk.failed(&addresses, now);
        walk.failed(&addresses, now);
        assert_eq!(last(&walk), Some(1), "it is tried all the same, as the last");
    }

    #[test]
    fn one_request_at_a_time_shows_whether_an_address_takes_connections_again() {
        let (addresses, now) = (addresses(&[1, 2]), Instant::now());
        Walk::begin(&addresses, 0, now).failed(&addresses, now);
        let later = now + SET_BACK + Duration::from_millis(1);
        let probe = Walk::begin(&addresses, 0, later);
        assert_eq!(last(&probe), Some(1));
        assert_eq!(begin(&addresses, 0, later), Some(2), "the others do not wait for what it shows");
        probe.connected(&addresses);
        assert_eq!(begin(&addresses, 0, later), Some(1));
    }

    #[test]
    fn where_all_addresses_are_set_back_they_are_tried_in_turn() {
        let (addresses, now) = (addresses(&[1, 2]), Instant::now());
        let mut walk = Walk::begin(&addresses, 0, now);
        while walk.failed(&addresses, now) {}
        assert_eq!([0, 1].map(|turn| begin(&addresses, turn, now)), [Some(1), Some(2)]);
    }

    #[test]
    fn an_address_stays_set_back_when_others_come_and_go() {
        let (addresses, now) = (addresses(&[1, 2]), Instant::now());
        Walk::begin(&addresses, 0, now).failed(&addresses, now);
        addresses.learn(&ips(&[1, 3]));
        assert_eq!(begin(&addresses, 0, now), Some(3));
        addresses.learn(&ips(&[4]));
        addresses.learn(&ips(&[1, 4]));
        assert_eq!(begin(&addresses, 0, now), Some(1), "one that was gone begins anew");
    }

    #[test]
    fn a_host_and_port_have_the_same_addresses_wherever_they_are_used() {
        let known = Arc::new(addresses(&[1]));
        let mut hosts = Hosts::known([&known]);
        assert!(Arc::ptr_eq(&hosts.addresses("up.example", 80), &known));
        let other = hosts.addresses("up.example", 81);
        assert!(Arc::ptr_eq(&hosts.addresses("up.example", 81), &other) && !Arc::ptr_eq(&other, &known));
    }

    #[test]
    fn a_failure_is_news_once() {
        let addresses = addresses(&[1]);
        assert!(!addresses.note_failure(None));
        assert!(addresses.note_failure(Some("no answer")) && !addresses.note_failure(Some("no answer")));
        assert!(addresses.note_failure(Some("refused")) && addresses.note_failure(None));
    }
}
