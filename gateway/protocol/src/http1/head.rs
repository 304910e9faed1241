//! The head of a request: the form of its lines, how much there is of it, and how its body is framed.

use super::line::{Line, Stray};
use super::{FIELDS_MAX, Flaw, HEAD_BYTES_MAX, LINE_BYTES_MAX, Step, TARGET_BYTES_MAX};

/// How a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Zero: there is none.
    Sized(u64),
    Chunked,
    /// In a way that is refused for its head.
    Unclear,
}

/// A head that has begun.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    line: Line<{ LINE_BYTES_MAX + 1 }>,
    bytes: usize,
    /// The request line among them.
    lines: usize,
    body: Option<Body>,
}

impl Head {
    /// The next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Step<Body>, Flaw> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            // Up to where a limit could be passed, so that it is noticed at the same byte however the bytes arrive.
            let most = (HEAD_BYTES_MAX - self.bytes).min(LINE_BYTES_MAX - self.line.length()) + 1;
            let (more, ended) = self.step(rest.get(..most).unwrap_or(rest))?;
            taken += more;
            self.bytes += more;
            if self.bytes > HEAD_BYTES_MAX {
                return Err(Flaw::TooLarge);
            }
            if ended {
                return Ok(Step::Done(taken, self.body.unwrap_or(Body::Sized(0))));
            }
        }
        Ok(Step::More)
    }

    /// The next of some bytes, a line or what there is of one: how many that were, and whether the head ends there.
    fn step(&mut self, bytes: &[u8]) -> Result<(usize, bool), Flaw> {
        let (taken, line) = self.line.step(bytes).map_err(|stray| match stray {
            Stray::Lf => Flaw::LineEnd,
            Stray::Control => Flaw::ControlCharacter,
        })?;
        match line {
            Some(line) => Ok((taken, self.read(&line.text)?)),
            None if self.line.length() <= LINE_BYTES_MAX => Ok((taken, false)),
            // The first line is long by its target.
            None if self.lines == 0 => Err(Flaw::TargetTooLong),
            None => Err(Flaw::TooLarge),
        }
    }

    /// Reads a line; says whether the head ends with it.
    fn read(&mut self, line: &[u8]) -> Result<bool, Flaw> {
        self.lines += 1;
        if self.lines == 1 {
            return check_request_line(line).map(|()| false);
        }
        if line.is_empty() {
            return Ok(true);
        }
        // The first line is no field.
        if self.lines > FIELDS_MAX + 1 {
            return Err(Flaw::TooLarge);
        }
        // Most fields are about something else, which shows in a byte.
        if let Some(b'C' | b'c' | b'T' | b't') = line.first()
            && let Some(body) = framing(line)
            && self.body.replace(body).is_some()
        {
            return Err(Flaw::SecondLength);
        }
        Ok(false)
    }
}

/// Three words with one space between, of which the second is the target (RFC 9112 §3).
fn check_request_line(line: &[u8]) -> Result<(), Flaw> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some([_, ..]), Some(target @ [_, ..]), Some([_, ..]), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Flaw::RequestLine);
    };
    if !line.iter().all(|byte| (b' '..0x7f).contains(byte)) {
        return Err(Flaw::RequestLine);
    }
    if target.len() > TARGET_BYTES_MAX {
        return Err(Flaw::TargetTooLong);
    }
    // Looked for here because a parsed request has lost it.
    if target.contains(&b'#') { Err(Flaw::Fragment) } else { Ok(()) }
}

/// What a field says about the body, if it is one that does.
fn framing(line: &[u8]) -> Option<Body> {
    if let Some(value) = value_of(line, b"content-length") {
        let digits =
            std::str::from_utf8(value).ok().filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
        return Some(digits.and_then(|digits| digits.parse().ok()).map_or(Body::Unclear, Body::Sized));
    }
    let value = value_of(line, b"transfer-encoding")?;
    Some(if value.eq_ignore_ascii_case(b"chunked") { Body::Chunked } else { Body::Unclear })
}

/// What a field of this name says, if the line is one, or nothing but the name.
fn value_of<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = if rest.is_empty() { rest } else { rest.strip_prefix(b":")? };
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}
