//! The messages of requests, where somebody has to know what they ask for. The bytes that are sent on are the bytes that
//! were read.
//!
//! Where it is decided by what a message asks for, it is read ahead of everything that is sent on, as long as it fits
//! into what Pingora keeps of a body. Of a longer one the MCP server may get the head, but no part of the body until all of
//! it was read and let through ([`Held`]). Where it is only looked at, a copy is made while it passes ([`Observed`]).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use pingora_proxy::Session;
use tollgate_protocol::envelope::{
    Batches, Envelope, EnvelopeError, Field, Headers, Message, Target, compare,
};

use crate::buffers::{self, Buffers};
use crate::listener::state::{self, Cut, Phase};
use crate::policies;
use crate::reason;
use crate::respond::{Answered, Refusal};

/// What Pingora keeps of a body to send it on, in bytes. Of a longer one that was read ahead the upstream would get
/// nothing.
const KEPT_MAX: usize = 64 * 1024;
/// A frame of HTTP/2 is at most this long here; the last one must not take a body beyond what is kept.
const FRAME_MAX: usize = 16 * 1024;
/// Of a longer message that is only looked at, nothing is known.
const OBSERVED_MAX: usize = 64 * 1024;

/// How much of messages is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of one.
    pub message: usize,
    /// Of all that are held at the same time.
    pub together: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { message: 4 * 1024 * 1024, together: 256 * 1024 * 1024 }
    }
}

/// What is known of the message of a request.
#[derive(Debug, Default)]
pub enum State {
    /// Nobody asked.
    #[default]
    Unread,
    /// It passes, and is looked at.
    Observed(Observed),
    /// It is held back.
    Held(Held),
    /// It was let through. Its part of the budget is given back with the request.
    Read(Option<buffers::Held>),
}

impl State {
    /// The request is sent another time, and what has passed will pass again.
    pub fn begin_again(&mut self) {
        match self {
            State::Observed(observed) => *observed = Observed::default(),
            State::Held(held) => held.begin_again(),
            State::Unread | State::Read(_) => {}
        }
    }

    /// Whether the gateway has told the client to send the body.
    pub fn has_asked_for_it(&self) -> bool {
        matches!(self, State::Held(_) | State::Read(_))
    }
}

/// A body of which the beginning may have been read.
pub enum Begun {
    /// All of it: Pingora sends it on.
    Whole(Bytes, buffers::Held),
    /// The rest comes piece by piece.
    Long(Held),
}

/// Reads the body of a request, as far as that can be done ahead.
///
/// # Errors
/// When it is too long, or does not come, or too much is held already.
pub async fn read(
    session: &mut Session,
    bounds: Bounds,
    limit: Option<u64>,
    buffers: &Arc<Buffers>,
) -> Result<Begun, Refusal> {
    let headers = &session.req_header().headers;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut held = Held { bounds, limit, budget: buffers.hold(), bytes: BytesMut::new(), first: 0 };
    held.admit(announced.unwrap_or_default())?;
    // The client waits for a word before it sends the body, and that of the upstream will come too late.
    if headers.contains_key(header::EXPECT) {
        session.as_mut().write_continue_response().await.map_err(|_| broken_off())?;
    }
    if announced.is_some_and(|length: usize| length > KEPT_MAX) {
        return Ok(Begun::Long(held));
    }
    let is_http2 = session.as_http1().is_none();
    session.as_mut().enable_retry_buffering();
    while let Some(piece) = session.as_mut().read_request_body().await.map_err(|_| broken_off())? {
        held.push(&piece)?;
        let is_kept = !session.as_ref().retry_buffer_truncated();
        if session.as_mut().is_body_done() {
            if is_kept {
                break;
            }
            // It ends where it cannot be sent on any more; only a frame longer than any there is could do that.
            return Err(Refusal::new(&reason::MESSAGE_TOO_LARGE));
        }
        if !is_kept {
            // Pingora has forgotten it, and sends what comes from here on.
            held.first = held.bytes.len();
            return Ok(Begun::Long(held));
        }
        if is_http2 && held.bytes.len() > KEPT_MAX - FRAME_MAX {
            // Pingora has not, and sends this first.
            held.bytes.clear();
            return Ok(Begun::Long(held));
        }
    }
    state::enter(Phase::Answer);
    let whole = session.as_ref().get_retry_buffer().unwrap_or_default();
    Ok(Begun::Whole(whole, held.budget))
}

/// The client was too slow, or is gone.
fn broken_off() -> Refusal {
    Refusal::new(state::cut().map_or(&reason::MALFORMED_BODY, Cut::reason))
}

/// A body that is held back until there is all of it.
#[derive(Debug)]
pub struct Held {
    bounds: Bounds,
    /// What policies say that it may have at most.
    limit: Option<u64>,
    budget: buffers::Held,
    bytes: BytesMut,
    /// How many of them were read ahead of the request being sent on.
    first: usize,
}

