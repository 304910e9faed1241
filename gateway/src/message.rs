//! The messages of requests, where somebody has to know what they ask for. The bytes that are sent on are the bytes that
//! were read.
//!
//! Where it is decided by what a message asks for, it is read ahead of everything that is sent on, as long as it fits
//! into what Pingora keeps of a body. Of a longer one the MCP server may get the head, but no part of the body until all of
//! it was read and let through ([`Held`]). Where it is only looked at, a copy is made while it passes ([`Observed`]).

mod call;
pub mod envelope;
mod held;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header;
use pingora_proxy::Session;

pub use self::call::Call;
pub use self::held::{Held, Observed};
use crate::buffers::{self, Buffers};
use crate::listener::state::{self, Cut, Phase};
use crate::reason;
use crate::respond::Refusal;

/// What Pingora keeps of a body to send it on, in bytes. Of a longer one that was read ahead the upstream would get
/// nothing.
const KEPT_MAX: usize = 64 * 1024;
/// A frame of HTTP/2 is at most this long here; the last one must not take a body beyond what is kept.
const FRAME_MAX: usize = 16 * 1024;

/// How much of messages is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of one.
    pub message: usize,
    /// Of all that are held at the same time.
    pub together: usize,
    /// Whether those that no policy asks for are looked at while they pass.
    pub observe: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { message: 4 * 1024 * 1024, together: 256 * 1024 * 1024, observe: false }
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
