//! One event at a time: lines collected byte by byte, so that no chunk boundary matters.
//!
//! A line ends at LF, CR or CRLF. A CR ends its line at once; a LF right behind it belongs to the same end and is sent
//! wherever the CR went. An event that grows past the limit is no longer held: its lines pass one by one, each looked at
//! for the type that must not pass unmapped.

use super::fields::Fields;
use super::{MAX_EVENT, SseError};
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// Without this there is no announcement.
static ENDPOINT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"endpoint"));

/// The event being collected.
#[derive(Clone, Debug)]
pub(super) struct Event {
    held: Held,
    /// Where the line being collected begins in the held bytes.
    line_start: usize,
    after_cr: bool,
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

/// The bytes of an event.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    /// Whether the stream begins with them.
    at_start_of_stream: bool,
}

impl Event {
    pub(super) fn at_start_of_stream() -> Event {
        Event {
            held: Held { at_start_of_stream: true, ..Held::default() },
            line_start: 0,
            after_cr: false,
            passing: Passing::Nothing,
        }
    }

    /// Takes a chunk of whole events none of which is an announcement, as [`Event::push`] of each of its bytes would, all of which
    /// may be sent. False where it may be any other chunk, and nothing is taken.
    pub(super) fn pass_others(&mut self, chunk: &[u8]) -> bool {
        let are_whole = self.is_between_events() && (chunk.ends_with(b"\n\n") || chunk.ends_with(b"\n\r\n"));
        if !are_whole || ENDPOINT.find(chunk).is_some() {
            return false;
        }
        self.held.at_start_of_stream = false;
        true
    }

    fn is_between_events(&self) -> bool {
        self.held.bytes.is_empty() && !self.after_cr && self.passing == Passing::Nothing
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

    /// Everything held, leaving nothing. At the end of the stream an unfinished line counts as a line.
    pub(super) fn take(&mut self) -> Held {
        self.line_start = 0;
        std::mem::take(&mut self.held)
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
        let line = self.take();
        self.passing = if whole && line.bytes.len() == 1 { Passing::Nothing } else { Passing::Lines };
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

    /// A line has ended, and with it, where it is blank, the event.
    fn end_line(&mut self, out: &mut Vec<u8>) -> bool {
        let first_of_event = self.line_start == 0;
        let at_start_of_stream = first_of_event && self.held.at_start_of_stream;
        let line = self.held.bytes.get(self.line_start..).unwrap_or_default();
        let text = Fields::of(line, at_start_of_stream).first_line();
        let (blank, comment) = (text.is_empty(), text.starts_with(b":"));
        self.line_start = self.held.bytes.len();
        if comment && first_of_event {
            out.append(&mut self.take().bytes);
            return false;
        }
        blank
    }
}

impl Held {
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields::of(&self.bytes, self.at_start_of_stream)
    }

    pub(super) fn is_endpoint(&self) -> bool {
        self.fields().event_type() == Some(b"endpoint")
    }

    /// The data of a complete `endpoint` event: its lines joined without the line feeds, which no URL can hold and URL
    /// parsers drop. `None` for any other event, and for one without data, which clients never see.
    pub(super) fn endpoint_data(&self) -> Option<Vec<u8>> {
        let fields = self.fields();
        let mut values = fields.data().peekable();
        let any = values.peek().is_some();
        (any && self.is_endpoint()).then(|| values.collect::<Vec<_>>().concat())
    }
}
