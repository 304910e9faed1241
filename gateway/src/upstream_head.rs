//! The request head as the upstream gets it; [`crate::answer_head`] is about the one it answers with.
//! `Authorization`, every `Mcp-*` field and the body pass as they came; the one exception is a sealed `Mcp-Session-Id`,
//! in place of which the endpoint gets the id it gave the session itself.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use pingora::Result;
use pingora::http::RequestHeader;
use tollgate_plugins::effects::FieldEdit;
use tollgate_protocol::client::Client;

use crate::affinity::SESSION_ID;
use crate::config::{ApiKeySource, UpstreamHost};
use crate::context::Route;
use crate::endpoint::connection::Connection;
use crate::hop::Hop;
use crate::listener::state;
use crate::minted;
use crate::plan::{Admission, Plan};

const FORWARDED: &str = "Forwarded";
const X_FORWARDED_FOR: &str = "X-Forwarded-For";

/// A longer target goes into no buffer with the lines behind it.
const SHORT_TARGET: usize = 1024;

/// Turns the client's head into the one the upstream is sent. What is the same with each request may be left to the
/// `writer` of the head, where there is one.
pub fn prepare(
    route: &Route,
    hop: &Hop,
    client: Option<&Client>,
    writer: Option<&Connection>,
    request: &mut RequestHeader,
) -> Result<()> {
    request.set_uri(hop.target.clone());
    if hop.endpoint.settings.host == UpstreamHost::Endpoint {
        request.insert_header(header::HOST, hop.endpoint.host.clone())?;
    }
    let theirs = Theirs::of(request);
    say_how_it_got_here(route, hop, client, writer, &theirs, request)?;
    if theirs.cookies > 1 {
        join_cookies(request)?;
    }
    if let Some(own_id) = hop.session.as_ref().and_then(|session| session.own_id.clone()) {
        request.insert_header(SESSION_ID, own_id)?;
    }
    if opens_an_event_stream(request) {
        // The first event of a legacy stream has to be read, so it must not be compressed.
        request.remove_header(&header::ACCEPT_ENCODING);
    }
    Ok(())
}

/// What of a client's fields does not pass as it is, found in one pass: looking each up costs more than that.
struct Theirs {
    /// What says how the request got here.
    forwarding: Vec<HeaderName>,
    cookies: usize,
}

impl Theirs {
    fn of(request: &RequestHeader) -> Theirs {
        let mut theirs = Theirs { forwarding: Vec::new(), cookies: 0 };
        for name in request.headers.iter().map(|(name, _)| name) {
            if *name == header::COOKIE {
                theirs.cookies += 1;
            } else if minted::is_forwarding(name) {
                theirs.forwarding.push(name.clone());
            }
        }
        theirs
    }
}

/// RFC 9113 §8.2.3: over HTTP/2 a client may send its cookies in several fields, of which servers of HTTP/1.1 read one.
fn join_cookies(request: &mut RequestHeader) -> Result<()> {
    let fields = request.headers.get_all(header::COOKIE);
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
    writer: Option<&Connection>,
    theirs: &Theirs,
    request: &mut RequestHeader,
) -> Result<()> {
    for name in &theirs.forwarding {
        request.remove_header(name);
    }
    let Some(client) = client else { return Ok(()) };
    let dialled = match hop.endpoint.settings.host {
        UpstreamHost::Preserve => route.identifier.origin.text.split_once("://"),
        UpstreamHost::Endpoint => None,
    };
    let lasts = dialled.is_none() && client.proxies.is_empty();
    if let Some(connection) = writer.filter(|_| lasts && request.raw_path().len() < SHORT_TARGET)
        && let Some(lines) = state::introduction(client.address, || introduction(client))
    {
        // Pingora's two tables would grow for these two, each for all of its fields. No policy may change them.
        connection.write_behind_first_line(lines);
        return Ok(());
    }
    // As they are to be spelled: Pingora would make that of a `HeaderName` for each request.
    request.insert_header(FORWARDED, client.forwarded(dialled))?;
    request.insert_header(X_FORWARDED_FOR, client.x_forwarded_for())?;
    if let Some((scheme, authority)) = dialled {
        request.insert_header("X-Forwarded-Host", authority)?;
        request.insert_header("X-Forwarded-Proto", scheme)?;
    }
    Ok(())
}

/// The fields that say so of a client whom nobody stands before, as they are written.
fn introduction(client: &Client) -> Bytes {
    let (forwarded, x_forwarded_for) = (client.forwarded(None), client.x_forwarded_for());
    format!("{FORWARDED}: {forwarded}\r\n{X_FORWARDED_FOR}: {x_forwarded_for}\r\n").into()
}

fn opens_an_event_stream(request: &RequestHeader) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    request.method == http::Method::GET
        && request.headers.get_all(header::ACCEPT).iter().any(|accept: &HeaderValue| {
            accept.as_bytes().windows(EVENT_STREAM.len()).any(|part| part.eq_ignore_ascii_case(EVENT_STREAM))
        })
}
