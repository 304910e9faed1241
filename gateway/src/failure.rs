//! What went wrong between the gateway and an upstream, said once for the client and once for the operator.

use log::warn;
use pingora::{Error, ErrorSource, ErrorType};

use crate::context::Context;
use crate::endpoint::breaker::Failure;
use crate::listener::state;
use crate::reason::{self, Reason};
use crate::respond::{End, Refusal};

/// The reason a client is given for an error of Pingora's.
pub fn reason_of(error: &Error) -> &'static Reason {
    use ErrorType::*;
    if let (ErrorSource::Downstream, Some(cut)) = (error.esource(), state::cut()) {
        return cut.reason();
    }
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, InvalidHTTPHeader) => &reason::MALFORMED_HEAD,
        // Names of Pingora's own that it does not export.
        (ErrorSource::Downstream, Custom("InvalidChunk" | "InvalidTrailerEnd")) => &reason::MALFORMED_BODY,
        // On HTTP/2; on HTTP/1.1 the connection was cut.
        (ErrorSource::Downstream, WriteTimedout) => &reason::ANSWER_NOT_READ,
        (ErrorSource::Downstream, _) => &reason::CLIENT_CLOSED,
        (_, ConnectTimedout | ReadTimedout | WriteTimedout | TLSHandshakeTimedout) => {
            &reason::UPSTREAM_TIMEOUT
        }
        (
            _,
            ConnectRefused | ConnectNoRoute | ConnectError | BindError | SocketError | TLSHandshakeFailure
            | TLSWantX509Lookup | InvalidCert | HandshakeError,
        ) => &reason::UPSTREAM_UNREACHABLE,
        (ErrorSource::Upstream, _) => &reason::UPSTREAM_FAILED,
        _ => &reason::INTERNAL,
    }
}

/// Tells the operator, who may know the upstream's name; a client that left is not worth a line of its own.
pub fn log(error: &Error, refusal: &Refusal, context: &Context) {
    if is_about_the_client(refusal.reason) {
        return;
    }
    let api = context.route.as_ref().map_or("-", |route| route.api.name.as_str());
    // The type and the cause, never the context: that is where Pingora quotes what it read.
    let cause = error.root_cause();
    let detail = if std::ptr::addr_eq(cause, error) { String::new() } else { format!(": {cause}") };
    warn!("{} api {api}: {}: {}{detail}", context.request_id, refusal.reason.slug, error.etype().as_str());
}

/// Whether the client alone is why a request ended: its log line says all there is.
pub fn is_about_the_client(reason: &Reason) -> bool {
    [&reason::CLIENT_CLOSED, &reason::BODY_TOO_SLOW, &reason::ANSWER_NOT_READ, &reason::MALFORMED_BODY]
        .contains(&reason)
}

/// How an upstream has failed that has not answered.
pub fn kind_of(error: &Error) -> Failure {
    match reason_of(error) == &reason::UPSTREAM_UNREACHABLE || *error.etype() == ErrorType::ConnectTimedout {
        true => Failure::Unreachable,
        false => Failure::Silent,
    }
}

/// Whether an upstream is to blame for an error.
pub fn is_the_upstreams(error: &Error) -> bool {
    *error.esource() == ErrorSource::Upstream
}

/// Whether a connection to an upstream ended, or carried nonsense, before the answer was there. A timeout is no such
/// thing: who has waited that long is not made to wait again.
pub fn is_broken_off_by_upstream(error: &Error) -> bool {
    is_the_upstreams(error) && !matches!(error.etype(), ErrorType::ReadTimedout | ErrorType::WriteTimedout)
}

/// Whether the upstream has closed its end of a connection. A reset alone is no such thing: whoever sends one may have
/// read what came before, without a word about it.
pub fn is_closed_by_upstream(error: &Error) -> bool {
    let broken = || {
        let cause = error.root_cause().downcast_ref::<std::io::Error>();
        // What Linux says about a reset after the other side had closed.
        cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
    };
    is_the_upstreams(error) && (*error.etype() == ErrorType::ConnectionClosed || broken())
}

/// Pingora's pool gave out a connection that is about to be closed.
pub fn unusable_connection() -> Box<Error> {
    Error::explain(UNUSABLE, "it is about to be closed")
}

pub fn is_unusable_connection(error: &Error) -> bool {
    *error.etype() == UNUSABLE
}

const UNUSABLE: ErrorType = ErrorType::Custom("UnusableConnection");

/// A server whose certificate is valid and not one of those it must be.
pub fn unpinned_certificate() -> Box<Error> {
    Error::explain(ErrorType::InvalidCert, "the certificate is none of those pinned").into_up()
}

/// Nothing was sent either.
pub fn is_unpinned_certificate(error: &Error) -> bool {
    *error.etype() == ErrorType::InvalidCert
}

/// An answer that was cut for taking too long.
pub fn took_too_long() -> Box<Error> {
    Error::explain(ErrorType::ReadTimedout, "the answer took too long").into_up()
}

/// An answer that two readers could read differently, or that nobody asked for.
pub fn unfit_answer(what: &'static str) -> Box<Error> {
    Error::explain(ErrorType::InvalidHTTPHeader, what).into_up()
}

/// A request that reached a hook its route should have been set for.
/// The request ends at the gateway, in a hook that cannot answer: `end` tells the one that does.
pub fn ended_with(end: &mut Option<End>, with: impl Into<End>) -> Box<Error> {
    *end = Some(with.into());
    Error::explain(ErrorType::InternalError, "the gateway answers itself")
}

pub fn no_route() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "the request has no route")
}
