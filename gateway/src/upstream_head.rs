//! The request head as the upstream gets it, and its response head as far as the connection is concerned.
//! `Authorization`, every `Mcp-*` field and the body pass as they came; the one exception is a sealed `Mcp-Session-Id`,
//! in place of which the endpoint gets the id it gave the session itself.

use http::header::{self, HeaderName, HeaderValue};
use http::{StatusCode, Uri, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::{Error, ErrorType, Result};
use pingora_proxy::Session;

use tollgate_plugins::effects::FieldEdit;
use tollgate_protocol::client::Client;

use crate::affinity::SESSION_ID;
use crate::config::{ApiKeySource, UpstreamHost};
use crate::context::Route;
use crate::failure;
use crate::hop::Hop;
use crate::minted;
use crate::plan::{Admission, Plan};

/// Belongs to one connection (RFC 9110 §7.6.1). Pingora removes these from requests, not from responses.
const HOP_BY_HOP: [HeaderName; 4] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
];

/// Turns the client's head into the one the upstream is sent.
pub fn prepare(route: &Route, hop: &Hop, client: Option<&Client>, request: &mut RequestHeader) -> Result<()> {
    let target = Uri::try_from(hop.target.as_str())
        .map_err(|_| Error::explain(ErrorType::InternalError, "the upstream target is no URI"))?;
    request.set_uri(target);
    if hop.endpoint.settings.host == UpstreamHost::Endpoint {
        request.insert_header(header::HOST, hop.endpoint.host.clone())?;
    }
    say_how_it_got_here(route, hop, client, request)?;
    join_cookies(request)?;
    if let Some(own_id) = hop.session.as_ref().and_then(|session| session.own_id.clone()) {
        request.insert_header(SESSION_ID, own_id)?;
    }
    if opens_an_event_stream(request) {
        // The first event of a legacy stream has to be read, so it must not be compressed.
        request.remove_header(&header::ACCEPT_ENCODING);
    }
    Ok(())
}

/// RFC 9113 §8.2.3: over HTTP/2 a client may send its cookies in several fields, of which servers of HTTP/1.1 read one.
fn join_cookies(request: &mut RequestHeader) -> Result<()> {
    let fields = request.headers.get_all(header::COOKIE);
    if fields.iter().count() < 2 {
        return Ok(());
    }
    let joined = fields.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]);
    request.insert_header(header::COOKIE, joined)
}

/// Does what a policy wants done to the head of a request. What it sets or removes no caller can say under another spelling
/// of the name.
///
/// # Errors
/// None that policies can cause.
pub fn edit(request: &mut RequestHeader, edit: &FieldEdit) -> Result<()> {
    let gone: Vec<_> = request.headers.keys().filter(|name| edit.takes_away(name)).cloned().collect();
    for name in &gone {
        request.remove_header(name);
    }
    match edit {
        FieldEdit::Set(name, value) => request.insert_header(name.clone(), value.clone()),
        FieldEdit::Append(name, value) => request.append_header(name.clone(), value.clone()).map(drop),
        FieldEdit::Remove(_) => Ok(()),
    }
}

/// The same for the head of an answer.
///
/// # Errors
/// None that policies can cause.
pub fn edit_answer(response: &mut ResponseHeader, edit: &FieldEdit) -> Result<()> {
    match edit {
        FieldEdit::Set(name, value) => response.insert_header(name.clone(), value.clone()),
        FieldEdit::Append(name, value) => response.append_header(name.clone(), value.clone()).map(drop),
        FieldEdit::Remove(name) => {
            response.remove_header(name);
            Ok(())
        }
    }
}

/// Keeps the credential that was for the gateway from the upstream.
pub fn withhold(route: &Route, admission: Option<&Admission>, request: &mut RequestHeader) {
    let source = admission.and_then(|admission| admission.plan(&route.api)).and_then(Plan::key_source);
    if let Some(ApiKeySource::Header(name)) = source {
        request.remove_header(name);
    }
}

