//! What all requests of a process share: the current configuration and the few things that outlive one.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use arc_swap::ArcSwap;
use tollgate_protocol::url::HttpUrl;

use crate::buffers::Buffers;
use crate::context::Route;
use crate::endpoint::Endpoint;
use crate::fetch::Fetcher;
use crate::gateway::Gateway;
use crate::in_flight::InFlight;
use crate::rate::MetadataRate;
use crate::reason;
use crate::relay::document::Expected;
use crate::relay::metadata::{Answer, Source, Unavailable};
use crate::respond::Refusal;

/// The process's side of serving.
pub struct Edge {
    /// Swapped whole by a reload; a request loads it once.
    pub gateway: ArcSwap<Gateway>,
    pub fetcher: Fetcher,
    pub metadata_rate: MetadataRate,
    pub in_flight: Arc<InFlight>,
    /// Bodies that are held.
    pub buffers: Arc<Buffers>,
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
            buffers: Arc::default(),
            draining: AtomicBool::new(false),
        }
    }

    /// The metadata of a route's resource, from the first endpoint that answers. All of an API's endpoints are the
    /// same resource, so what one says holds for all; one that answers wrongly is not papered over by another.
    ///
    /// # Errors
    /// As [`Edge::source`].
    pub async fn metadata(&self, gateway: &Gateway, route: &Route) -> Result<Answer, Refusal> {
        let now = Instant::now();
        let endpoints = &route.api.endpoints;
        let available = endpoints.all().filter(|endpoint| endpoint.is_available(now));
        let ejected = endpoints.all().filter(|endpoint| !endpoint.is_available(now));
        let mut answer = Err(nobody_to_ask());
        // An endpoint that is ejected may still have its last good copy here.
        for endpoint in available.chain(ejected) {
            let resource = endpoint.metadata.resource(&route.rest);
            answer = resource.get(&self.source(gateway, route, endpoint)?).await;
            if !answer.as_ref().is_err_and(|unavailable| unavailable.transient) {
                break;
            }
        }
        Ok(answer)
    }

    /// Where the metadata of a route's resource comes from at one endpoint, and what it must name.
    ///
    /// # Errors
    /// When the upstream path cannot be part of a URL, which [`crate::canonical`] rules out.
    pub fn source<'s>(
        &'s self,
        gateway: &Gateway,
        route: &'s Route,
        endpoint: &'s Endpoint,
    ) -> Result<Source<'s>, Refusal> {
        let target = endpoint.mount.upstream_target(&route.rest, None);
        let upstream = HttpUrl::parse(&format!("{}{target}", endpoint.url().origin()))
            .map_err(|_| Refusal::new(&reason::BAD_PATH))?;
        let expected = Expected {
            upstream,
            pinned: endpoint.upstream_resource.clone(),
            public: public_identifiers(gateway, route),
        };
        let fetches = &route.api.counts.requests.metadata_fetches;
        Ok(Source { fetcher: &self.fetcher, endpoint, expected, fetches })
    }
}

fn nobody_to_ask() -> Unavailable {
    Unavailable { reason: &reason::UPSTREAM_METADATA_UNREACHABLE, log: String::new(), transient: true }
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
