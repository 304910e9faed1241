//! Name resolution, off the request path: a request takes the addresses known now, a background task
//! keeps them fresh, and a failing resolver never takes away the last good ones.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use log::{info, warn};
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::metrics::PROCESS;

/// How often names are looked up again. The system resolver does not tell a record's TTL.
pub const REFRESH: Duration = Duration::from_secs(30);
/// A lookup that takes longer counts as failed; the system resolver goes on in its own thread.
const LOOKUP: Duration = Duration::from_secs(5);

/// The addresses of one host and port.
pub struct Addresses {
    host: String,
    port: u16,
    /// An IP literal needs no resolver and never changes.
    literal: bool,
    current: ArcSwap<Vec<SocketAddr>>,
}

impl Addresses {
    /// `host` is a name, an IPv4 address or a bracketed IPv6 address.
    pub fn new(host: &str, port: u16) -> Addresses {
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let known = literal.map(|ip| SocketAddr::new(ip, port)).into_iter().collect::<Vec<_>>();
        Addresses {
            host: host.to_string(),
            port,
            literal: literal.is_some(),
            current: ArcSwap::from_pointee(known),
        }
    }

    /// The last good addresses; empty only while there never were any.
    pub fn current(&self) -> arc_swap::Guard<Arc<Vec<SocketAddr>>> {
        self.current.load()
    }

    /// Whether these are the addresses of this host and port.
    pub fn are_of(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port == port
    }

    /// Looks the name up and keeps what it finds; failing, keeps what there was.
    pub async fn refresh(&self) {
        if self.literal {
            return;
        }
        match timeout(LOOKUP, lookup_host((self.host.as_str(), self.port))).await {
            Ok(Ok(found)) => self.learn(found.collect()),
            Ok(Err(error)) => self.keep(&error.to_string()),
            Err(_) => self.keep("the lookup took too long"),
        }
    }

    /// Replaces the addresses, unless there are none: no answer is not a reason to forget.
    pub fn learn(&self, found: Vec<SocketAddr>) {
        if found.is_empty() {
            return self.keep("the name has no address");
        }
        PROCESS.looked_up(true);
        if **self.current.load() != found {
            info!("{}:{} resolves to {found:?}", self.host, self.port);
            self.current.store(Arc::new(found));
        }
    }

    fn keep(&self, why: &str) {
        PROCESS.looked_up(false);
        let known = self.current.load().len();
        warn!("cannot resolve {}: {why}; going on with {known} known addresses", self.host);
    }
}

/// Looks up all the given names at once.
pub async fn refresh_all(all: impl IntoIterator<Item = Arc<Addresses>>) {
    let lookups: Vec<_> =
        all.into_iter().map(|addresses| tokio::spawn(async move { addresses.refresh().await })).collect();
    for lookup in lookups {
        // A lookup that panicked would have failed alone; the others go on.
        let _ = lookup.await;
    }
}

/// Keeps the names of the current configuration fresh until the process ends.
pub async fn keep_fresh<F>(names: F)
where
    F: Fn() -> Vec<Weak<Addresses>>,
{
    loop {
        tokio::time::sleep(REFRESH).await;
        refresh_all(names().iter().filter_map(Weak::upgrade)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_ip_literal_needs_no_lookup() {
        assert_eq!(**Addresses::new("192.0.2.7", 80).current(), vec![address("192.0.2.7:80")]);
        assert_eq!(**Addresses::new("[2001:db8::7]", 443).current(), vec![address("[2001:db8::7]:443")]);
    }

    #[tokio::test]
    async fn a_failing_resolver_does_not_take_the_last_good_addresses_away() {
        let addresses = Addresses::new("no-such-name.invalid", 80);
        addresses.learn(vec![address("192.0.2.1:80")]);
        addresses.refresh().await;
        addresses.learn(Vec::new());
        assert_eq!(**addresses.current(), vec![address("192.0.2.1:80")]);
    }

    #[tokio::test]
    async fn localhost_resolves_to_a_loopback_address() {
        let addresses = Addresses::new("localhost", 8080);
        addresses.refresh().await;
        assert!(addresses.current().iter().all(|found| found.ip().is_loopback()));
        assert!(!addresses.current().is_empty());
    }
}
