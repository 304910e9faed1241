//! An answer of HTTP/1.1, watched as it arrives: for what the parser behind would take for something else than what was
//! sent. It lets a bare LF end a line, so that a value can hold a field, and takes an empty line for the last chunk.
//!
//! Which bytes belong to which answer has to be known exactly here, or what is in order would be refused; so an answer
//! whose end cannot be told (RFC 9112 §6.3) is a fault too.

mod head;

use std::fmt;

use super::chunked::Chunked;
pub use head::HEAD_BYTES_MAX;
use head::{Body, Head};

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not begin with a version and a status (RFC 9112 §4).
    StatusLine,
    /// A line of its head ends in LF alone, or holds a CR or NUL (RFC 9112 §2.2, RFC 9110 §5.5).
    Line,
    /// A line of its head goes on in the next (RFC 9112 §5.2).
    Folded,
    /// Its head has more than [`HEAD_BYTES_MAX`].
    TooLarge,
    /// Its head leaves open where its body ends (RFC 9112 §6.3).
    Length,
    /// A chunk or the trailer section is not in its form (RFC 9112 §7.1).
    Chunk,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::StatusLine => "the answer does not begin with a status line",
            Fault::Line => "a line of the answer's head does not end in CR LF alone",
            Fault::Folded => "a line of the answer's head is folded",
            Fault::TooLarge => "the answer's head is too large",
            Fault::Length => "the answer's head does not say where its body ends",
            Fault::Chunk => "the answer's body is not in the form of chunks",
        })
    }
}

impl std::error::Error for Fault {}

/// A fault among some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    pub fault: Fault,
    /// So many of the bytes come before the line or chunk that is at fault.
    pub sound: usize,
}

/// What arrives on a connection for one request: any number of interim answers, and the final one.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The request was a HEAD, so that there is no body whatever the head says.
    to_head: bool,
    state: State,
}

#[derive(Clone, Debug, Default)]
enum State {
    Head(Head),
    /// So many bytes of a body are left.
    Sized(u64),
    Chunked(Chunked),
    UntilClose,
    /// What else arrives is nobody's answer, and who reads the connection has to see to that.
    #[default]
    Over,
}

impl Answer {
    /// To a request that is about to be sent.
    pub fn to(is_head: bool) -> Answer {
        Answer { to_head: is_head, state: State::Head(Head::default()) }
    }

    /// Whether its last byte has come. Of one that goes on until the connection ends there is none.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// The next bytes of the connection. Those after the end of the answer are not looked at.
    ///
    /// # Errors
    /// At the first fault; after it, never again.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut sound = 0;
        while let Some(rest) = bytes.get(sound..).filter(|rest| !rest.is_empty()) {
            match self.step(rest) {
                Ok(taken) => sound += taken,
                Err(fault) => {
                    self.state = State::Over;
                    return Err(Broken { fault, sound });
                }
            }
        }
        Ok(())
    }

    /// Takes the next of some bytes, one at least.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        match &mut self.state {
            State::Over | State::UntilClose => Ok(bytes.len()),
            State::Sized(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.state = State::Over;
                }
                Ok(taken)
            }
            State::Chunked(chunked) => {
                let (taken, ended) = chunked.step(bytes).map_err(|_| Fault::Chunk)?;
                if ended {
                    self.state = State::Over;
                }
                Ok(taken)
            }
            State::Head(head) => {
                let (taken, ended) = head.step(bytes)?;
                if ended {
                    self.state = after_head(head.body(self.to_head)?);
                }
                Ok(taken)
            }
        }
    }
}

fn after_head(body: Body) -> State {
    match body {
        Body::Interim => State::Head(Head::default()),
        Body::Sized(0) => State::Over,
        Body::UntilClose => State::UntilClose,
        Body::Sized(length) => State::Sized(length),
        Body::Chunked => State::Chunked(Chunked::default()),
    }
}
