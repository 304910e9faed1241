//! Whether an admitted caller may do what its request asks for: by its head, by its message where that is read, and,
//! where nothing is decided by the message, what policies that only look at it are shown.

use bytes::Bytes;
use pingora::http::RequestHeader;
use pingora_proxy::Session;
use tollgate_plugins::policy::Reading;
use tollgate_plugins::request::unix_millis;

use crate::context::Context;
use crate::edge::Edge;
use crate::message::{self, Begun, Call, State};
use crate::policies::{self, Stop};
use crate::reason;
use crate::respond::{End, Refusal};

/// Asks the policies about a request, and about its message as far as that can be done ahead.
///
/// # Errors
/// How the request ends at the gateway.
pub async fn request(session: &mut Session, context: &mut Context, edge: &Edge) -> Result<(), End> {
    head(session.req_header(), context).await?;
    let reading = context.reading();
    if !context.has_body {
        return Ok(());
    }
    let limit = context.effects.request_limit;
    match reading {
        Reading::No => {}
        Reading::Observe => context.message = State::Observed(message::Observed::default()),
        Reading::Enforce => {
            match message::read(session, context.gateway.messages, limit, &edge.buffers).await? {
                Begun::Long(held) => context.message = State::Held(held),
                Begun::Whole(body, budget) => {
                    context.message = State::Read(Some(budget));
                    decide(session.req_header(), context, &body).await?;
                }
            }
        }
    }
    Ok(())
}

async fn head(request: &RequestHeader, context: &mut Context) -> Result<(), End> {
    let (Some(route), Some(admission)) = (&context.route, &context.admission) else { return Err(nobody()) };
    let Some(plan) = admission.plan(&route.api) else { return Err(nobody()) };
    if !plan.policies.looks_at_heads() {
        return Ok(());
    }
    let view = policies::view(request, context.client.as_ref(), route, admission, unix_millis());
    let asked = plan.policies.head(&view, &mut context.effects).await;
    asked.map_err(|stop| ended(stop, &mut context.refused_by).end(route, Some(plan), None))
}

/// Decides about a body that is there, before any of it is sent on.
async fn decide(request: &RequestHeader, context: &mut Context, body: &Bytes) -> Result<(), End> {
    let (Some(route), Some(admission)) = (&context.route, &context.admission) else { return Err(nobody()) };
    let Some(plan) = admission.plan(&route.api) else { return Err(nobody()) };
    let envelope = message::envelope::read(&request.headers, body, &route.api.tools)?;
    context.call = Call::of(&envelope);
    let view = policies::view(request, context.client.as_ref(), route, admission, unix_millis());
    // First of all: who looks on sees what is refused as well.
    plan.policies.observe(&view, &envelope, &mut context.effects);
    if let Some(tokens) = plan.tokens().filter(|tokens| tokens.reads_messages()) {
        let token = admission.caller.token.as_ref().ok_or_else(nobody)?;
        tokens.allow(token, &envelope, &route.identifier).map_err(|refusal| Refusal {
            answered: policies::answered(&envelope).map(Box::new),
            ..refusal
        })?;
    }
    let asked = plan.policies.messages(&view, &envelope, &mut context.effects).await;
    asked.map_err(|stop| {
        ended(stop, &mut context.refused_by).end(route, Some(plan), policies::answered(&envelope))
    })
}

/// A piece of the body is about to be sent on. One that is held back becomes nothing, and the last one all of them.
///
/// # Errors
/// How the request ends at the gateway.
pub async fn body(
    request: &RequestHeader,
    context: &mut Context,
    piece: &mut Option<Bytes>,
    is_last: bool,
) -> Result<(), End> {
    context.body_passed += piece.as_ref().map_or(0, Bytes::len) as u64;
    if context.effects.request_limit.is_some_and(|limit| context.body_passed > limit) {
        return Err(Refusal::new(&reason::of_policies::SIZE_LIMIT).into());
    }
    match &mut context.message {
        State::Unread | State::Read(_) => return Ok(()),
        State::Observed(observed) => {
            if let Some(piece) = piece {
                observed.push(piece);
            }
        }
        State::Held(held) => {
            if let Some(piece) = piece.take() {
                held.push(&piece)?;
            }
            // Pingora takes no piece for the end, and an empty one for none.
            *piece = Some(Bytes::new());
        }
    }
    if !is_last {
        return Ok(());
    }
    match std::mem::take(&mut context.message) {
        State::Held(held) => {
            let (whole, budget) = held.end();
            context.message = State::Read(Some(budget));
            decide(request, context, &whole).await?;
            *piece = Some(whole);
        }
        State::Observed(observed) => observe(request, context, observed.take()),
        State::Unread | State::Read(_) => {}
    }
    Ok(())
}

/// Shows a message that has passed to those that only look. One that is not to be understood is nobody's business.
fn observe(request: &RequestHeader, context: &mut Context, body: Option<Bytes>) {
    let (Some(route), Some(admission)) = (&context.route, &context.admission) else { return };
    let (Some(plan), Some(body)) = (admission.plan(&route.api), body) else { return };
    let Ok(envelope) = message::envelope::read(&request.headers, &body, &route.api.tools) else { return };
    context.call = Call::of(&envelope);
    let view = policies::view(request, context.client.as_ref(), route, admission, unix_millis());
    plan.policies.observe(&view, &envelope, &mut context.effects);
}

/// Remembers who has refused it, for the log.
fn ended(stop: Stop, refused_by: &mut Option<crate::context::RefusedBy>) -> Stop {
    if let Stop::Deny { policy, denial } = &stop {
        *refused_by = Some((policy.clone(), denial.rule.clone()));
    }
    stop
}

/// There is no admission where one was made.
fn nobody() -> End {
    End::Refusal(Refusal::new(&reason::INTERNAL))
}
