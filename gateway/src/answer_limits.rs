//! How much of an answer is passed on, where a policy limits it: of an event stream, how much of each event.

use bytes::Bytes;
use http::header;
use pingora::http::ResponseHeader;
use tollgate_plugins::effects::AnswerLimits;
use tollgate_protocol::sse::BetweenEvents;

use crate::reason;
use crate::respond::Refusal;

/// An answer that is measured while it passes.
#[derive(Debug)]
pub struct Measured {
    max: u64,
    /// Since the beginning, or since the last event has ended.
    passed: u64,
    /// Of an event stream, where it is.
    events: Option<BetweenEvents>,
}

/// Has an answer measured, if there is a limit for its kind.
///
/// # Errors
/// When its head says that it is longer.
pub fn begin(
    limits: AnswerLimits,
    is_stream: bool,
    response: &ResponseHeader,
) -> Result<Option<Measured>, Refusal> {
    let Some(max) = (if is_stream { limits.event } else { limits.body }) else { return Ok(None) };
    let length =
        response.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match length.is_some_and(|length: u64| length > max) && !is_stream {
        true => Err(too_large()),
        false => Ok(Some(Measured { max, passed: 0, events: is_stream.then(BetweenEvents::default) })),
    }
}

impl Measured {
    /// # Errors
    /// When this piece makes it longer than it may be.
    pub fn pass(&mut self, piece: &Bytes) -> Result<(), Refusal> {
        let Some(events) = &mut self.events else {
            self.passed += piece.len() as u64;
            return if self.passed > self.max { Err(too_large()) } else { Ok(()) };
        };
        for byte in piece {
            self.passed += 1;
            if events.pass(std::slice::from_ref(byte)) {
                self.passed = 0;
            }
            if self.passed > self.max {
                return Err(too_large());
            }
        }
        Ok(())
    }
}

fn too_large() -> Refusal {
    Refusal::new(&reason::of_policies::ANSWER_TOO_LARGE)
}
