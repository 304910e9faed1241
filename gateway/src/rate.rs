//! A bound on how often one address may ask for metadata: each answer may cost a fetch from an upstream, and
//! no client has a reason to ask in bulk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tollgate_plugins::request::client_network;

/// Tokens an address has at rest, and the time one takes to grow back: 100 at once, then 20 a second.
const BURST: u32 = 100;
const GROWTH: Duration = Duration::from_millis(50);
/// Addresses remembered at the same time; the least recently seen are forgotten first, in bulk.
const ADDRESSES_MAX: usize = 8192;

/// Counts metadata requests by client address.
#[derive(Default)]
pub struct MetadataRate {
    /// When each address will have its full burst again (the "theoretical arrival time" of GCRA).
    full_again: Mutex<HashMap<IpAddr, Instant>>,
}

impl MetadataRate {
    /// Takes a token of this address; failing that, says how many seconds to wait.
    pub fn take(&self, address: IpAddr, now: Instant) -> Result<(), u32> {
        let mut full_again = self.full_again.lock().unwrap_or_else(PoisonError::into_inner);
        if full_again.len() >= ADDRESSES_MAX {
            full_again.retain(|_, at| *at > now);
        }
        if full_again.len() >= ADDRESSES_MAX {
            full_again.clear();
        }
        let at = full_again.entry(client_network(address)).or_insert(now);
        let next = (*at).max(now) + GROWTH;
        if next.duration_since(now) > GROWTH * BURST {
            return Err(1);
        }
        *at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_gets_its_burst_then_its_rate_and_others_are_not_touched() {
        let rate = MetadataRate::default();
        let now = Instant::now();
        let client = address("192.0.2.1");
        assert!((0..BURST).all(|_| rate.take(client, now).is_ok()));
        assert_eq!(rate.take(client, now), Err(1));
        assert_eq!(rate.take(address("192.0.2.2"), now), Ok(()));
        let later = now + GROWTH;
        assert_eq!(rate.take(client, later), Ok(()));
        assert_eq!(rate.take(client, later), Err(1));
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_client() {
        let rate = MetadataRate::default();
        let now = Instant::now();
        for host in 0..BURST {
            assert_eq!(rate.take(address(&format!("2001:db8::{host:x}")), now), Ok(()));
        }
        assert!(rate.take(address("2001:db8::ffff"), now).is_err());
        assert!(rate.take(address("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn the_memory_is_bounded() {
        let rate = MetadataRate::default();
        let now = Instant::now();
        for host in 0..u32::try_from(ADDRESSES_MAX * 2).expect("small") {
            let _ = rate.take(IpAddr::V4(host.into()), now);
        }
        assert!(rate.full_again.lock().expect("unpoisoned").len() <= ADDRESSES_MAX);
    }
}