impl Held {
    /// Takes a piece.
    ///
    /// # Errors
    /// When it is too long, or too much is held already.
    pub fn push(&mut self, piece: &Bytes) -> Result<(), Refusal> {
        self.admit(self.bytes.len() + piece.len())?;
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// All that was taken, for it has ended.
    pub fn end(self) -> (Bytes, buffers::Held) {
        (self.bytes.freeze(), self.budget)
    }

    /// What has passed will pass again.
    fn begin_again(&mut self) {
        self.bytes.truncate(self.first);
    }

    /// Whether a body of this length is accepted, and there is room for it.
    fn admit(&mut self, length: usize) -> Result<(), Refusal> {
        if self.limit.is_some_and(|limit| length as u64 > limit) {
            return Err(Refusal::new(&reason::of_policies::SIZE_LIMIT));
        }
        if length > self.bounds.message {
            return Err(Refusal::new(&reason::MESSAGE_TOO_LARGE));
        }
        let missing = length.saturating_sub(self.budget.bytes());
        match self.budget.grow(missing, self.bounds.together) {
            true => Ok(()),
            false => Err(Refusal::new(&reason::BUFFERS_FULL)),
        }
    }
}

/// A copy of a body that passes.
#[derive(Debug, Default)]
pub struct Observed(BytesMut);

impl Observed {
    pub fn push(&mut self, piece: &Bytes) {
        // One that is longer is not known, and not held either.
        match self.0.len() + piece.len() <= OBSERVED_MAX {
            true => self.0.extend_from_slice(piece),
            false => *self = Observed(BytesMut::zeroed(OBSERVED_MAX)),
        }
    }

    /// All of it, unless it was too long.
    pub fn take(self) -> Option<Bytes> {
        (self.0.len() < OBSERVED_MAX).then(|| self.0.freeze())
    }
}

/// What a message asks for, as logs have it.
#[derive(Debug)]
pub struct Call {
    pub method: String,
    /// The tool, prompt or resource.
    pub name: Option<String>,
    pub asks_for_a_list: bool,
    /// The ids of what asks for a list.
    pub answered: Option<Answered>,
}

impl Call {
    /// Of the first message with a method.
    pub fn of(envelope: &Envelope<'_>) -> Option<Call> {
        let message = envelope.messages().iter().find(|message| message.method().is_some())?;
        let name = match &message.target {
            Target::None | Target::Task(_) => None,
            Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) | Target::Template(name) => {
                Some(name)
            }
        };
        let asks_for_a_list = envelope.messages().iter().filter_map(Message::method).any(is_list);
        let answered = asks_for_a_list.then(|| policies::answered(envelope)).flatten();
        let name = name.map(|name| beginning(name).to_owned());
        Some(Call { method: beginning(message.method()?).to_owned(), name, asks_for_a_list, answered })
    }
}

/// What a line of the log has room for.
fn beginning(text: &str) -> &str {
    const BYTES_MAX: usize = 256;
    text.get(..text.floor_char_boundary(BYTES_MAX)).unwrap_or_default()
}

fn is_list(method: &str) -> bool {
    matches!(method, "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list")
}

/// What the body asks for, with headers that say nothing else.
///
/// # Errors
/// When the upstream could take it for anything else than is read here.
pub fn envelope<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Envelope<'b>, Refusal> {
    let fields = headers;
    let field = |name: &str| fields.get_all(name).iter().map(|value| value.as_bytes()).collect::<Field<'_>>();
    let headers = Headers {
        protocol_version: field("mcp-protocol-version"),
        method: field("mcp-method"),
        name: field("mcp-name"),
        parameters: &[],
    };
    let revision = headers.revision();
    // Without the header a client is of 2025-03-26 at most, which has batches.
    let batches = match revision {
        Ok(revision) if revision.is_none_or(|revision| revision.has_batches()) => Batches::Allowed,
        _ => Batches::Refused,
    };
    let envelope = Envelope::read(body, batches).map_err(|error| refusal(error, None))?;
    let compared = envelope.messages().iter().map(|message| compare(&headers, message));
    match revision.err().or_else(|| compared.filter_map(Result::err).next()) {
        Some(error) => Err(refusal(error, policies::answered(&envelope))),
        None => Ok(envelope),
    }
}

fn refusal(error: EnvelopeError, answered: Option<Answered>) -> Refusal {
    let refusal = Refusal::because(&reason::BAD_MESSAGE, sentence(error));
    Refusal { code: Some(error.code()), answered: answered.map(Box::new), ..refusal }
}

fn sentence(error: EnvelopeError) -> String {
    let message = error.message();
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_passes_twice_is_seen_once() {
        let mut state = State::Observed(Observed::default());
        for pieces in [&["{\"a\""][..], &["{\"a\"", ":1}"][..]] {
            state.begin_again();
            let State::Observed(observed) = &mut state else { panic!("{state:?}") };
            pieces.iter().for_each(|piece| observed.push(&Bytes::from_static(piece.as_bytes())));
        }
        let State::Observed(observed) = state else { panic!("{state:?}") };
        assert_eq!(observed.take().as_deref(), Some(&b"{\"a\":1}"[..]));
    }
}
