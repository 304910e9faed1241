//! The compiled configuration: one immutable snapshot that a request holds from first to last byte.
//!
//! `config` is what the operator wrote, this is what serves it: every name resolved, every reusable byte
//! precomputed. A reload builds the next one whole and swaps it, so no request ever sees a mixture.

use std::sync::{Arc, Weak};

use pingora_core::tls::ServerConfig;
use tollgate_protocol::metadata::well_known_path;

use crate::config::{AuthorizationMode, PlanState};
use crate::cors::{AllowedOrigins, PageTerms};
use crate::endpoint::Endpoint;
use crate::endpoint::group::Endpoints;
use crate::endpoint::resolve::Dns;
use crate::limits::Redis;
use crate::listener::Terms;
use crate::listener::comments::EventStreams;
use crate::listener::limits::Limits;
use crate::listener::trusted::TrustedProxies;
use crate::message::Bounds;
use crate::metrics::counts::{ApiCounts, EndpointCounts, ListenerCounts};
use crate::origin::{PublicOrigin, PublicOrigins};
use crate::plan::Plan;
use crate::policies::Memories;
use crate::relay::announced::AnnouncedEndpoints;
use crate::route::Router;
use crate::to_https::HttpsOrigins;
use crate::token::jwks::Jwks;
use crate::tools::KnownTools;

/// One generation of the configuration.
pub struct Gateway {
    /// Counts from 1; each successful reload adds one.
    pub generation: u64,
    /// In the order of the configuration file, which is the order they are bound in.
    pub listeners: Vec<Listener>,
    pub router: Router,
    /// How the names of endpoints are looked up.
    pub dns: Dns,
    /// Which messages are read, and how much of them.
    pub messages: Bounds,
    /// Where it counts together with other gateways.
    pub limits: Option<Arc<Redis>>,
    /// What policies go on with in the next generation.
    pub memories: Memories,
    pub apis: Vec<Arc<Api>>,
}

impl Gateway {
    /// The endpoints of all APIs.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.apis.iter().flat_map(|api| api.endpoints.all())
    }

    /// The keys of the issuers whose tokens open its APIs.
    pub fn token_keys(&self) -> Vec<Weak<Jwks>> {
        let plans = self.apis.iter().flat_map(|api| &api.plans);
        plans.filter_map(Plan::tokens).flat_map(|tokens| tokens.keys()).collect()
    }
}

/// What is found in a configuration once, however often it is asked for: there may be thousands of APIs to look through.
#[derive(Default)]
pub struct OfGeneration<T> {
    generation: u64,
    found: T,
}

impl<T> OfGeneration<T> {
    pub fn of(&mut self, gateway: &Gateway, find: impl FnOnce(&Gateway) -> T) -> &T {
        if self.generation != gateway.generation {
            *self = OfGeneration { generation: gateway.generation, found: find(gateway) };
        }
        &self.found
    }
}

/// What one listener knows about its clients.
pub struct Listener {
    /// Its name, or its address.
    pub name: String,
    pub origins: PublicOrigins,
    /// Where all clients are sent, if that is all the listener does.
    pub redirect_to: Option<HttpsOrigins>,
    pub allowed_origins: AllowedOrigins,
    pub trusted_proxies: TrustedProxies,
    /// Whether they announce their clients by the PROXY protocol.
    pub proxy_protocol: bool,
    /// Absent: clear text.
    pub tls: Option<Arc<ServerConfig>>,
    /// When its certificates expire, in the order of the configuration.
    pub expiries: Vec<Expiry>,
    pub limits: Limits,
    pub counts: Arc<ListenerCounts>,
}

/// The end of a certificate's time.
pub struct Expiry {
    /// The first it is for.
    pub name: Option<String>,
    /// In seconds since 1970.
    pub at: i64,
}

impl Listener {
    /// How its next connection is taken.
    pub fn terms(&self) -> Terms {
        Terms {
            tls: self.tls.clone(),
            limits: self.limits,
            announced_by: self.proxy_protocol.then(|| self.trusted_proxies.clone()),
            trusted_proxies: self.trusted_proxies.clone(),
            counts: self.counts.clone(),
        }
    }
}

/// One published service.
pub struct Api {
    pub name: String,
    /// Lower-case; empty means every host of the closed set.
    pub hosts: Vec<String>,
    /// As configured, without a trailing slash unless it is the root.
    pub path: String,
    pub mode: AuthorizationMode,
    /// Members of its metadata, where that is the gateway's own.
    pub resource: Vec<(&'static str, String)>,
    pub endpoints: Endpoints,
    pub plans: Vec<Plan>,
    /// One of the plans has to see the certificates of callers.
    pub asks_for_certificates: bool,
    /// The pages that may call it, besides those of the listener.
    pub cors: Vec<Arc<PageTerms>>,
    /// Message endpoints announced by legacy HTTP+SSE streams that are open now.
    pub announced: Arc<AnnouncedEndpoints>,
    pub event_streams: EventStreams,
    /// What its MCP server has said of its tools.
    pub tools: Arc<KnownTools>,
    pub counts: ApiCounts,
}

impl Api {
    /// The plans that are open, in their order.
    pub fn open_plans(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(|plan| plan.state != PlanState::Closed)
    }

    /// One of its endpoints was ejected.
    pub fn ejected(&self, endpoint: &Arc<Endpoint>) {
        if let Some(counts) = self.endpoint_counts(endpoint) {
            counts.ejections.inc();
        }
    }

    /// What is counted about one of its endpoints.
    pub fn endpoint_counts(&self, endpoint: &Arc<Endpoint>) -> Option<&EndpointCounts> {
        let position = self.endpoints.all().position(|other| Arc::ptr_eq(other, endpoint))?;
        self.counts.endpoints.get(position).map(Arc::as_ref)
    }
}

/// The URL a client dialled, as it must appear in metadata and challenges: a public origin and the path
/// asked for, character for character (some clients compare for equality).
#[derive(Clone, Debug)]
pub struct Identifier {
    pub origin: Arc<PublicOrigin>,
    pub path: String,
}

impl Identifier {
    /// RFC 9728 `resource`.
    pub fn resource(&self) -> String {
        format!("{}{}", self.origin.text, self.path)
    }

    /// Where the gateway serves the metadata of this resource: path-inserted, on its own origin.
    pub fn metadata_url(&self) -> String {
        format!("{}{}", self.origin.text, well_known_path(&self.path))
    }
}

#[cfg(test)]
pub mod testing {
    //! APIs for unit tests of the modules around this one.
    use super::*;
    use crate::affinity::Affinity;
    use crate::endpoint::balance::Strategy;
    use crate::endpoint::retries::Budget;
    use crate::plan::Kind;
    use crate::policies::Chain;

    pub fn api(name: &str, path: &str, hosts: &[&str]) -> Arc<Api> {
        let endpoint = Arc::new(crate::endpoint::testing::endpoint("http://127.0.0.1:9/mcp"));
        Arc::new(Api {
            name: name.to_string(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            path: path.to_string(),
            mode: AuthorizationMode::Relay,
            resource: vec![],
            endpoints: Endpoints::new(
                vec![endpoint],
                Strategy::RoundRobin,
                Affinity::None,
                Budget::default(),
            ),
            asks_for_certificates: false,
            plans: vec![Plan {
                name: "keyless".into(),
                state: PlanState::Published,
                when: None,
                kind: Kind::Keyless,
                policies: Chain::default(),
            }],
            cors: vec![],
            announced: Arc::default(),
            event_streams: EventStreams::default(),
            tools: Arc::default(),
            counts: ApiCounts::default(),
        })
    }
}
