//! One event at a time: lines collected byte by byte, so that no chunk boundary matters.
//!
//! A line ends at LF, CR or CRLF. A CR ends its line at once; a LF right behind it belongs to the same end and is sent
//! wherever the CR went. An event that grows past the limit is no longer held: its lines pass one by one, each looked at
//! for the type that must not pass unmapped.

use super::{MAX_EVENT, SseError};
use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The event being collected.
#[derive(Clone, Debug)]
pub(super) struct Event {
    held: Held,
    /// Where the line being collected begins in the held bytes.
    line_start: usize,
    after_cr: bool,
    first_line: bool,
    /// How much of an event too long to be held is on its way out.
    passing: Passing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Passing {
    Nothing,
    /// The lines before the one being collected.
    Lines,
    /// Also the beginning of that line.
    HalfALine,
}

/// No line longer than this can name the type `endpoint`.
const LONGEST_TYPE_LINE: usize = "event: endpoint".len();

/// The bytes of an event and the lines found in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    /// Without their ends, and without a byte order mark.
    lines: Vec<Range<usize>>,
}

impl Event {
    pub(super) fn at_start_of_stream() -> Event {
        Event {
            held: Held::default(),
            line_start: 0,
            after_cr: false,
            first_line: true,
            passing: Passing::Nothing,
        }
    }

    /// Takes one byte; true when it ended an event, which is then to be taken. Bytes that need not be held go to `out`.
    pub(super) fn push(&mut self, byte: u8, out: &mut Vec<u8>) -> Result<bool, SseError> {
        let second_half_of_crlf = self.after_cr && byte == b'\n';
        self.after_cr = byte == b'\r';
        if second_half_of_crlf {
            self.push_line_feed(out);
            return Ok(false);
        }
        self.held.bytes.push(byte);
        let ends_line = matches!(byte, b'\r' | b'\n');
        match self.passing {
            Passing::Nothing if self.held.bytes.len() > MAX_EVENT => self.start_passing(out).map(|()| false),
            Passing::Nothing => Ok(ends_line && self.end_line(out)),
            _ if ends_line => self.pass_line(out).map(|()| false),
            _ => {
                self.pass_beginning(out);
                Ok(false)
            }
        }
    }

    /// Everything held, leaving nothing.
    pub(super) fn take(&mut self) -> Held {
        self.line_start = 0;
        std::mem::take(&mut self.held)
    }

    /// Everything held at the end of the stream, where an unfinished line counts as a line.
    pub(super) fn finish(&mut self) -> Held {
        let unfinished = self.line_start..self.held.bytes.len();
        let mut held = self.take();
        held.lines.push(unfinished);
        held
    }

    fn push_line_feed(&mut self, out: &mut Vec<u8>) {
        if self.held.bytes.is_empty() {
            out.push(b'\n');
        } else {
            self.held.bytes.push(b'\n');
            self.line_start = self.held.bytes.len();
        }
    }

    /// The event has become too long: what is held may go, unless it is, or may yet turn out to be, an announcement.
    fn start_passing(&mut self, out: &mut Vec<u8>) -> Result<(), SseError> {
        let line = self.held.bytes.split_off(self.line_start);
        let held = self.take();
        if held.is_endpoint() {
            return Err(SseError::TooLong);
        }
        out.extend(held.bytes);
        self.passing = Passing::Lines;
        self.held.bytes = line;
        if matches!(self.held.bytes.last(), Some(b'\r' | b'\n')) {
            return self.pass_line(out);
        }
        self.pass_beginning(out);
        Ok(())
    }

    /// A line of a passing event has ended. A blank one ends the event.
    fn pass_line(&mut self, out: &mut Vec<u8>) -> Result<(), SseError> {
        let whole = self.passing == Passing::Lines;
        let mut line = self.take();
        self.passing = if whole && line.bytes.len() == 1 { Passing::Nothing } else { Passing::Lines };
        line.lines.push(0..line.bytes.len() - 1);
        if whole && line.is_endpoint() {
            return Err(SseError::TooLong);
        }
        out.extend(line.bytes);
        Ok(())
    }

    fn pass_beginning(&mut self, out: &mut Vec<u8>) {
        if self.passing == Passing::HalfALine || self.held.bytes.len() > LONGEST_TYPE_LINE {
            self.passing = Passing::HalfALine;
            out.extend(self.take().bytes);
        }
    }

    fn end_line(&mut self, out: &mut Vec<u8>) -> bool {
        let end = self.held.bytes.len() - 1;
        let mut line = self.line_start..end;
        let marked = self.first_line && self.held.bytes[line.clone()].starts_with(BYTE_ORDER_MARK);
        line.start += if marked { BYTE_ORDER_MARK.len() } else { 0 };
        self.first_line = false;
        self.line_start = end + 1;
        let blank = line.is_empty();
        let comment = self.held.bytes.get(line.start) == Some(&b':');
        if comment && self.held.lines.is_empty() {
            out.append(&mut self.take().bytes);
            return false;
        }
        self.held.lines.push(line);
        blank
    }
}

impl Held {
    /// The last `event` line decides; a line without a colon has an empty value.
    pub(super) fn is_endpoint(&self) -> bool {
        let types = self.fields().filter(|(_, name, _)| *name == b"event");
        types.last().is_some_and(|(_, _, value)| &self.bytes[value] == b"endpoint")
    }

    /// The data of a complete `endpoint` event: its lines joined without the line feeds, which no URL can hold and URL
    /// parsers drop. `None` for any other event, and for one without data, which clients never see.
    pub(super) fn endpoint_data(&self) -> Option<Vec<u8>> {
        let mut values = self.data().map(|(_, value)| &self.bytes[value]).peekable();
        let any = values.peek().is_some();
        (any && self.is_endpoint()).then(|| values.collect::<Vec<_>>().concat())
    }

    /// Writes the event with `text` as its only data line, in the place of the first one; all else as it came.
    pub(super) fn write_with_data(&self, text: &str, out: &mut Vec<u8>) {
        let mut from = 0;
        for (nth, (line, value)) in self.data().enumerate() {
            let next_line = self.lines.get(line + 1).map_or(self.bytes.len(), |next| next.start);
            if nth == 0 {
                out.extend_from_slice(&self.bytes[from..value.start]);
                if value.start == self.lines[line].end
                    && !self.bytes[self.lines[line].clone()].contains(&b':')
                {
                    out.push(b':');
                }
                out.extend_from_slice(text.as_bytes());
                from = value.end;
            } else {
                out.extend_from_slice(&self.bytes[from..self.lines[line].start]);
                from = next_line;
            }
        }
        out.extend_from_slice(&self.bytes[from..]);
    }

    /// The `data` lines: which line, and where its value is.
    fn data(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.fields().filter(|(_, name, _)| *name == b"data").map(|(line, _, value)| (line, value))
    }

    /// Line number, name and value of every field; comments have an empty name.
    fn fields(&self) -> impl Iterator<Item = (usize, &[u8], Range<usize>)> {
        self.lines.iter().enumerate().map(|(number, line)| {
            let text = &self.bytes[line.clone()];
            let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
            let space = text.get(colon + 1) == Some(&b' ');
            let start = (line.start + colon + 1 + usize::from(space)).min(line.end);
            (number, &text[..colon], start..line.end)
        })
    }
}
