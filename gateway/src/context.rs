//! What one request carries from its first hook to its log line.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use once_cell::sync::Lazy;
use tollgate_protocol::url::HttpUrl;

use crate::cors::WebOrigin;
use crate::gateway::{Api, Gateway, Identifier};
use crate::in_flight::InFlightRequest;
use crate::relay::event_stream::LegacyStream;
use crate::respond::Refusal;

/// The state of one request.
pub struct Context {
    /// The configuration this request sees, from first to last byte.
    pub gateway: Arc<Gateway>,
    pub request_id: RequestId,
    pub started: Instant,
    /// Set when the request was admitted to an API.
    pub route: Option<Route>,
    /// The web page it comes from, if a browser sent it.
    pub web_origin: Option<WebOrigin>,
    /// Connection attempts made so far.
    pub attempts: usize,
    /// The status the upstream gave, which is not the client's where the gateway had to step in.
    pub upstream_status: Option<u16>,
    /// Why the gateway answered itself: a slug of `reason`.
    pub reason: Option<&'static str>,
    /// Decided in a hook that cannot answer, for the one that does.
    pub refusal: Option<Refusal>,
    /// A legacy event stream whose first event is still to be rewritten, or was.
    pub legacy_stream: Option<Box<LegacyStream>>,
    pub in_flight: InFlightRequest,
}

/// Where an admitted request goes.
pub struct Route {
    pub api: Arc<Api>,
    /// The URL the client dialled: what challenges and metadata must name.
    pub identifier: Identifier,
    /// The path below the API, by which its metadata is kept.
    pub rest: String,
    /// Path and query as the upstream is asked for them.
    pub upstream_target: String,
}

impl Route {
    /// The upstream URL of this request, for resolving what its answer refers to.
    pub fn upstream_url(&self) -> Option<HttpUrl> {
        HttpUrl::parse(&format!("{}{}", self.api.endpoint.url.origin(), self.upstream_target)).ok()
    }
}

/// Names one request in the log and in errors: unique within a process, unlikely to repeat across them.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(u64);

static NEXT: Lazy<AtomicU64> = Lazy::new(|| {
    use std::hash::{BuildHasher, Hasher, RandomState};
    AtomicU64::new(RandomState::new().build_hasher().finish())
});

impl RequestId {
    pub fn next() -> RequestId {
        RequestId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}
