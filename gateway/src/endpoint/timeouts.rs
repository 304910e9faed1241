//! How long an endpoint may take, for each part of an exchange. Streams have limits of their own: one may be silent
//! for hours and be well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_protocol::url::Scheme;

use super::connection::{self, Connection};
use crate::config;

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
    /// Until the next move of either side.
    limit: Option<Duration>,
    /// An earlier request has used the connection.
    reused: bool,
    is_tls: bool,
    /// On a connection that is used again, what the other side had taken before this request, at most.
    taken_before: Option<u64>,
}

impl Wait {
    /// `None` when the connection cannot be used.
    pub fn begin(
        connection: Arc<Connection>,
        settings: &config::Endpoint,
        reused: bool,
        began: Instant,
    ) -> Option<Wait> {
        let timeouts = settings.timeouts;
        let limit = Some(timeouts.first_byte);
        let is_open = connection.begin(limit, settings.pool);
        let is_tls = settings.url.origin().scheme() == Scheme::Https;
        is_open.then_some(Wait { connection, timeouts, began, limit, reused, is_tls, taken_before: None })
    }

    /// What the request is sent on.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The request is about to be sent. `false` when the other side has closed the connection while something else was
    /// `awaited` after it was chosen, or said what nobody had asked for.
    pub fn may_send(&mut self, awaited: bool) -> bool {
        if self.reused {
            self.taken_before = match self.is_tls {
                true => self.connection.taken(),
                false => Some(self.connection.written()),
            };
        }
        !self.reused || !awaited || self.connection.is_quiet()
    }

    /// Whether nothing of the request was taken by the other side, given that it has closed the connection: it did so
    /// before anything had arrived. (What it does with what arrives afterwards is throw it away, RFC 9112 §9.6; and had it
    /// closed later, its last segment would have acknowledged what came before.)
    pub fn has_sent_nothing(&self) -> bool {
        self.taken_before.zip(self.connection.taken()).is_some_and(|(before, now)| now <= before)
    }

    /// A piece of the request was there to send, or one of the answer has come.
    pub fn progressed(&self) {
        self.connection.deadline.moved(self.limit);
    }

    /// The head of the answer has come.
    pub fn answered(&mut self, is_event_stream: bool) {
        self.limit = match is_event_stream {
            true => self.timeouts.stream_idle,
            false => Some(self.timeouts.body_idle),
        };
        let total = self.timeouts.total.filter(|_| !is_event_stream);
        let end = total.map(|total| connection::milliseconds(self.began + total));
        self.connection.deadline.must_end_by(end);
        self.progressed();
    }

    pub fn is_over(&self) -> bool {
        self.connection.deadline.is_over()
    }
}
