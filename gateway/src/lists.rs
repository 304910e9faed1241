//! Lists of tools, prompts and resources on their way to the client, without what its caller may not use; and requests of
//! the server, without those it may not be asked.
//!
//! Where no rule is about such requests, looked at are the answers to messages that ask for a list, and streams that a client opened by GET, on which answers to
//! earlier messages may come; nothing else is touched. A list that cannot be read is never passed on as it is: a JSON
//! answer becomes an error of JSON-RPC, a stream ends.
//!
//! Where nothing is hidden but messages are read, the answers to those that ask for a list pass as they are, and what they
//! say of [tools](crate::tools) is remembered.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{self, HeaderName};
use pingora::http::{RequestHeader, ResponseHeader};
use tollgate_plugins::policy::Reading;
use tollgate_plugins::request::unix_millis;
use tollgate_protocol::lists::{Events, Item, ListError, Listed, filter};

use crate::buffers::{self, Buffers};
use crate::context::Context;
use crate::message::Bounds;
use crate::plan::Plan;
use crate::policies;
use crate::reason;
use crate::relay::event_stream;
use crate::respond::Refusal;
use crate::tools::Learner;

/// An answer that is looked at.
pub struct ListAnswer {
    form: Form,
    /// Whether anything may have to go. Otherwise it passes as it comes, and a copy of it is read.
    is_edited: bool,
    /// A request of the server did not come.
    has_withheld: bool,
    learner: Learner,
}

enum Form {
    /// Held until there is all of it.
    Whole { body: BytesMut, budget: buffers::Held, bounds: Bounds },
    /// Read event by event.
    Events(Events),
    /// It could not be read. If it would have been edited, the client was told so.
    Unreadable,
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

/// Whether the answer to a request may hold lists that are read.
pub fn may_come(request: &RequestHeader, context: &Context) -> bool {
    may_be_edited(request, context) || (asks_for_one(context) && context.reading() != Reading::No)
}

fn may_be_edited(request: &RequestHeader, context: &Context) -> bool {
    let Some(policies) = context.plan().map(|plan| &plan.policies) else { return false };
    let is_stream = request.method == Method::GET;
    (policies.withholds_requests() && (is_stream || request.method == Method::POST))
        || (policies.edits_lists() && (is_stream || asks_for_one(context)))
}

fn asks_for_one(context: &Context) -> bool {
    context.call.as_ref().is_some_and(|call| call.asks_for_a_list)
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
    let Some(route) = context.route.as_ref().filter(|_| may_come(request, context)) else { return Ok(None) };
    let is_stream = context.head.is_event_stream;
    let is_edited = may_be_edited(request, context);
    let is_page = request.method == Method::GET && !is_stream;
    if !response.status.is_success() || is_page || !(is_edited || asks_for_one(context)) {
        return Ok(None);
    }
    match (response.headers.contains_key(header::CONTENT_ENCODING), is_edited) {
        (true, true) => return Err(Refusal::new(&reason::LIST_UNREADABLE)),
        (true, false) => return Ok(None),
        (false, true) => be_edited(response)?,
        (false, false) => {}
    }
    let bounds = context.gateway.messages;
    let form = match is_stream {
        true => Form::Events(Events::new(bounds.message)),
        false => Form::Whole { body: BytesMut::new(), budget: buffers.hold(), bounds },
    };
    Ok(Some(ListAnswer { form, is_edited, has_withheld: false, learner: Learner::of(&route.api.tools) }))
}

/// Makes a head fit a body that may be edited.
fn be_edited(response: &mut ResponseHeader) -> Result<(), Refusal> {
    for name in &ABOUT_THE_BYTES {
        response.remove_header(name);
    }
    event_stream::never_buffer(response).map_err(|_| Refusal::new(&reason::INTERNAL))
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
    let outcome = read(&mut answer, request, context, piece.as_ref(), is_last);
    let (is_edited, is_whole) = (answer.is_edited, matches!(answer.form, Form::Whole { .. }));
    if outcome.is_err() {
        answer.form = Form::Unreadable;
    }
    if answer.has_withheld {
        context.reason = Some(reason::of_policies::ACCESS_DENIED.slug);
    }
    context.lists = Some(answer);
    match outcome {
        _ if !is_edited => {}
        Ok(edited) => *piece = Some(edited),
        Err(refusal) => {
            context.reason = Some(refusal.reason.slug);
            if !is_whole {
                return Err(refusal);
            }
            // The error the caller gets in place of the list.
            let asked = context.call.as_ref().and_then(|call| call.answered.as_ref());
            *piece = Some(refusal.json_rpc_body(&context.request_id.to_string(), asked).into());
        }
    }
    Ok(())
}

/// Reads a piece of the answer, and says what may be sent on because of it.
fn read(
    answer: &mut ListAnswer,
    request: &RequestHeader,
    context: &Context,
    piece: Option<&Bytes>,
    is_last: bool,
) -> Result<Bytes, Refusal> {
    let piece = piece.map_or(&[][..], |piece| piece);
    let unreadable = |_: ListError| Refusal::new(&reason::LIST_UNREADABLE);
    let (Some(route), Some(admission)) = (&context.route, &context.admission) else {
        return Err(Refusal::new(&reason::INTERNAL));
    };
    let now = unix_millis();
    let view = policies::view(request, context.client.as_ref(), route, admission, now);
    let plan = admission.plan(&route.api);
    let ListAnswer { form, has_withheld, learner, .. } = answer;
    let mut keep = |item: &Item<'_>| {
        learner.see(item, now);
        let is_shown = plan.is_some_and(|plan: &Plan| plan.policies.shows(&view, &item.listed));
        *has_withheld |= !is_shown && matches!(item.listed, Listed::Request(_));
        is_shown
    };
    let edited = match form {
        Form::Unreadable => return Ok(Bytes::new()),
        Form::Events(events) => events.push(piece, &mut keep).map(Bytes::from).map_err(unreadable)?,
        Form::Whole { body, budget, bounds } => {
            if body.len() + piece.len() > bounds.message || !budget.grow(piece.len(), bounds.together) {
                return Err(Refusal::new(&reason::LIST_UNREADABLE));
            }
            body.extend_from_slice(piece);
            if !is_last || body.is_empty() {
                return Ok(Bytes::new());
            }
            let whole = std::mem::take(body).freeze();
            let edited = filter(&whole, &mut keep).map_err(unreadable)?;
            edited.map_or(whole, Bytes::from)
        }
    };
    learner.keep(now);
    Ok(edited)
}
