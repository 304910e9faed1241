//! Comments on event streams that are silent, so that clients and middleboxes that count seconds do not give up. The
//! hooks of a request say whether there are any and when the stream is between two events; whoever writes keeps the time.

use std::time::Duration;

use tokio::time::Instant;

use super::state::ConnectionState;

/// A comment and a blank line: nothing to a parser of events (WHATWG HTML §9.2.6).
pub const COMMENT: &[u8] = b":\n\n";

/// The same as a chunk of HTTP/1.1 (RFC 9112 §7.1).
pub const COMMENT_CHUNK: &[u8] = b"3\r\n:\n\n\r\n";

/// What an API does for its event streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventStreams {
    /// A comment whenever nothing else was sent for this long.
    pub keep_alive: Option<Duration>,
    /// A comment ahead of everything, with the head of the answer.
    pub first_comment: bool,
}

/// When the next one is due.
#[derive(Debug, Default)]
pub struct Comments(Option<Instant>);

impl Comments {
    /// Something was written of the answer: the time begins anew.
    pub fn written(&mut self, state: &ConnectionState) {
        let Some(stream) = state.event_stream() else {
            self.0 = None;
            return;
        };
        let wait = if state.take_first_comment() { Some(Duration::ZERO) } else { stream.keep_alive };
        self.0 = wait.map(|wait| Instant::now() + wait);
    }

    /// When to write one, unless something else is written before. `None` in the midst of an event, too.
    pub fn due(&self, state: &ConnectionState) -> Option<Instant> {
        self.0.filter(|_| state.is_between_events())
    }
}
