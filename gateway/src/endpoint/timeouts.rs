//! How long an endpoint may take, for each part of an exchange. Streams have limits of their own: one may be silent
//! for hours and be well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{Connection, Progress};

/// The limits; those that may be absent are then without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect to one address.
    pub connect: Duration,
    /// For the TLS handshake that follows.
    pub tls_handshake: Duration,
    /// From the last byte of the request that was sent to the head of the answer.
    pub first_byte: Duration,
    /// Between two pieces of an answer that is no event stream.
    pub body_idle: Duration,
    /// Between two pieces of an event stream.
    pub stream_idle: Option<Duration>,
    /// For an answer that is no event stream, from the request on.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(3),
            tls_handshake: Duration::from_secs(7),
            first_byte: Duration::from_secs(300),
            body_idle: Duration::from_secs(60),
            stream_idle: None,
            total: None,
        }
    }
}

impl Timeouts {
    /// What each read of a request over HTTP/2 may take: the only limit there is for requests that share a connection.
    /// A GET opens a stream, which has its own.
    pub fn each_read(&self, is_stream: bool) -> Option<Duration> {
        match is_stream {
            true => self.stream_idle,
            false => Some(self.stream_idle.map_or(self.first_byte, |idle| idle.max(self.first_byte))),
        }
    }
}

/// A request that waits for its endpoint.
pub struct Wait {
    connection: Arc<Connection>,
    timeouts: Timeouts,
    began: Instant,
    /// Until the next piece, and by when everything must be there; known once the head is.
    answer: Option<(Option<Duration>, Option<Instant>)>,
    /// Whether an earlier request has used the connection.
    reused: bool,
    /// On such a connection, what had become of it when this request was about to be sent.
    before: Option<Progress>,
}

impl Wait {
    /// `None` when the connection cannot be used.
    pub fn begin(connection: Arc<Connection>, timeouts: Timeouts, reused: bool) -> Option<Wait> {
        let began = Instant::now();
        let wait = Wait { connection, timeouts, began, answer: None, reused, before: None };
        wait.progressed().then_some(wait)
    }

    /// The request is about to be sent. `false` when the other side has closed the connection since it was last used.
    pub fn may_send(&mut self) -> bool {
        if self.reused {
            self.before = self.connection.progress();
        }
        self.before.is_none_or(|before| before.is_open)
    }

    /// Whether nothing of the request was taken by the other side, given that it has closed the connection: it did so
    /// before anything had arrived. (What it does with what arrives afterwards is throw it away, RFC 9112 §9.6; and had it
    /// closed later, its last segment would have acknowledged what came before.)
    pub fn has_sent_nothing(&self) -> bool {
        self.before.is_some_and(|before| {
            self.connection.progress().is_some_and(|now| now.acknowledged == before.acknowledged)
        })
    }

    /// A piece of the request was there to send, or one of the answer has come.
    pub fn progressed(&self) -> bool {
        self.connection.must_progress_by(self.deadline(Instant::now()))
    }

    /// The head of the answer has come.
    pub fn answered(&mut self, is_event_stream: bool) {
        self.answer = Some(match is_event_stream {
            true => (self.timeouts.stream_idle, None),
            false => (Some(self.timeouts.body_idle), self.timeouts.total.map(|total| self.began + total)),
        });
        self.progressed();
    }

    /// The last byte has come: from now on the connection may be anyone's.
    pub fn ended(&self) {
        self.connection.must_progress_by(None);
    }

    pub fn is_over(&self) -> bool {
        self.connection.is_over()
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        let Some((idle, end)) = self.answer else {
            let head = now + self.timeouts.first_byte;
            return Some(head);
        };
        let next = idle.map(|idle| now + idle);
        match (next, end) {
            (Some(next), Some(end)) => Some(next.min(end)),
            (next, end) => next.or(end),
        }
    }
}
