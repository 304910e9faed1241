//! What one request carries from its first hook to its log line.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use once_cell::sync::Lazy;
use tollgate_plugins::effects::Effects;
use tollgate_plugins::policy::Reading;
use tollgate_protocol::client::Client;
use tollgate_protocol::sse::BetweenEvents;

use crate::answer_head::AnswerHead;
use crate::answer_limits::Measured;
use crate::config::ApiKeySource;
use crate::cors::WebOrigin;
use crate::endpoint::Endpoint;
use crate::endpoint::breaker::Failure;
use crate::endpoint::timeouts::Wait;
use crate::gateway::{Api, Gateway, Identifier};
use crate::hop::{self, Hop};
use crate::in_flight::InFlightRequest;
use crate::lists::ListAnswer;
use crate::message::{self, Call};
use crate::metrics::counts::EndpointCounts;
use crate::metrics::labels::Code;
use crate::plan::{Admission, Plan, api_key};
use crate::relay::announced::MessageEndpoint;
use crate::relay::event_stream::LegacyStream;
use crate::respond::End;

/// The state of one request.
pub struct Context {
    /// The configuration this request sees, from first to last byte.
    pub gateway: Arc<Gateway>,
    pub request_id: RequestId,
    pub started: Instant,
    /// Whose request it is, and by which proxies it came.
    pub client: Option<Client>,
    /// Set when the request was admitted to an API.
    pub route: Option<Route>,
    /// How its caller was let in.
    pub admission: Option<Admission>,
    /// What is known of the message in its body.
    pub message: message::State,
    pub has_body: bool,
    /// How many bytes of the body have come.
    pub body_passed: u64,
    /// What that asks for.
    pub call: Option<Call>,
    /// What policies want done.
    pub effects: Effects,
    /// The plan or a policy has answered it, or it could not be read where it has to be.
    pub is_held_up: bool,
    /// The policy that has refused it, and its rule.
    pub refused_by: Option<RefusedBy>,
    /// The web page it comes from, if a browser sent it.
    pub web_origin: Option<WebOrigin>,
    /// The endpoint it is sent to.
    pub hop: Option<Hop>,
    /// Endpoints that were tried before.
    pub tried: Vec<Arc<Endpoint>>,
    /// When there was a connection to the endpoint for it.
    pub connected_at: Option<Instant>,
    /// The endpoint's time, while it is waited for.
    pub wait: Option<Wait>,
    /// The status the upstream gave, which is not the client's where the gateway had to step in.
    pub upstream_status: Option<u16>,
    /// Why the gateway answered itself: a slug of `reason`.
    pub reason: Option<&'static str>,
    /// Decided in a hook that cannot answer, for the one that does.
    pub end: Option<End>,
    /// What the head of the upstream's answer says.
    pub head: AnswerHead,
    /// A legacy event stream whose first event is still to be rewritten, or was.
    pub legacy_stream: Option<Box<LegacyStream>>,
    /// An answer of which not all may be passed on.
    pub measured: Option<Measured>,
    /// An answer from which items of lists are taken.
    pub lists: Option<ListAnswer>,
    /// An event stream that gets comments.
    pub commented: Option<BetweenEvents>,
    pub in_flight: InFlightRequest,
}

impl Context {
    /// The endpoint has answered with this status.
    pub fn answered(&mut self, status: u16) {
        self.upstream_status = Some(status);
        if let (Some(counts), Some(since)) = (self.endpoint_counts(), self.connected_at) {
            counts.answered(since.elapsed());
        }
        if let (Some(route), Some(hop)) = (&self.route, &mut self.hop) {
            hop.answered(&route.api, status);
        }
    }

    /// There is a connection to the endpoint, for the request alone or from the pool.
    pub fn connected(&mut self, reused: bool, at: Instant) {
        self.connected_at = Some(at);
        if let Some(counts) = self.endpoint_counts() {
            counts.connected(reused);
        }
    }

    /// What is counted about the endpoint.
    pub fn endpoint_counts(&self) -> Option<&EndpointCounts> {
        let (route, hop) = (self.route.as_ref()?, self.hop.as_ref()?);
        route.api.endpoint_counts(hop.endpoint.endpoint())
    }

    /// The plan that has let its caller in.
    pub fn plan(&self) -> Option<&Plan> {
        self.admission.as_ref()?.plan(&self.route.as_ref()?.api)
    }

    /// How its message has to be read.
    pub fn reading(&self) -> Reading {
        match self.plan().map(Plan::reading).unwrap_or_default() {
            Reading::No if self.gateway.messages.observe => Reading::Observe,
            reading => reading,
        }
    }

    /// Whether the endpoint has taken longer than it may.
    pub fn is_over(&self) -> bool {
        self.wait.as_ref().is_some_and(Wait::is_over)
    }

    /// The endpoint did not answer, for this reason.
    pub fn not_answered(&mut self, kind: Failure) {
        if let (Some(route), Some(hop)) = (&self.route, &mut self.hop) {
            hop.failed(&route.api, kind);
        }
    }

    /// Turns to the next address of the endpoint, if there is one that was not tried.
    pub fn try_next_address(&mut self) -> bool {
        self.hop.as_mut().is_some_and(|hop| hop.endpoint.try_next_address())
    }

    /// Turns to another endpoint after this one has failed, if the request may go to one.
    pub fn fail_over(&mut self, kind: Failure) -> bool {
        self.not_answered(kind);
        let (Some(route), Some(hop)) = (&self.route, &self.hop) else { return false };
        match hop::fail_over(route, hop, &mut self.tried) {
            Some(next) => {
                route.api.counts.requests.retries.inc();
                if let Some(counts) = self.endpoint_counts() {
                    counts.requests.count(Code::NONE);
                }
                self.hop = Some(next);
                true
            }
            None => {
                self.end = hop::session_is_lost(route, hop).map(End::Refusal);
                false
            }
        }
    }
}

/// A policy by its name, and which of its rules.
pub type RefusedBy = (Arc<str>, Option<Box<str>>);

/// What an admitted request is for.
pub struct Route {
    pub api: Arc<Api>,
    /// The URL the client dialled: what challenges and metadata must name.
    pub identifier: Identifier,
    /// The path below the API, by which its metadata is kept.
    pub rest: String,
    pub query: Option<String>,
    /// Where an open legacy stream wants the message to go.
    pub announced: Option<MessageEndpoint>,
}

impl Route {
    /// Takes the credential of a plan out of what the upstream is asked.
    pub fn withhold(&mut self, admission: &Admission) {
        if let Some(ApiKeySource::Query(name)) = admission.plan(&self.api).and_then(Plan::key_source) {
            self.query = self.query.as_deref().and_then(|query| api_key::without(query, name));
        }
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
