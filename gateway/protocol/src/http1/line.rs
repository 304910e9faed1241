//! A line of a head as it arrives, whole or in pieces.

use std::borrow::Cow;

use memchr::memchr3;

/// What has arrived of a line. Of one that comes in pieces the first `KEPT` bytes are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Line<const KEPT: usize> {
    kept: Vec<u8>,
    /// How much has arrived, kept or not.
    arrived: usize,
    after_cr: bool,
}

/// A line that has ended, without the CR LF it ended in.
pub(super) struct Whole<'b> {
    pub text: Cow<'b, [u8]>,
    /// Not all of it was kept.
    pub is_cut: bool,
}

/// A byte no line of a head may hold (RFC 9112 §2.2, RFC 9110 §5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// An LF without a CR before it.
    Lf,
    /// A NUL, or a CR without an LF behind it.
    Control,
}

impl<const KEPT: usize> Line<KEPT> {
    /// Takes the next of some bytes, up to the end of the line: how many that were, and the line if it has ended.
    pub(super) fn step<'b>(&mut self, bytes: &'b [u8]) -> Result<(usize, Option<Whole<'b>>), Stray> {
        if self.after_cr {
            return match bytes.first() {
                Some(b'\n') => Ok((1, Some(self.end(&[])))),
                _ => Err(Stray::Control),
            };
        }
        // The end of the line and what no line may hold, found by one search.
        let Some(end) = memchr3(b'\r', b'\n', b'\0', bytes) else {
            self.keep(bytes);
            return Ok((bytes.len(), None));
        };
        let (line, behind) = bytes.split_at(end);
        match behind {
            [b'\r'] => {
                self.keep(line);
                self.after_cr = true;
                Ok((bytes.len(), None))
            }
            [b'\r', b'\n', ..] => Ok((end + 2, Some(self.end(line)))),
            [b'\n', ..] => Err(Stray::Lf),
            _ => Err(Stray::Control),
        }
    }

    /// Whether one has begun that has not ended.
    pub(super) fn has_begun(&self) -> bool {
        self.arrived > 0 || self.after_cr
    }

    /// How much of it has arrived, without what ends it.
    pub(super) fn length(&self) -> usize {
        self.arrived
    }

    fn end<'b>(&mut self, rest: &'b [u8]) -> Whole<'b> {
        if !self.has_begun() {
            return Whole { text: Cow::Borrowed(rest), is_cut: false };
        }
        self.keep(rest);
        let Line { kept, arrived, .. } = std::mem::take(self);
        Whole { is_cut: kept.len() < arrived, text: Cow::Owned(kept) }
    }

    fn keep(&mut self, piece: &[u8]) {
        self.arrived += piece.len();
        let room = KEPT.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
}
