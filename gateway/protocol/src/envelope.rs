//! The MCP envelope: what one POST body asks for, as every reader would understand it, or an error.
//!
//! A policy decides from what is read here, and the upstream acts on the same bytes with a reader of its own. Where two
//! readers could differ, nothing is decided: a member twice or in another case, at any level that is read (the message,
//! its `params`, their `_meta` and `ref`, the first level of the `arguments`, and wherever a [`Pointer`] leads), is
//! refused. What is not read only has to be JSON. Nothing is normalised: the bytes to forward are the bytes read.
//!
//! Shape: a JSON object, or, where [`Revision::has_batches`], an array of 1 to [`MAX_BATCH`] of them; nested at most
//! [`MAX_DEPTH`] deep; UTF-8 without a byte order mark. How long it may be is the caller's to say. Time is linear in the
//! length, but for objects with more members than usual, whose names are sorted. A message is borrowed from the body;
//! only escapes in strings, batches and such objects allocate.
//!
//! Sources: JSON-RPC 2.0 §4 to §6; MCP 2025-03-26 basic/transports (batches); MCP 2026-07-28 basic/index (messages,
//! `_meta`) and basic/transports/streamable-http (request metadata, server validation).

mod compare;
mod error;
mod extent;
mod fold;
mod fragment;
mod message;
mod names;
pub(crate) mod object;
mod revision;
mod sentinel;
mod target;

pub use compare::{Field, Headers, Parameter, compare};
pub use error::{EnvelopeError, Fault, Header};
pub use extent::Extent;
pub use fragment::{Fragment, Pointer};
pub use message::{Id, Kind, Message};
pub use revision::Revision;
pub use target::Target;

use crate::json::{Scanner, utf8};

/// How deeply values may be nested, the message itself and a batch around it included.
pub const MAX_DEPTH: usize = 64;
/// How many messages a batch may have.
pub const MAX_BATCH: usize = 64;

/// Whether an array of messages is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Batches {
    Allowed,
    Refused,
}

/// What a POST body holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Envelope<'b> {
    Single(Message<'b>),
    /// At least one, in the order they were written.
    Batch(Vec<Message<'b>>),
}

impl<'b> Envelope<'b> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// Everything [`EnvelopeError`] lists but for headers and revisions, at the first that is found.
    pub fn read(body: &'b [u8], batches: Batches) -> Result<Envelope<'b>, EnvelopeError> {
        let document = utf8(body)?;
        // What a policy does not look into may hold half a surrogate pair: clients cut texts in the middle of one.
        let mut scanner = Scanner::tolerant(document, MAX_DEPTH);
        scanner.skip_whitespace();
        let envelope = match (scanner.peek(), batches) {
            (Some(b'['), Batches::Refused) => return Err(EnvelopeError::BatchRefused),
            (Some(b'['), Batches::Allowed) => Envelope::Batch(batch(document, &mut scanner)?),
            _ => Envelope::Single(message::read(document, &mut scanner, MAX_DEPTH)?),
        };
        scanner.end()?;
        Ok(envelope)
    }

    /// The messages: one, or those of the batch.
    pub fn messages(&self) -> &[Message<'b>] {
        match self {
            Envelope::Single(message) => std::slice::from_ref(message),
            Envelope::Batch(messages) => messages,
        }
    }
}

/// The array at the cursor.
fn batch<'b>(document: &'b str, scanner: &mut Scanner<'b>) -> Result<Vec<Message<'b>>, EnvelopeError> {
    scanner.expect(b'[')?;
    if scanner.closes(b']') {
        return Err(EnvelopeError::BatchEmpty);
    }
    let mut messages = Vec::new();
    loop {
        if messages.len() == MAX_BATCH {
            return Err(EnvelopeError::BatchTooLong);
        }
        scanner.skip_whitespace();
        messages.push(message::read(document, scanner, MAX_DEPTH - 1)?);
        if !scanner.another(b']')? {
            return Ok(messages);
        }
    }
}
