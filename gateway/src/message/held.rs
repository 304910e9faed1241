//! Bodies on their way: held back until there is all of one, or copied while one passes.

use bytes::{Bytes, BytesMut};

use super::Bounds;
use crate::buffers;
use crate::reason;
use crate::respond::Refusal;

/// Of a longer message that is only looked at, nothing is known.
const OBSERVED_MAX: usize = 64 * 1024;

/// A body that is held back until there is all of it.
#[derive(Debug)]
pub struct Held {
    pub(super) bounds: Bounds,
    /// What policies say that it may have at most.
    pub(super) limit: Option<u64>,
    pub(super) budget: buffers::Held,
    pub(super) bytes: BytesMut,
    /// How many of them were read ahead of the request being sent on.
    pub(super) first: usize,
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
    pub(super) fn begin_again(&mut self) {
        self.bytes.truncate(self.first);
    }

    /// Whether a body of this length is accepted, and there is room for it.
    pub(super) fn admit(&mut self, length: usize) -> Result<(), Refusal> {
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

/// A body that passes.
#[derive(Debug, Default)]
pub struct Observed {
    /// The first piece, as most bodies have one, and of more than one a copy.
    bytes: Bytes,
    is_too_long: bool,
}

impl Observed {
    pub fn push(&mut self, piece: &Bytes) {
        if self.is_too_long || self.bytes.len() + piece.len() > OBSERVED_MAX {
            // It is not known, and not held either.
            *self = Observed { bytes: Bytes::new(), is_too_long: true };
        } else if self.bytes.is_empty() {
            self.bytes = piece.clone();
        } else {
            let before = std::mem::take(&mut self.bytes).try_into_mut();
            let mut all = before.unwrap_or_else(|shared| BytesMut::from(&*shared));
            all.extend_from_slice(piece);
            self.bytes = all.freeze();
        }
    }

    /// All of it, unless it was too long.
    pub fn take(self) -> Option<Bytes> {
        (!self.is_too_long).then_some(self.bytes)
    }
}
