//! The head of an answer: the form of its lines, and what it says about the body.

use memchr::memchr;

use super::super::line::Line;
use super::Fault;
use crate::syntax::is_ows;

/// So much is read of a line: more than what frames a body could sensibly need.
const LINE_KEPT: usize = 1024;

/// What the head of an answer may have at most, with all its line ends. The parser behind reads a head from its beginning
/// each time that more of it has come, so a larger one would take a time that grows with the square of its size.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Another head: this one was interim.
    Interim,
    /// Zero: there is none.
    Sized(u64),
    Chunked,
    /// Everything, until the connection ends.
    UntilClose,
}

/// A head that has begun.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    status: Option<u16>,
    /// What there was of it so far.
    bytes: usize,
    length: Length,
    coding: Coding,
    line: Line<LINE_KEPT>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    #[default]
    Unsaid,
    Said(u64),
    Unclear,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Coding {
    #[default]
    None,
    Chunked,
    Other,
}

impl Head {
    /// The next of some bytes, a line or what there is of one: how many that were, and whether the head ends there.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<(usize, bool), Fault> {
        if !self.line.has_begun() && bytes.first().is_some_and(|first| is_ows(*first)) {
            return Err(Fault::Folded);
        }
        let (taken, line) = self.line.step(bytes).map_err(|_| Fault::Line)?;
        self.bytes += taken;
        if self.bytes > HEAD_BYTES_MAX {
            return Err(Fault::TooLarge);
        }
        let ended = match line {
            Some(line) => self.read(&line.text, line.is_cut)?,
            None => false,
        };
        Ok((taken, ended))
    }

    /// Reads a line, as far as it was kept; says whether the head ends with it.
    fn read(&mut self, line: &[u8], is_cut: bool) -> Result<bool, Fault> {
        if self.status.is_none() {
            self.status = Some(status(line).ok_or(Fault::StatusLine)?);
            return Ok(false);
        }
        if line.is_empty() {
            return Ok(true);
        }
        // As long as it may be, however it has arrived.
        let whole = Some(line).filter(|line| !is_cut && line.len() < LINE_KEPT);
        self.read_field(line, whole);
        Ok(false)
    }

    fn read_field(&mut self, line: &[u8], whole: Option<&[u8]>) {
        // Most fields are about something else, which shows in a byte.
        if !line.first().is_some_and(|first| matches!(first, b'C' | b'c' | b'T' | b't')) {
            return;
        }
        let colon = memchr(b':', line);
        // RFC 9112 §5.1: space behind a name is to be removed, so it is the same field.
        let name = line.get(..colon.unwrap_or(line.len())).unwrap_or_default().trim_ascii_end();
        let value = whole.zip(colon).and_then(|(line, colon)| line.get(colon + 1..));
        if name.eq_ignore_ascii_case(b"content-length") {
            self.length = match (value.and_then(length), self.length) {
                (Some(length), Length::Unsaid) => Length::Said(length),
                (Some(length), Length::Said(before)) if length == before => Length::Said(length),
                _ => Length::Unclear,
            };
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let chunked = value.is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"chunked"));
            self.coding =
                if chunked && self.coding == Coding::None { Coding::Chunked } else { Coding::Other };
        }
    }

    /// RFC 9112 §6.3.
    pub(super) fn body(&self, to_head: bool) -> Result<Body, Fault> {
        match (self.status, self.coding, self.length) {
            (Some(101), ..) => Ok(Body::UntilClose),
            (Some(100..=199), ..) => Ok(Body::Interim),
            (Some(204 | 304), ..) => Ok(Body::Sized(0)),
            _ if to_head => Ok(Body::Sized(0)),
            (_, Coding::Chunked, _) => Ok(Body::Chunked),
            (_, Coding::None, Length::Said(length)) => Ok(Body::Sized(length)),
            (_, Coding::None, Length::Unsaid) => Ok(Body::UntilClose),
            _ => Err(Fault::Length),
        }
    }
}

/// `HTTP-version SP status-code SP [ reason-phrase ]`; the last space is missing in some.
fn status(line: &[u8]) -> Option<u16> {
    let [b'0' | b'1', b' ', digits @ ..] = line.strip_prefix(b"HTTP/1.")? else { return None };
    let (digits, reason) = digits.split_at_checked(3)?;
    let is_status =
        digits.iter().all(u8::is_ascii_digit) && reason.first().is_none_or(|first| *first == b' ');
    std::str::from_utf8(digits).ok().filter(|_| is_status)?.parse().ok()
}

/// A length, however often it says the same one (RFC 9110 §8.6).
fn length(value: &[u8]) -> Option<u64> {
    let mut lengths = value.split(|byte| *byte == b',').map(|one| {
        let digits = std::str::from_utf8(one.trim_ascii()).ok()?;
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?
    });
    let first = lengths.next()??;
    lengths.all(|other| other == Some(first)).then_some(first)
}
