//! Lists in a stream of events (WHATWG HTML §9.2), however it is cut into chunks.

use super::{Item, ListError, filter};
use crate::sse::Fields;
use std::borrow::Cow;

/// One stream, from its first byte on. Holds back the event that is arriving, and nothing else.
///
/// Messages are in events of the type `message`, which is also the type of those without one. Their data must be messages
/// as in a body, or blank, as in events that are there for their id. Events of other types are not read. When the stream
/// ends, what is held is of an event that was never finished, which no client acts on; it is dropped.
#[derive(Clone, Debug)]
pub struct Events {
    limit: usize,
    held: Vec<u8>,
    /// Where the line that is arriving begins in the held bytes.
    line_start: usize,
    /// The last byte was a CR: a LF right behind it belongs to the same end of line.
    after_cr: bool,
    at_start_of_stream: bool,
    fault: Option<ListError>,
}

impl Events {
    /// `limit` is how many bytes an event may have, all its lines included.
    pub fn new(limit: usize) -> Events {
        Events {
            limit,
            held: Vec::new(),
            line_start: 0,
            after_cr: false,
            at_start_of_stream: true,
            fault: None,
        }
    }

    /// The next chunk, and what may be sent on because of it: whole events, and comments between events.
    ///
    /// An event with an edited message has it in the place of its first `data` line, on as many lines as it has; its
    /// other `data` lines are gone, its other fields as they were. Every other event passes byte for byte.
    ///
    /// # Errors
    /// What [`filter`] says of a message, and [`ListError::EventTooLong`]. After an error the stream is over: it is what
    /// every further call returns.
    pub fn push(
        &mut self,
        chunk: &[u8],
        keep: &mut dyn FnMut(&Item<'_>) -> bool,
    ) -> Result<Vec<u8>, ListError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut out = Vec::new();
        match self.collect(chunk, keep, &mut out) {
            Ok(()) => Ok(out),
            Err(fault) => {
                self.held = Vec::new();
                self.fault = Some(fault);
                Err(fault)
            }
        }
    }

    fn collect(
        &mut self,
        chunk: &[u8],
        keep: &mut dyn FnMut(&Item<'_>) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<(), ListError> {
        let mut rest = chunk;
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                self.second_half_of_crlf(out);
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (piece, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            // The limit does not depend on how much of the event is in one chunk.
            if self.held.len().saturating_add(piece.len()) > self.limit {
                return Err(ListError::EventTooLong);
            }
            self.held.extend_from_slice(piece);
            rest = after;
            if end.is_some() {
                self.after_cr = piece.ends_with(b"\r");
                self.end_line(keep, out)?;
            }
        }
        Ok(())
    }

    /// It goes where the first half went.
    fn second_half_of_crlf(&mut self, out: &mut Vec<u8>) {
        if self.held.is_empty() {
            out.push(b'\n');
        } else {
            self.held.push(b'\n');
            self.line_start = self.held.len();
        }
    }

    /// A line has ended. A blank one ends the event, and a comment that none has begun before need not wait for one.
    fn end_line(
        &mut self,
        keep: &mut dyn FnMut(&Item<'_>) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<(), ListError> {
        let first_of_event = self.line_start == 0;
        let line = self.held.get(self.line_start..).unwrap_or_default();
        let text = Fields::of(line, first_of_event && self.at_start_of_stream).first_line();
        let comment = first_of_event && text.starts_with(b":");
        if !text.is_empty() && !comment {
            self.line_start = self.held.len();
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let event = Fields::of(&held, std::mem::take(&mut self.at_start_of_stream));
        self.line_start = 0;
        match edited(&event, keep)? {
            Some(message) => event.write_with_data(&message, out),
            None => out.extend_from_slice(&held),
        }
        Ok(())
    }
}

/// The data to put into an event in place of its own.
fn edited(event: &Fields<'_>, keep: &mut dyn FnMut(&Item<'_>) -> bool) -> Result<Option<Vec<u8>>, ListError> {
    if !matches!(event.event_type(), None | Some(b"" | b"message")) {
        return Ok(None);
    }
    let mut lines = event.data();
    let mut data = Cow::Borrowed(lines.next().unwrap_or_default());
    for line in lines {
        let joined = data.to_mut();
        joined.push(b'\n');
        joined.extend_from_slice(line);
    }
    if data.trim_ascii().is_empty() { Ok(None) } else { filter(&data, keep) }
}
