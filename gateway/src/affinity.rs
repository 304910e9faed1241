//! Session affinity: the requests of an MCP session go to the endpoint that began it (MCP 2025-11-25, Session
//! Management).
//!
//! Which one that is, this process has either learnt from the answer that began the session ([`sessions`]), or the id
//! tells ([`seal`]). A sealed id is the client's alone: the endpoint is sent, and sends, its own.
//!
//! [`seal`]: crate::endpoint::seal
//! [`sessions`]: crate::endpoint::sessions

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use pingora::http::{RequestHeader, ResponseHeader};

use crate::context::Route;
use crate::endpoint::Endpoint;
use crate::endpoint::group::Endpoints;
use crate::endpoint::seal::Seal;
use crate::endpoint::sessions::Sessions;
use crate::hop::Hop;
use crate::reason;
use crate::respond::Refusal;

pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// From this version on there are no sessions: an id that comes all the same means nothing.
const STATELESS_SINCE: &[u8] = b"2026-07-28";

/// How the endpoint of a session is found.
pub enum Affinity {
    /// It is not looked for: every id passes as it is.
    None,
    Learnt(Arc<Sessions>),
    Sealed(Seal),
}

/// The session of a request. Its ids are as good as credentials: they are never logged.
pub struct McpSession {
    /// As the client names it.
    id: HeaderValue,
    /// As the endpoint names it, where the client's is sealed.
    pub own_id: Option<HeaderValue>,
}

/// A session whose requests are followed.
pub struct Followed<'a> {
    pub session: McpSession,
    /// `None`: the endpoint that holds it is gone.
    pub holder: Option<&'a Arc<Endpoint>>,
}

/// The session a request belongs to, if it names one that matters.
///
/// # Errors
/// When no endpoint can have begun the session, and when there is more than one id.
pub fn follow<'a>(endpoints: &'a Endpoints, headers: &HeaderMap) -> Result<Option<Followed<'a>>, Refusal> {
    let Some(id) = session_id(headers)? else { return Ok(None) };
    // An id that is no visible ASCII was never given to a client.
    let text = id.to_str().unwrap_or_default();
    let unknown = || Refusal::new(&reason::SESSION_UNKNOWN);
    let (holder, own_id) = match &endpoints.affinity {
        Affinity::None => return Ok(None),
        Affinity::Learnt(sessions) => {
            let holder = sessions.endpoint_of(text).ok_or_else(unknown)?;
            (endpoints.by_id(&holder), None)
        }
        Affinity::Sealed(seal) => {
            let opened = seal.open(text).ok_or_else(unknown)?;
            (endpoints.all().find(|endpoint| endpoint.identity == opened.endpoint), Some(opened.id))
        }
    };
    Ok(Some(Followed { session: McpSession { id: id.clone(), own_id }, holder }))
}

/// The holder of a session is gone for good.
pub fn forget(endpoints: &Endpoints, session: &McpSession) {
    if let Affinity::Learnt(sessions) = &endpoints.affinity {
        sessions.forget(session.id.to_str().unwrap_or_default());
    }
}

/// Takes note of what an answer says about its session, and gives the client an id it can come back with.
///
/// # Errors
/// When the answer's id cannot be sealed.
pub fn answered(
    route: &Route,
    hop: &Hop,
    request: &RequestHeader,
    response: &mut ResponseHeader,
) -> Result<(), Refusal> {
    match &route.api.endpoints.affinity {
        Affinity::None => {}
        Affinity::Learnt(sessions) => learn(sessions, hop, &request.method, response),
        // Messages to a legacy stream name their session by its path.
        Affinity::Sealed(seal) if route.announced.is_none() && has_sessions(&request.headers) => {
            seal_answer(seal, hop, response)?;
        }
        Affinity::Sealed(_) => {}
    }
    Ok(())
}

/// Learns which endpoint holds a session, and that one has ended.
fn learn(sessions: &Sessions, hop: &Hop, method: &Method, response: &ResponseHeader) {
    let (succeeded, gone) = (response.status.is_success(), response.status == http::StatusCode::NOT_FOUND);
    match &hop.session {
        Some(session) if gone || (*method == Method::DELETE && succeeded) => {
            sessions.forget(session.id.to_str().unwrap_or_default());
        }
        Some(_) => {}
        None => {
            let minted = response.headers.get(SESSION_ID).and_then(|id| id.to_str().ok());
            if let Some(id) = minted.filter(|_| succeeded) {
                sessions.learn(id, &hop.endpoint.id);
            }
        }
    }
}

/// A client that is told its own session's id gets the one it knows, whichever key that was sealed with.
fn seal_answer(seal: &Seal, hop: &Hop, response: &mut ResponseHeader) -> Result<(), Refusal> {
    let unusable = || Refusal::new(&reason::UPSTREAM_SESSION_UNUSABLE);
    let mut ids = response.headers.get_all(SESSION_ID).iter();
    let own_id = match (ids.next(), ids.next()) {
        (Some(own_id), None) if !own_id.is_empty() => own_id,
        (_, Some(_)) => return Err(unusable()),
        _ => return Ok(()),
    };
    let known = hop.session.as_ref().filter(|session| session.own_id.as_ref() == Some(own_id));
    let id = match known {
        Some(session) => session.id.clone(),
        None => seal.seal(hop.endpoint.identity, own_id.as_bytes()).ok_or_else(unusable)?,
    };
    response.insert_header(SESSION_ID, id).map_err(|_| Refusal::new(&reason::INTERNAL))
}

/// The session a request names, where its protocol version has sessions.
fn session_id(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Refusal> {
    let mut ids = headers.get_all(SESSION_ID).iter();
    let Some(id) = ids.next().filter(|_| has_sessions(headers)) else { return Ok(None) };
    match ids.next() {
        None => Ok(Some(id)),
        Some(_) => Err(Refusal::because(
            &reason::MALFORMED_HEAD,
            "The request must carry at most one Mcp-Session-Id field.",
        )),
    }
}

fn has_sessions(request: &HeaderMap) -> bool {
    let version = request.get(PROTOCOL_VERSION).map(|version| version.as_bytes());
    version.is_none_or(|version| version < STATELESS_SINCE)
}
