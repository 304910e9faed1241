//! Where a connection is in its life, shared between the stream, which meters it, and the hooks of a request, which
//! know what the next bytes belong to. Both run in the connection's own task. Each stream of an HTTP/2 connection runs
//! in a task of its own and has a state of its own ([`super::http2`]), beside the one of the connection's bytes.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tollgate_protocol::http1::Flaw;

use super::comments::EventStreams;
use crate::reason::{self, Reason};

tokio::task_local! {
    /// Of the connection that this task serves.
    pub static CONNECTION: Arc<ConnectionState>;
}

/// What the bytes of the client belong to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// A request head has begun, or a first one is due.
    Head,
    Body,
    /// The request has been read; only its answer is missing.
    Answer,
    /// Between two requests.
    Idle,
    /// Frames of many requests.
    Http2,
}

/// One connection's.
#[derive(Debug)]
pub struct ConnectionState {
    phase: AtomicU8,
    cut: AtomicU8,
    flaw: AtomicU8,
    /// Between two comments on the event stream that is the answer, in milliseconds.
    keep_alive: AtomicU64,
    first_comment: AtomicBool,
    between_events: AtomicBool,
    taking: AtomicU8,
    /// What endpoints are told about this client, as it is written.
    introduction: OnceLock<(IpAddr, Bytes)>,
}

/// Stand for an answer that gets no comments, and for an event stream that gets none but perhaps a first.
const NO_STREAM: u64 = 0;
const NO_KEEP_ALIVE: u64 = u64::MAX;

/// How a client takes what is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Taking {
    /// It has not taken all that was there for it.
    Behind = 0,
    /// All, of what may have found room on the way to a client that reads nothing.
    Little = 1,
    /// All of more than that; or it takes it by the windows of HTTP/2.
    Enough = 2,
}

/// Why a connection is ended: what its client was too slow for, or got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    Head = 1,
    Body = 2,
    Answer = 3,
    Framing = 4,
}

impl Cut {
    pub fn reason(self) -> &'static Reason {
        match self {
            Cut::Head => &reason::HEAD_TIMEOUT,
            Cut::Body => &reason::BODY_TOO_SLOW,
            Cut::Answer => &reason::ANSWER_NOT_READ,
            Cut::Framing => &reason::MALFORMED_BODY,
        }
    }
}

/// A first request is due, and nothing is cut.
impl Default for ConnectionState {
    fn default() -> ConnectionState {
        ConnectionState {
            phase: AtomicU8::new(Phase::Head as u8),
            cut: AtomicU8::new(0),
            flaw: AtomicU8::new(0),
            keep_alive: AtomicU64::new(NO_STREAM),
            first_comment: AtomicBool::new(false),
            between_events: AtomicBool::new(false),
            taking: AtomicU8::new(Taking::Little as u8),
            introduction: OnceLock::new(),
        }
    }
}

impl ConnectionState {
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Head,
            1 => Phase::Body,
            2 => Phase::Answer,
            3 => Phase::Idle,
            _ => Phase::Http2,
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub fn cut(&self) -> Option<Cut> {
        match self.cut.load(Ordering::Relaxed) {
            1 => Some(Cut::Head),
            2 => Some(Cut::Body),
            3 => Some(Cut::Answer),
            4 => Some(Cut::Framing),
            _ => None,
        }
    }

    pub fn set_cut(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::Relaxed);
    }

    /// What is wrong with a request that has arrived.
    pub fn flaw(&self) -> Option<Flaw> {
        let number = usize::from(self.flaw.load(Ordering::Relaxed));
        Flaw::ALL.get(number.checked_sub(1)?).copied()
    }

    pub fn set_flaw(&self, flaw: Flaw) {
        self.flaw.store(flaw as u8, Ordering::Relaxed);
    }

    pub fn taking(&self) -> Taking {
        match self.taking.load(Ordering::Relaxed) {
            0 => Taking::Behind,
            1 => Taking::Little,
            _ => Taking::Enough,
        }
    }

    pub fn set_taking(&self, taking: Taking) {
        self.taking.store(taking as u8, Ordering::Relaxed);
    }

    /// The event stream that is being answered with, if it may get comments.
    pub fn event_stream(&self) -> Option<EventStreams> {
        let keep_alive = match self.keep_alive.load(Ordering::Relaxed) {
            NO_STREAM => return None,
            NO_KEEP_ALIVE => None,
            milliseconds => Some(Duration::from_millis(milliseconds)),
        };
        Some(EventStreams { keep_alive, first_comment: self.first_comment.load(Ordering::Relaxed) })
    }

    /// Whether a comment is due at once, which it is only once.
    pub fn take_first_comment(&self) -> bool {
        self.first_comment.swap(false, Ordering::Relaxed)
    }

    pub fn is_between_events(&self) -> bool {
        self.between_events.load(Ordering::Relaxed)
    }

    fn set_event_stream(&self, stream: Option<EventStreams>) {
        let keep_alive = stream.map_or(NO_STREAM, |stream| {
            let milliseconds = stream.keep_alive.map(|interval| interval.as_millis());
            milliseconds.and_then(|interval| u64::try_from(interval).ok()).unwrap_or(NO_KEEP_ALIVE)
        });
        self.keep_alive.store(keep_alive, Ordering::Relaxed);
        self.first_comment.store(stream.is_some_and(|stream| stream.first_comment), Ordering::Relaxed);
        self.between_events.store(true, Ordering::Relaxed);
    }
}

/// Says what the next bytes of this task's connection belong to.
pub fn enter(phase: Phase) {
    // Absent where no listener of the gateway's own has taken the connection.
    let _ = CONNECTION.try_with(|connection| connection.enter(phase));
}

/// Why this task's connection was cut, if it was.
pub fn cut() -> Option<Cut> {
    CONNECTION.try_with(|connection| connection.cut()).ok().flatten()
}

/// How this task's client takes its answers. What is read for it, before it is known to read, is read in small pieces.
pub fn taking() -> Taking {
    CONNECTION.try_with(|connection| connection.taking()).unwrap_or(Taking::Enough)
}

/// What endpoints are told about a client, with each request the same, if it is this task's. `make` is asked once.
pub fn introduction(client: IpAddr, make: impl FnOnce() -> Bytes) -> Option<Bytes> {
    let known = CONNECTION.try_with(|connection| {
        let (of, lines) = connection.introduction.get_or_init(|| (client, make()));
        (*of == client).then(|| lines.clone())
    });
    known.ok().flatten()
}

/// What is wrong with the bytes of this task's request, if anything is.
pub fn flaw() -> Option<Flaw> {
    CONNECTION.try_with(|connection| connection.flaw()).ok().flatten()
}

/// Says that this task answers with an event stream that gets comments, or no longer does.
pub fn comment(stream: Option<EventStreams>) {
    let _ = CONNECTION.try_with(|connection| connection.set_event_stream(stream));
}

/// Says whether the event stream this task answers with is between two events.
pub fn between_events(it_is: bool) {
    let _ = CONNECTION.try_with(|connection| connection.between_events.store(it_is, Ordering::Relaxed));
}
