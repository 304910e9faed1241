//! The open connections of a listener, in total and by client, how fast each client opens new ones, and which clients have
//! misused one of theirs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tollgate_plugins::request::client_network;

use super::limits::Limits;
use super::refused::{REFUSED, Tally};

/// Clients without a connection are remembered for their rate and for a pause, and looked through for those there is nothing
/// to remember about beyond this many.
const CLIENTS_SWEPT_AT: usize = 8192;

/// One listener's.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: u32,
    clients: HashMap<IpAddr, Client>,
    swept_at: usize,
}

#[derive(Debug)]
struct Client {
    open: u32,
    /// When it may again open a second's worth at once (the "theoretical arrival time" of GCRA).
    full_again: Instant,
    /// When its next connection is served.
    paused_until: Instant,
}

/// Counts as one connection until dropped.
pub struct Admitted {
    connections: Arc<Connections>,
    /// Absent until it is known.
    client: Option<IpAddr>,
    /// Because of what the client did before.
    pub served_from: Option<Instant>,
}

/// Whose connection one is, where that client can be made to wait.
#[derive(Debug)]
pub struct Owner {
    connections: Arc<Connections>,
    client: IpAddr,
    pause: Duration,
}

/// Which limit a connection is beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    Connections,
    ConnectionsPerClient,
    RatePerClient,
}

impl Beyond {
    pub fn tally(self) -> &'static Tally {
        match self {
            Beyond::Connections => &REFUSED.connection_limit,
            Beyond::ConnectionsPerClient => &REFUSED.client_connection_limit,
            Beyond::RatePerClient => &REFUSED.client_connection_rate,
        }
    }
}

impl Connections {
    /// Counts a connection in.
    ///
    /// # Errors
    /// When it is one too many, and is to be closed.
    pub fn admit(
        self: &Arc<Self>,
        address: IpAddr,
        limits: &Limits,
        now: Instant,
    ) -> Result<Admitted, Beyond> {
        let mut admitted = self.admit_somebody(limits)?;
        admitted.claim(address, limits, now)?;
        Ok(admitted)
    }

    /// Counts a connection in whose client is not known yet.
    ///
    /// # Errors
    /// As [`Connections::admit`].
    pub fn admit_somebody(self: &Arc<Self>, limits: &Limits) -> Result<Admitted, Beyond> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= limits.connections.get() {
            return Err(Beyond::Connections);
        }
        counts.total += 1;
        Ok(Admitted { connections: self.clone(), client: None, served_from: None })
    }
}

impl Admitted {
    /// Counts it as this client's.
    ///
    /// # Errors
    /// When it is one too many for that client.
    pub fn claim(&mut self, address: IpAddr, limits: &Limits, now: Instant) -> Result<(), Beyond> {
        let client = client_network(address);
        let mut counts = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.sweep(now);
        let known =
            counts.clients.entry(client).or_insert(Client { open: 0, full_again: now, paused_until: now });
        if limits.connections_per_client.is_some_and(|most| known.open >= most.get()) {
            return Err(Beyond::ConnectionsPerClient);
        }
        if let Some(rate) = limits.connection_rate_per_client {
            known.take(Duration::from_secs(1) / rate.get(), now)?;
        }
        known.open += 1;
        self.client = Some(client);
        self.served_from = (known.paused_until > now).then_some(known.paused_until);
        Ok(())
    }

    /// Who can be made to wait for what becomes of this connection.
    pub fn owner(&self, pause: Duration) -> Option<Owner> {
        let client = self.client.filter(|_| !pause.is_zero())?;
        Some(Owner { connections: self.connections.clone(), client, pause })
    }
}

impl Owner {
    /// Has new connections of this client wait, from now on: for one that was ended because of what the client did, it can make
    /// the next at once, and each costs a handshake and what it takes to find out.
    pub fn misused(&self, now: Instant) {
        let mut counts = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        // It is there for as long as a connection of it is open, so that nothing grows here.
        if let Some(client) = counts.clients.get_mut(&self.client) {
            client.paused_until = client.paused_until.max(now + self.pause);
        }
    }
}

impl Client {
    /// Whether there is something to remember about it.
    fn matters(&self, now: Instant) -> bool {
        self.open > 0 || self.full_again > now || self.paused_until > now
    }

    fn take(&mut self, growth: Duration, now: Instant) -> Result<(), Beyond> {
        let next = self.full_again.max(now) + growth;
        // Rounding down `growth` leaves room for the last of a second's worth.
        if next.duration_since(now) > Duration::from_secs(1) {
            return Err(Beyond::RatePerClient);
        }
        self.full_again = next;
        Ok(())
    }
}