/// Replaces what the client says about how it got here by what is known: its address and the proxies that vouch for
/// it. A server that is sent the host the client dialled is also told the scheme; one that is called by its own name
/// would build URLs out of the two that are neither its own nor the gateway's.
fn say_how_it_got_here(
    route: &Route,
    hop: &Hop,
    client: Option<&Client>,
    request: &mut RequestHeader,
) -> Result<()> {
    let theirs: Vec<_> = request.headers.keys().filter(|name| minted::is_forwarding(name)).cloned().collect();
    for name in &theirs {
        request.remove_header(name);
    }
    let Some(client) = client else { return Ok(()) };
    let dialled = match hop.endpoint.settings.host {
        UpstreamHost::Preserve => route.identifier.origin.text.split_once("://"),
        UpstreamHost::Endpoint => None,
    };
    request.insert_header(header::FORWARDED, client.forwarded(dialled))?;
    request.insert_header(minted::X_FORWARDED_FOR, client.x_forwarded_for())?;
    if let Some((scheme, authority)) = dialled {
        request.insert_header(minted::X_FORWARDED_HOST, authority)?;
        request.insert_header(minted::X_FORWARDED_PROTO, scheme)?;
    }
    Ok(())
}

/// What the head of an answer may hold at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Refuses an answer that a client could read differently (RFC 9112 §6.1, §6.3), or that nobody asked for.
///
/// # Errors
/// When the answer cannot be relayed.
pub fn check(response: &ResponseHeader) -> Result<()> {
    if response.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(failure::unfit_answer("it switches protocols, which nobody asked for"));
    }
    let mut bytes = response.get_reason_phrase().map_or(0, str::len);
    let (mut codings, mut lengths) = (0, 0);
    // In one pass: looking each field up costs more than that.
    for (name, value) in &response.headers {
        bytes += name.as_str().len() + value.len();
        match *name {
            header::TRANSFER_ENCODING => {
                codings += 1;
                let is_chunked = value.as_bytes().eq_ignore_ascii_case(b"chunked");
                if codings > 1 || response.version == Version::HTTP_10 || !is_chunked {
                    return Err(failure::unfit_answer("its transfer coding is not `chunked` alone"));
                }
            }
            header::CONTENT_LENGTH => {
                lengths += 1;
                // RFC 9110 §8.6: a list of lengths, even if they are all the same, is not to be passed on.
                if lengths > 1 || value.as_bytes().contains(&b',') {
                    return Err(failure::unfit_answer("it has several lengths"));
                }
            }
            _ => {}
        }
    }
    match bytes > ANSWER_BYTES_MAX {
        true => Err(failure::unfit_answer("its head is too large")),
        false => Ok(()),
    }
}

/// Removes what concerned the upstream connection alone, and fields the response itself nominates.
pub fn strip_hop_by_hop(response: &mut ResponseHeader) {
    if response.headers.keys().any(concerns_a_connection) {
        strip(response);
    }
    if response.status.is_informational() {
        // No client reads a challenge from an interim response, so none is rewritten there, and none leaks.
        response.remove_header(&header::WWW_AUTHENTICATE);
    }
}

fn concerns_a_connection(name: &HeaderName) -> bool {
    matches!(*name, header::CONNECTION | header::UPGRADE) || HOP_BY_HOP.contains(name)
}

fn strip(response: &mut ResponseHeader) {
    let nominated: Vec<HeaderName> = response
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .filter(is_free_to_go)
        .collect();
    for name in nominated.iter().chain(&HOP_BY_HOP) {
        response.remove_header(name);
    }
    // RFC 9110 §15.5.22: that status says what to upgrade to.
    if response.status != StatusCode::UPGRADE_REQUIRED {
        response.remove_header(&header::UPGRADE);
    }
}

/// The answer in the gateway's own version (RFC 9110 §6.2), as far as its client knows it: one of HTTP/1.0 does not know
/// chunks, so its answer ends where the connection does (RFC 9112 §6.1).
pub fn suit_version(session: &mut Session, response: &mut ResponseHeader) {
    if response.version == Version::HTTP_10 {
        response.set_version(Version::HTTP_11);
    }
    if session.req_header().version == Version::HTTP_10
        && response.remove_header(&header::TRANSFER_ENCODING).is_some()
    {
        session.set_keepalive(None);
    }
}

/// A response may not nominate away the fields that frame it, nor the challenge the client must see.
fn is_free_to_go(name: &HeaderName) -> bool {
    !matches!(
        *name,
        header::CONTENT_LENGTH
            | header::TRANSFER_ENCODING
            | header::CONTENT_TYPE
            | header::WWW_AUTHENTICATE
            | header::CONNECTION
            | header::UPGRADE
    )
}

fn opens_an_event_stream(request: &RequestHeader) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    request.method == http::Method::GET
        && request.headers.get_all(header::ACCEPT).iter().any(|accept: &HeaderValue| {
            accept.as_bytes().windows(EVENT_STREAM.len()).any(|part| part.eq_ignore_ascii_case(EVENT_STREAM))
        })
}
