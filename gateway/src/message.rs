//! The message of a request, read whole ahead of everything that is sent on: where it is decided by what it asks for, a
//! message that is refused reaches nobody. The bytes that are sent on are the bytes that were read.

use bytes::Bytes;
use http::{HeaderMap, header};
use pingora_proxy::Session;
use tollgate_protocol::envelope::{Batches, Envelope, EnvelopeError, Field, Headers, compare};

use crate::listener::state::{self, Cut, Phase};
use crate::reason;
use crate::respond::Refusal;

/// What Pingora keeps of a body to send it on, in bytes. Of a longer one the upstream would get nothing.
pub const BYTES_MAX: usize = 64 * 1024;

/// Reads the body of a request.
///
/// # Errors
/// When it is too long, or does not come.
pub async fn read(session: &mut Session) -> Result<Bytes, Refusal> {
    let headers = &session.req_header().headers;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > BYTES_MAX) {
        return Err(Refusal::new(&reason::MESSAGE_TOO_LARGE));
    }
    // The client waits for a word before it sends the body, and that of the upstream will come too late.
    if headers.contains_key(header::EXPECT) {
        session.as_mut().write_continue_response().await.map_err(|_| broken_off())?;
    }
    session.as_mut().enable_retry_buffering();
    while session.as_mut().read_request_body().await.map_err(|_| broken_off())?.is_some() {
        if session.as_ref().retry_buffer_truncated() {
            return Err(Refusal::new(&reason::MESSAGE_TOO_LARGE));
        }
    }
    state::enter(Phase::Answer);
    Ok(session.as_ref().get_retry_buffer().unwrap_or_default())
}

/// The client was too slow, or is gone.
fn broken_off() -> Refusal {
    Refusal::new(state::cut().map_or(&reason::MALFORMED_BODY, Cut::reason))
}

/// What the body asks for, with headers that say nothing else.
///
/// # Errors
/// When the upstream could take it for anything else than is read here.
pub fn envelope<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Envelope<'b>, Refusal> {
    read_envelope(headers, body).map_err(|error| Refusal {
        code: Some(error.code()),
        ..Refusal::because(&reason::BAD_MESSAGE, sentence(error))
    })
}

fn read_envelope<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Envelope<'b>, EnvelopeError> {
    let field =
        |name: &str| headers.get_all(name).iter().map(|value| value.as_bytes()).collect::<Field<'_>>();
    let headers = Headers {
        protocol_version: field("mcp-protocol-version"),
        method: field("mcp-method"),
        name: field("mcp-name"),
        parameters: &[],
    };
    // Without the header a client is of 2025-03-26 at most, which has batches.
    let batches = match headers.revision()?.is_none_or(|revision| revision.has_batches()) {
        true => Batches::Allowed,
        false => Batches::Refused,
    };
    let envelope = Envelope::read(body, batches)?;
    for message in envelope.messages() {
        compare(&headers, message)?;
    }
    Ok(envelope)
}

fn sentence(error: EnvelopeError) -> String {
    let message = error.message();
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
