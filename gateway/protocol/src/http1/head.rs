//! The head of a request, as far as it says whether its first line is in order and how its body is framed.

use memchr::memchr;

use super::{Flaw, Step};

/// No line that matters is longer: the gateway refuses longer targets, and needs to know only the fields that frame.
const LINE_MAX: usize = 16 * 1024;

/// How a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Zero: there is none.
    Sized(u64),
    Chunked,
}

/// A head that has begun.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    /// What has arrived of a line, where it did not arrive whole.
    line: Vec<u8>,
    /// Whether the request line is through.
    begun: bool,
    body: Option<Body>,
}

impl Head {
    /// The next bytes; done with `None` where the head leaves open how its body is framed.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Step<Option<Body>>, Flaw> {
        let mut taken = 0;
        while let Some(end) = bytes.get(taken..).and_then(|rest| memchr(b'\n', rest)) {
            let piece = bytes.get(taken..taken + end + 1).unwrap_or_default();
            taken += end + 1;
            let done = if self.line.is_empty() {
                self.read(piece)?
            } else {
                self.line.extend_from_slice(piece);
                let line = std::mem::take(&mut self.line);
                self.read(&line)?
            };
            if let Some(body) = done {
                return Ok(Step::Done(taken, body));
            }
        }
        self.line.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        match self.line.len() > LINE_MAX {
            true => Ok(Step::Done(bytes.len(), None)),
            false => Ok(Step::More),
        }
    }

    /// Reads a whole line; says what it leads to when the head ends with it.
    fn read(&mut self, line: &[u8]) -> Result<Option<Option<Body>>, Flaw> {
        let whole = line.strip_suffix(b"\r\n").filter(|_| line.len() <= LINE_MAX);
        let Some(line) = whole else { return Ok(Some(None)) };
        if !self.begun {
            self.begun = true;
            return if is_request_line(line) { Ok(None) } else { Err(Flaw::RequestLine) };
        }
        if line.is_empty() {
            return Ok(Some(Some(self.body.unwrap_or(Body::Sized(0)))));
        }
        match framing(line) {
            Framing::None => Ok(None),
            // Stated twice is stated unclearly.
            Framing::Body(body) if self.body.replace(body).is_none() => Ok(None),
            Framing::Body(_) | Framing::Unclear => Ok(Some(None)),
        }
    }
}

fn is_request_line(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let three = [words.next(), words.next(), words.next()];
    let all_there = three.iter().all(|word| word.is_some_and(|word| !word.is_empty()));
    all_there && words.next().is_none() && line.iter().all(|byte| (b' '..0x7f).contains(byte))
}

enum Framing {
    None,
    Body(Body),
    Unclear,
}

fn framing(line: &[u8]) -> Framing {
    let body = if let Some(value) = value_of(line, b"content-length") {
        let digits =
            std::str::from_utf8(value).ok().filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Body::Sized)
    } else if let Some(value) = value_of(line, b"transfer-encoding") {
        value.eq_ignore_ascii_case(b"chunked").then_some(Body::Chunked)
    } else {
        return Framing::None;
    };
    body.map_or(Framing::Unclear, Framing::Body)
}

/// What a field of this name says, if the line is one.
fn value_of<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}
