//! What all requests of a process share: the current configuration and the few things that outlive one.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use tollgate_protocol::url::HttpUrl;

use crate::context::Route;
use crate::fetch::Fetcher;
use crate::gateway::Gateway;
use crate::in_flight::InFlight;
use crate::rate::MetadataRate;
use crate::reason;
use crate::relay::document::Expected;
use crate::relay::metadata::Source;
use crate::respond::Refusal;

/// The process's side of serving.
pub struct Edge {
    /// Swapped whole by a reload; a request loads it once.
    pub gateway: ArcSwap<Gateway>,
    pub fetcher: Fetcher,
    pub metadata_rate: MetadataRate,
    pub in_flight: Arc<InFlight>,
    /// Set when the process has begun to stop: no new work should be sent here.
    pub draining: AtomicBool,
}

impl Edge {
    pub fn new(gateway: Gateway) -> Edge {
        Edge {
            gateway: ArcSwap::from_pointee(gateway),
            fetcher: Fetcher::default(),
            metadata_rate: MetadataRate::default(),
            in_flight: Arc::default(),
            draining: AtomicBool::new(false),
        }
    }

    /// Where the metadata of a route's resource comes from, and what it must name.
    ///
    /// # Errors
    /// When the upstream path cannot be part of a URL, which [`crate::canonical`] rules out.
    pub fn source<'s>(&'s self, gateway: &Gateway, route: &'s Route) -> Result<Source<'s>, Refusal> {
        let api = &route.api;
        let target = api.mount.upstream_target(&route.rest, None);
        let upstream = HttpUrl::parse(&format!("{}{target}", api.endpoint.url.origin()))
            .map_err(|_| Refusal::new(&reason::BAD_PATH))?;
        let expected = Expected {
            upstream,
            pinned: api.upstream_resource.clone(),
            public: public_identifiers(gateway, route),
        };
        Ok(Source { fetcher: &self.fetcher, endpoint: &api.endpoint, expected })
    }
}

/// The route's resource under every origin this gateway answers for, in both slash forms: an upstream that
/// was told about the gateway names one of them.
fn public_identifiers(gateway: &Gateway, route: &Route) -> Vec<String> {
    let path = route.identifier.path.trim_end_matches('/');
    gateway
        .listeners
        .iter()
        .flat_map(|listener| listener.origins.all())
        .flat_map(|origin| [format!("{}{path}", origin.text), format!("{}{path}/", origin.text)])
        .collect()
}
