//! An endpoint: one upstream MCP server URL of an API, with what is known about it.
//!
//! [`peer`] says how a connection to it is made, [`connection`], [`deadline`] and [`timeouts`] how long it may take, [`resolve`] and
//! [`addresses`] where it is, [`breaker`], [`health`] and [`checks`] whether requests go there. Which endpoint of an API
//! a request goes to is for [`group`], [`balance`], [`sessions`] and [`seal`]; [`lease`] is a request's hold on it, [`capacity`]
//! bounds how many there are, [`retries`] how often another is tried.

pub mod addresses;
pub mod balance;
pub mod breaker;
pub mod capacity;
pub mod checks;
pub mod connection;
pub mod deadline;
pub mod group;
pub mod health;
pub mod idle;
pub mod lease;
pub mod peer;
pub mod resolve;
pub mod retries;
pub mod seal;
pub mod sessions;
pub mod timeouts;
pub mod watched;
mod watched_io;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use http::{HeaderValue, Uri};
use pingora::upstreams::peer::HttpPeer;
use tollgate_protocol::mount::Mount;
use tollgate_protocol::url::HttpUrl;

use self::addresses::{Addresses, Walk};
use self::breaker::Breaker;
use self::capacity::Capacity;
use self::health::Health;
use self::resolve::Dns;
use self::seal::Identity;
use crate::config::{self, UpstreamAuth};
use crate::oauth::exchange::Exchanger;
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
    /// What it is asked for by requests for the API's own path, as most are.
    pub target: Uri,
    /// What the upstream calls itself, where that is not the endpoint's URL.
    pub upstream_resource: Option<String>,
    /// The `Host` the upstream is sent: its own authority.
    pub host: HeaderValue,
    pub addresses: Arc<Addresses>,
    /// Counts the walks, each of which begins at the next address.
    turn: AtomicUsize,
    pub metadata: MetadataCache,
    pub breaker: Breaker,
    pub health: Health,
    /// Absent: it is sent whatever comes.
    pub capacity: Option<Capacity>,
    /// Requests and streams under way.
    in_flight: AtomicUsize,
    /// How it is reached by the gateway itself, and by requests.
    template: HttpPeer,
    request_template: Box<HttpPeer>,
    /// Where callers' tokens become tokens for it.
    pub exchanger: Option<Exchanger>,
}

impl Endpoint {
    /// `addresses` are those of the URL's host and port: others may share them, and a reload forgets none.
    ///
    /// # Errors
    /// When the URL's authority cannot be a `Host` field, or a certificate cannot be used; `check` rules out both.
    pub fn new(
        settings: config::Endpoint,
        public_path: &str,
        upstream_resource: Option<String>,
        addresses: Arc<Addresses>,
        dns: &Dns,
    ) -> Result<Endpoint, String> {
        let origin = settings.url.origin();
        let host = HeaderValue::from_str(&origin.authority()).map_err(|error| error.to_string())?;
        let id = settings.url.to_string();
        let mount = Mount::new(public_path, settings.url.clone());
        let template = peer::template(&settings)?;
        Ok(Endpoint {
            identity: Identity::of(&id),
            id: id.into(),
            target: Uri::try_from(mount.upstream_target("", None)).map_err(|error| error.to_string())?,
            mount,
            upstream_resource,
            host,
            addresses,
            // Gateways that start together begin with different ones.
            turn: AtomicUsize::new(fastrand::u16(..).into()),
            metadata: MetadataCache::default(),
            health: Health::default(),
            capacity: settings.limits.map(Capacity::new),
            breaker: Breaker::new(settings.outlier_detection),
            in_flight: AtomicUsize::new(0),
            request_template: Box::new(peer::for_requests(&settings, &template)),
            template,
            exchanger: match &settings.auth {
                Some(UpstreamAuth::Exchange(exchange)) => Some(Exchanger::new(exchange, dns)?),
                _ => None,
            },
            settings,
        })
    }

    pub fn url(&self) -> &HttpUrl {
        &self.settings.url
    }

    /// A way through the addresses, from the one whose turn it is. Where sessions are followed that is always the first:
    /// a server behind another address would not know them.
    pub fn walk(&self, now: Instant) -> Walk {
        let turn = match self.settings.addresses_in_turn {
            true => self.turn.fetch_add(1, Ordering::Relaxed),
            false => 0,
        };
        Walk::begin(&self.addresses, turn, now)
    }

    /// How the gateway itself reaches the upstream at one of its addresses.
    pub fn peer_at(&self, address: SocketAddr) -> HttpPeer {
        let mut peer = self.template.clone();
        peer._address = address.into();
        peer
    }

    /// How a request does.
    pub fn request_peer_at(&self, address: SocketAddr) -> Box<HttpPeer> {
        let mut peer = self.request_template.clone();
        peer._address = address.into();
        peer
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
        with(config::Endpoint::at(HttpUrl::parse(url).expect("a valid URL")))
    }

    pub fn with(settings: config::Endpoint) -> Endpoint {
        let origin = settings.url.origin();
        let addresses = Arc::new(Addresses::new(origin.host(), origin.port()));
        Endpoint::new(settings, "/a", None, addresses, &Dns::default()).expect("an endpoint")
    }
}
