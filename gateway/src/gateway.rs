//! The compiled configuration: one immutable snapshot that a request holds from first to last byte.
//!
//! `config` is what the operator wrote, this is what serves it: every name resolved, every reusable byte
//! precomputed. A reload builds the next one whole and swaps it, so no request ever sees a mixture.

use std::sync::Arc;

use pingora_core::tls::ServerConfig;
use tollgate_protocol::metadata::well_known_path;
use tollgate_protocol::mount::Mount;

use crate::cors::AllowedOrigins;
use crate::endpoint::Endpoint;
use crate::listener::limits::Limits;
use crate::origin::{PublicOrigin, PublicOrigins};
use crate::plan::Plan;
use crate::relay::announced::AnnouncedEndpoints;
use crate::relay::metadata::MetadataCache;
use crate::route::Router;

/// One generation of the configuration.
pub struct Gateway {
    /// Counts from 1; each successful reload adds one.
    pub generation: u64,
    /// In the order of the configuration file, which is the order they are bound in.
    pub listeners: Vec<Listener>,
    pub router: Router,
    pub apis: Vec<Arc<Api>>,
}

/// What one listener knows about its clients.
pub struct Listener {
    pub origins: PublicOrigins,
    pub allowed_origins: AllowedOrigins,
    /// Absent: clear text.
    pub tls: Option<Arc<ServerConfig>>,
    pub limits: Limits,
}

/// One published service.
pub struct Api {
    pub name: String,
    /// Lower-case; empty means every host of the closed set.
    pub hosts: Vec<String>,
    /// As configured, without a trailing slash unless it is the root.
    pub path: String,
    /// How `path` and the endpoint's path map onto each other.
    pub mount: Mount,
    pub endpoint: Arc<Endpoint>,
    pub plans: Vec<Plan>,
    /// What the upstream calls itself, where that is not the endpoint's URL.
    pub upstream_resource: Option<String>,
    pub metadata: Arc<MetadataCache>,
    /// Message endpoints announced by legacy HTTP+SSE streams that are open now.
    pub announced: Arc<AnnouncedEndpoints>,
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
    use tollgate_protocol::url::HttpUrl;

    pub fn api(name: &str, path: &str, hosts: &[&str]) -> Arc<Api> {
        let url = HttpUrl::parse("http://127.0.0.1:9/mcp").expect("a valid URL");
        Arc::new(Api {
            name: name.to_string(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            path: path.to_string(),
            mount: Mount::new(path.trim_end_matches('/'), url.clone()),
            endpoint: Arc::new(
                Endpoint::new(&url, crate::endpoint::Options::default()).expect("an endpoint"),
            ),
            plans: vec![Plan { name: "keyless".to_string() }],
            upstream_resource: None,
            metadata: Arc::default(),
            announced: Arc::default(),
        })
    }
}
