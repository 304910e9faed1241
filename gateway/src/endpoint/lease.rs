//! A request's hold on the endpoint it is sent to: counts it there, and tells the breaker how it ended.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pingora::upstreams::peer::HttpPeer;

use super::Endpoint;
use super::addresses::Walk;
use super::breaker::{Admission, Failure};
use super::capacity::Place;

/// Held from the choice of an endpoint to the end of the request, or to the next choice.
pub struct Lease {
    endpoint: Arc<Endpoint>,
    admission: Admission,
    told: bool,
    walk: Walk,
    _place: Option<Place>,
}

impl Lease {
    /// `None` when the endpoint is sent nothing at the moment, or as much as it may be sent.
    pub fn take(endpoint: &Arc<Endpoint>, now: Instant) -> Option<Lease> {
        if !endpoint.is_available(now) {
            return None;
        }
        let place = match &endpoint.capacity {
            Some(capacity) => Some(capacity.take()?),
            None => None,
        };
        Self::with(endpoint, place, now)
    }

    /// Waits for a place at an endpoint that is full; `None` when it takes too long, or too many wait.
    pub async fn wait_for(endpoint: &Arc<Endpoint>) -> Option<Lease> {
        let place = endpoint.capacity.as_ref()?.wait().await?;
        Self::with(endpoint, Some(place), Instant::now())
    }

    fn with(endpoint: &Arc<Endpoint>, place: Option<Place>, now: Instant) -> Option<Lease> {
        let admission = endpoint.breaker.admit(now)?;
        endpoint.in_flight.fetch_add(1, Ordering::Relaxed);
        let walk = endpoint.walk(now);
        Some(Lease { endpoint: endpoint.clone(), admission, told: false, walk, _place: place })
    }

    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// How to reach it now; `None` while its name was never resolved.
    pub fn peer(&self) -> Option<Box<HttpPeer>> {
        self.walk.at().map(|address| self.endpoint.request_peer_at(address))
    }

    /// It took no connection. Turns to its next address; returns whether there is one that was not tried.
    pub fn try_next_address(&mut self) -> bool {
        self.walk.failed(&self.endpoint.addresses, Instant::now())
    }

    /// It took a new connection.
    pub fn connected(&self) {
        self.walk.connected(&self.endpoint.addresses);
    }

    /// The endpoint has answered. Returns whether that ended its ejection.
    pub fn succeeded(&mut self) -> bool {
        self.told = true;
        self.endpoint.breaker.succeeded(self.admission)
    }

    /// It has not, or should not have. Returns for how long it is ejected, if it now is.
    pub fn failed(
        &mut self,
        kind: Failure,
        now: Instant,
        may_eject: impl FnOnce() -> bool,
    ) -> Option<Duration> {
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        self.endpoint.breaker.failed(self.admission, kind, now, may_eject)
    }
}

impl Deref for Lease {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.endpoint.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.told && self.admission == Admission::Probe {
            self.endpoint.breaker.gave_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::testing::endpoint;

    #[test]
    fn a_request_counts_at_its_endpoint_until_it_ends() {
        let endpoint = Arc::new(endpoint("http://up.example/mcp"));
        let leases: Vec<_> = (0..3).map(|_| Lease::take(&endpoint, Instant::now())).collect();
        assert_eq!(endpoint.in_flight(), 3);
        drop(leases);
        assert_eq!(endpoint.in_flight(), 0);
    }

    #[test]
    fn each_request_begins_at_the_next_address_and_goes_on_from_there() {
        let endpoint = Arc::new(endpoint("http://up.example/mcp"));
        let take = || Lease::take(&endpoint, Instant::now()).expect("not ejected");
        assert!(take().peer().is_none(), "not resolved yet");
        endpoint.addresses.learn(&[1, 2].map(|last| [192, 0, 2, last].into()));
        let at = |lease: &Lease| lease.peer().expect("resolved")._address.to_string();
        let (mut one, mut two) = (take(), take());
        let (first, second) = (at(&one), at(&two));
        assert_ne!(first, second);
        assert!(one.try_next_address() && two.try_next_address());
        assert_eq!((at(&one), at(&two)), (second, first));
        assert!(!one.try_next_address() && one.peer().is_none());
    }

    #[test]
    fn a_probe_whose_request_shows_nothing_makes_room_for_the_next() {
        let endpoint = Arc::new(endpoint("http://up.example/mcp"));
        let now = Instant::now();
        while Lease::take(&endpoint, now)
            .expect("not ejected yet")
            .failed(Failure::Silent, now, || true)
            .is_none()
        {}
        let later = now + Duration::from_secs(3600);
        let probe = Lease::take(&endpoint, later).expect("it is time to try");
        assert!(Lease::take(&endpoint, later).is_none());
        drop(probe);
        assert!(Lease::take(&endpoint, later).is_some());
    }
}