impl Counts {
    /// Forgets whom there is nothing to remember about, at a cost that many newcomers share.
    fn sweep(&mut self, now: Instant) {
        if self.clients.len() >= self.swept_at.max(CLIENTS_SWEPT_AT) {
            self.clients.retain(|_, client| client.matters(now));
            self.swept_at = self.clients.len() * 2;
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total = counts.total.saturating_sub(1);
        let Some(address) = self.client else { return };
        let Some(client) = counts.clients.get_mut(&address) else { return };
        client.open = client.open.saturating_sub(1);
        if client.open == 0 && !client.matters(Instant::now()) {
            counts.clients.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn limits(connections: u32, per_client: u32, rate: u32) -> Limits {
        Limits {
            connections: NonZeroU32::new(connections).expect("positive"),
            connections_per_client: NonZeroU32::new(per_client),
            connection_rate_per_client: NonZeroU32::new(rate),
            ..Limits::default()
        }
    }

    #[test]
    fn a_connection_counts_until_it_is_dropped() {
        let (connections, limits, now) = (Arc::<Connections>::default(), limits(3, 2, 0), Instant::now());
        let admit = |text: &str| connections.admit(address(text), &limits, now);
        let first = admit("192.0.2.1").map_err(|_| "one").expect("admitted");
        let _second = admit("192.0.2.1").map_err(|_| "two").expect("admitted");
        assert_eq!(admit("192.0.2.1").err(), Some(Beyond::ConnectionsPerClient));
        let _other = admit("192.0.2.2").map_err(|_| "three").expect("admitted");
        assert_eq!(admit("192.0.2.3").err(), Some(Beyond::Connections));
        drop(first);
        assert!(admit("192.0.2.1").is_ok());
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_client() {
        let (connections, limits, now) = (Arc::<Connections>::default(), limits(9, 1, 0), Instant::now());
        let _one =
            connections.admit(address("2001:db8::1"), &limits, now).map_err(|_| "one").expect("admitted");
        assert!(connections.admit(address("2001:db8::2"), &limits, now).is_err());
        assert!(connections.admit(address("2001:db8:0:1::1"), &limits, now).is_ok());
    }

    #[test]
    fn a_client_opens_so_many_a_second_even_when_it_closes_them() {
        let (connections, limits, now) = (Arc::<Connections>::default(), limits(99, 99, 3), Instant::now());
        let client = address("192.0.2.1");
        assert!((0..3).all(|_| connections.admit(client, &limits, now).is_ok()));
        assert_eq!(connections.admit(client, &limits, now).err(), Some(Beyond::RatePerClient));
        assert!(connections.admit(address("192.0.2.2"), &limits, now).is_ok());
        assert!(connections.admit(client, &limits, now + Duration::from_millis(334)).is_ok());
    }

    #[test]
    fn a_client_that_misused_a_connection_waits_with_the_next_and_others_do_not() {
        let (connections, limits, now) = (Arc::<Connections>::default(), limits(9, 9, 0), Instant::now());
        let served_from = |text: &str, at| {
            let admitted =
                connections.admit(address(text), &limits, at).map_err(|_| "beyond").expect("admitted");
            admitted.served_from
        };
        let pause = Duration::from_secs(1);
        let misused =
            connections.admit(address("2001:db8::1"), &limits, now).map_err(|_| "one").expect("admitted");
        misused.owner(pause).expect("a client").misused(now);
        drop(misused);
        assert_eq!(served_from("2001:db8::2", now), Some(now + pause), "it is the same network");
        assert_eq!(served_from("2001:db8:0:1::1", now), None);
        assert_eq!(served_from("2001:db8::1", now + pause), None);
    }

    #[test]
    fn nobody_waits_where_there_is_no_pause() {
        let (connections, limits) = (Arc::<Connections>::default(), limits(9, 9, 0));
        let admitted = connections.admit(address("192.0.2.1"), &limits, Instant::now());
        let admitted = admitted.map_err(|_| "beyond").expect("admitted");
        assert!(admitted.owner(Duration::ZERO).is_none());
    }

    #[test]
    fn clients_that_left_are_forgotten() {
        let (connections, limits, now) = (Arc::<Connections>::default(), limits(9, 9, 1), Instant::now());
        for client in 0..u32::try_from(CLIENTS_SWEPT_AT).expect("small") {
            assert!(connections.admit(IpAddr::V4(client.into()), &limits, now).is_ok());
        }
        assert!(connections.admit(address("192.0.2.1"), &limits, now + Duration::from_secs(2)).is_ok());
        assert_eq!(connections.0.lock().expect("unpoisoned").clients.len(), 1);
    }
}
