//! An endpoint: one upstream MCP server URL of an API, with what is known about it.
//!
//! [`peer`] says how a connection to it is made, [`connection`] and [`timeouts`] how long it may take, [`resolve`] where it is, [`breaker`] [`health`] and [`checks`] whether
//! requests go there. Which
//! endpoint of an API a request goes to is for [`group`], [`balance`], [`sessions`] and [`seal`]; [`lease`] is a
//! request's hold on it, [`capacity`] bounds how many there are, [`retries`] how often another is tried.

pub mod balance;
pub mod breaker;
pub mod capacity;
pub mod checks;
pub mod connection;
pub mod group;
pub mod health;
pub mod lease;
pub mod peer;
pub mod resolve;
pub mod retries;
pub mod seal;
pub mod sessions;
pub mod timeouts;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;
use tollgate_protocol::mount::Mount;
use tollgate_protocol::url::HttpUrl;

use self::breaker::Breaker;
use self::capacity::Capacity;
use self::health::Health;
use self::resolve::Addresses;
use self::seal::Identity;
use crate::config;
use crate::relay::metadata::MetadataCache;

/// One upstream MCP server of one API.
pub struct Endpoint {
    /// Its URL as text, which is no other endpoint's of the API.
    pub id: Arc<str>,
    pub identity: Identity,
    /// What the operator chose, by which a reload tells whether this is still the same endpoint.
    pub settings: config::Endpoint,
    /// How the API's path and the endpoint's map onto each other.
    pub mount: Mount,
    /// What the upstream calls itself, where that is not the endpoint's URL.
    pub upstream_resource: Option<String>,
    /// The `Host` the upstream is sent: its own authority.
    pub host: HeaderValue,
    pub addresses: Arc<Addresses>,
    pub metadata: MetadataCache,
    pub breaker: Breaker,
    pub health: Health,
    /// Absent: it is sent whatever comes.
    pub capacity: Option<Capacity>,
    /// Requests and streams under way.
    in_flight: AtomicUsize,
    template: HttpPeer,
}

impl Endpoint {
    /// `addresses` are those of the previous configuration, so that a reload never forgets a good one.
    ///
    /// # Errors
    /// When the URL's authority cannot be a `Host` field, or a certificate cannot be used; `check` rules out both.
    pub fn new(
        settings: config::Endpoint,
        public_path: &str,
        upstream_resource: Option<String>,
        addresses: Option<Arc<Addresses>>,
    ) -> Result<Endpoint, String> {
        let origin = settings.url.origin();
        let host = HeaderValue::from_str(&origin.authority()).map_err(|error| error.to_string())?;
        let addresses = addresses.unwrap_or_else(|| Arc::new(Addresses::new(origin.host(), origin.port())));
        let id = settings.url.to_string();
        Ok(Endpoint {
            identity: Identity::of(&id),
            id: id.into(),
            mount: Mount::new(public_path, settings.url.clone()),
            upstream_resource,
            host,
            addresses,
            metadata: MetadataCache::default(),
            health: Health::default(),
            capacity: settings.limits.map(Capacity::new),
            breaker: Breaker::new(settings.outlier_detection),
            in_flight: AtomicUsize::new(0),
            template: peer::template(&settings)?,
            settings,
        })
    }

    pub fn url(&self) -> &HttpUrl {
        &self.settings.url
    }

    /// How to reach the upstream on the `attempt`-th try: each try takes the next address.
    ///
    /// `None` while the upstream's name has never been resolved.
    pub fn peer(&self, attempt: usize) -> Option<HttpPeer> {
        let addresses = self.addresses.current();
        let address = *addresses.get(attempt % addresses.len().max(1))?;
        let mut peer = self.template.clone();
        peer._address = address.into();
        Some(peer)
    }

    /// Whether a request may be sent there now, as far as a look can tell; [`lease::Lease::take`] decides.
    pub fn is_available(&self, now: Instant) -> bool {
        self.health.is_healthy() && self.breaker.would_admit(now)
    }

    /// Whether it has as many requests as it may have.
    pub fn is_full(&self) -> bool {
        self.capacity.as_ref().is_some_and(Capacity::is_full)
    }

    /// Requests and streams under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
pub mod testing {
    //! Endpoints for unit tests of the modules around this one.
    use super::*;

    pub fn endpoint(url: &str) -> Endpoint {
        let settings = config::Endpoint::at(HttpUrl::parse(url).expect("a valid URL"));
        Endpoint::new(settings, "/a", None, None).expect("an endpoint")
    }
}

#[cfg(test)]
mod tests {
    use super::testing::endpoint;

    #[test]
    fn each_attempt_takes_the_next_address() {
        let endpoint = endpoint("http://up.example/mcp");
        assert!(endpoint.peer(0).is_none(), "not resolved yet");
        let addresses =
            vec!["192.0.2.1:80".parse().expect("an address"), "192.0.2.2:80".parse().expect("an address")];
        endpoint.addresses.learn(addresses);
        let reached = |attempt| endpoint.peer(attempt).expect("resolved")._address.to_string();
        assert_eq!([reached(0), reached(1), reached(2)], ["192.0.2.1:80", "192.0.2.2:80", "192.0.2.1:80"]);
    }
}
