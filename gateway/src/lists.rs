//! Lists of tools, prompts and resources on their way to the client, without what its caller may not use.
//!
//! Looked at are the answers to messages that ask for a list, and streams that a client opened by GET, on which answers to
//! earlier messages may come; nothing else is touched. A list that cannot be read is never passed on as it is: a JSON
//! answer becomes an error of JSON-RPC, a stream ends.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{self, HeaderName};
use pingora::http::{RequestHeader, ResponseHeader};
use tollgate_protocol::lists::{Events, ListError, Listed, filter};

use crate::buffers::{self, Buffers};
use crate::context::{Context, unix_millis};
use crate::message::Bounds;
use crate::plan::Plan;
use crate::policies;
use crate::reason;
use crate::relay::event_stream;
use crate::respond::Refusal;

/// An answer that is looked at.
pub enum ListAnswer {
    /// Held until there is all of it.
    Whole { body: BytesMut, budget: buffers::Held, bounds: Bounds },
    /// Passed on event by event.
    Events(Events),
    /// It could not be read, and the client was told so.
    Refused,
}

/// What is no longer true of an answer that was edited.
const ABOUT_THE_BYTES: [HeaderName; 7] = [
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Whether the answer to a request may hold lists that have to be edited.
pub fn may_come(request: &RequestHeader, context: &Context) -> bool {
    let edits = context.plan().is_some_and(|plan| plan.policies.edits_lists());
    edits && (request.method == Method::GET || context.call.as_ref().is_some_and(|call| call.asks_for_a_list))
}

/// Has the MCP server answer in a way that can be read.
pub fn ask_plainly(request: &mut RequestHeader) {
    request.remove_header(&header::ACCEPT_ENCODING);
    request.remove_header(&header::RANGE);
}

/// Looks at the head of an answer; afterwards it fits what will come of the body.
///
/// # Errors
/// When the body is in a coding that cannot be read.
pub fn begin(
    request: &RequestHeader,
    response: &mut ResponseHeader,
    context: &Context,
    buffers: &Arc<Buffers>,
) -> Result<Option<ListAnswer>, Refusal> {
    let is_stream = event_stream::is_one(response);
    let asks = context.call.as_ref().is_some_and(|call| call.asks_for_a_list);
    if !may_come(request, context) || !response.status.is_success() || !(is_stream || asks) {
        return Ok(None);
    }
    if response.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::new(&reason::LIST_UNREADABLE));
    }
    for name in &ABOUT_THE_BYTES {
        response.remove_header(name);
    }
    event_stream::never_buffer(response).map_err(|_| Refusal::new(&reason::INTERNAL))?;
    let bounds = context.gateway.messages;
    Ok(Some(match is_stream {
        true => ListAnswer::Events(Events::new(bounds.message)),
        false => ListAnswer::Whole { body: BytesMut::new(), budget: buffers.hold(), bounds },
    }))
}

/// Passes a piece of the answer on, edited.
///
/// # Errors
/// When a list of a stream cannot be read, so that the stream has to end.
pub fn relay(
    request: &RequestHeader,
    context: &mut Context,
    piece: &mut Option<Bytes>,
    is_last: bool,
) -> Result<(), Refusal> {
    let Some(mut answer) = context.lists.take() else { return Ok(()) };
    let edited = edit(&mut answer, request, context, piece.take(), is_last);
    context.lists = Some(answer);
    match edited {
        Ok(edited) => *piece = Some(edited),
        Err(refusal) => {
            context.reason = Some(refusal.reason.slug);
            let Some(ListAnswer::Whole { .. }) = &context.lists else { return Err(refusal) };
            // The error the caller gets in place of the list.
            let asked = context.call.as_ref().and_then(|call| call.answered.as_ref());
            *piece = Some(refusal.json_rpc_body(&context.request_id.to_string(), asked).into());
            context.lists = Some(ListAnswer::Refused);
        }
    }
    Ok(())
}

fn edit(
    answer: &mut ListAnswer,
    request: &RequestHeader,
    context: &Context,
    piece: Option<Bytes>,
    is_last: bool,
) -> Result<Bytes, Refusal> {
    let piece = piece.unwrap_or_default();
    let unreadable = |_: ListError| Refusal::new(&reason::LIST_UNREADABLE);
    let (Some(route), Some(admission)) = (&context.route, &context.admission) else {
        return Err(Refusal::new(&reason::INTERNAL));
    };
    let view = policies::view(request, context.client.as_ref(), route, admission, unix_millis());
    let plan = admission.plan(&route.api);
    let mut keep = |item: &Listed<'_>| plan.is_some_and(|plan: &Plan| plan.policies.shows(&view, item));
    match answer {
        ListAnswer::Refused => Ok(Bytes::new()),
        ListAnswer::Events(events) => events.push(&piece, &mut keep).map(Bytes::from).map_err(unreadable),
        ListAnswer::Whole { body, budget, bounds } => {
            if body.len() + piece.len() > bounds.message || !budget.grow(piece.len(), bounds.together) {
                return Err(Refusal::new(&reason::LIST_UNREADABLE));
            }
            body.extend_from_slice(&piece);
            if !is_last || body.is_empty() {
                return Ok(Bytes::new());
            }
            let whole = std::mem::take(body).freeze();
            let edited = filter(&whole, &mut keep).map_err(unreadable)?;
            Ok(edited.map_or(whole, Bytes::from))
        }
    }
}
