//! A chunked body with its trailer section, in the form of RFC 9112 §7.1 and no other.

use super::{Flaw, Step};
use crate::syntax::{is_ows, is_tchar};

/// A line that announces a chunk, or one field of the trailer section.
const LINE_MAX: usize = 8 * 1024;
/// More digits say no size that could be sent.
const SIZE_DIGITS_MAX: usize = 16;

/// A body that has begun.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunked {
    at: At,
    /// What has arrived of a line, where it did not arrive whole.
    line: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Size,
    Data(u64),
    /// The line end after a chunk's data.
    DataEnd,
    Trailers,
}

impl Chunked {
    /// The next bytes; done at the end of the trailer section.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Step<()>, Flaw> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let (more, ended) = self.step(rest)?;
            taken += more;
            if ended {
                return Ok(Step::Done(taken, ()));
            }
        }
        Ok(Step::More)
    }

    /// The next of some bytes, a line or what there is of a chunk: how many that were, and whether the body ends there.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<(usize, bool), Flaw> {
        if let At::Data(left) = self.at {
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            let left = left - here as u64;
            self.at = if left == 0 { At::DataEnd } else { At::Data(left) };
            return Ok((here, false));
        }
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.keep(bytes)?;
            return Ok((bytes.len(), false));
        };
        let piece = bytes.get(..=end).unwrap_or_default();
        let ended = if self.line.is_empty() {
            self.read(piece)?
        } else {
            self.line.extend_from_slice(piece);
            let line = std::mem::take(&mut self.line);
            self.read(&line)?
        };
        Ok((end + 1, ended))
    }

    fn keep(&mut self, beginning: &[u8]) -> Result<(), Flaw> {
        self.line.extend_from_slice(beginning);
        // Two bytes end the data of a chunk; a body that goes on instead is not kept to find that out.
        let most = if matches!(self.at, At::DataEnd) { 1 } else { LINE_MAX };
        if self.line.len() > most { Err(Flaw::Chunk) } else { Ok(()) }
    }

    /// Reads a whole line; says whether the body ends with it.
    fn read(&mut self, line: &[u8]) -> Result<bool, Flaw> {
        let whole = line.strip_suffix(b"\r\n").filter(|_| line.len() <= LINE_MAX);
        let line = whole.ok_or(Flaw::Chunk)?;
        self.at = match self.at {
            At::Size => match chunk_size(line).ok_or(Flaw::Chunk)? {
                0 => At::Trailers,
                size => At::Data(size),
            },
            At::DataEnd if line.is_empty() => At::Size,
            At::Trailers if line.is_empty() => return Ok(true),
            At::Trailers if is_field_line(line) => At::Trailers,
            _ => return Err(Flaw::Chunk),
        };
        Ok(false)
    }
}

/// `chunk-size [ chunk-ext ]`.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, extensions) = line.split_at(digits);
    if !(1..=SIZE_DIGITS_MAX).contains(&digits) || !are_extensions(extensions) {
        return None;
    }
    let values = size.iter().filter_map(|digit| char::from(*digit).to_digit(16));
    // Four bits each, of which there is room for all.
    Some(values.fold(0, |size, value| size << 4 | u64::from(value)))
}

/// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`.
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let after_name = without_space(rest).strip_prefix(b";").map(without_space).and_then(without_token);
        let Some(after_name) = after_name else { return false };
        rest = after_name;
        if let Some(value) = without_space(rest).strip_prefix(b"=").map(without_space) {
            let Some(after_value) = without_token(value).or_else(|| without_quoted_string(value)) else {
                return false;
            };
            rest = after_value;
        }
    }
    true
}

fn without_space(bytes: &[u8]) -> &[u8] {
    let spaces = bytes.iter().take_while(|byte| is_ows(**byte)).count();
    bytes.get(spaces..).unwrap_or_default()
}

fn without_token(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().take_while(|byte| is_tchar(**byte)).count();
    bytes.get(length..).filter(|_| length > 0)
}

/// RFC 9110 §5.6.4.
fn without_quoted_string(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        let (first, after) = rest.split_first()?;
        rest = match first {
            b'"' => return Some(after),
            b'\\' => after.split_first().filter(|(escaped, _)| is_field_byte(**escaped))?.1,
            byte if is_field_byte(*byte) => after,
            _ => return None,
        };
    }
}

/// `field-name ":" OWS field-value OWS`.
fn is_field_line(line: &[u8]) -> bool {
    without_token(line)
        .and_then(|after| after.strip_prefix(b":"))
        .is_some_and(|value| value.iter().all(|byte| is_field_byte(*byte)))
}

fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
