//! Where a connection is in its life, shared between the stream, which meters it, and the hooks of a request, which
//! know what the next bytes belong to. Both run in the connection's own task. The streams of an HTTP/2 connection
//! run in tasks of their own and do not reach it; `server.rs` and `proxy.rs` bound those.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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
}

/// What a client was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    Head = 1,
    Body = 2,
    Answer = 3,
}

impl Cut {
    pub fn reason(self) -> &'static Reason {
        match self {
            Cut::Head => &reason::HEAD_TIMEOUT,
            Cut::Body => &reason::BODY_TOO_SLOW,
            Cut::Answer => &reason::ANSWER_NOT_READ,
        }
    }
}

/// A first request is due, and nothing is cut.
impl Default for ConnectionState {
    fn default() -> ConnectionState {
        ConnectionState { phase: AtomicU8::new(Phase::Head as u8), cut: AtomicU8::new(0) }
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
            _ => None,
        }
    }

    pub fn set_cut(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::Relaxed);
    }
}

/// Says what the next bytes of this task's connection belong to.
pub fn enter(phase: Phase) {
    // Absent in the task of an HTTP/2 stream.
    let _ = CONNECTION.try_with(|connection| connection.enter(phase));
}

/// Why this task's connection was cut, if it was.
pub fn cut() -> Option<Cut> {
    CONNECTION.try_with(|connection| connection.cut()).ok().flatten()
}
