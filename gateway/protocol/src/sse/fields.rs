//! The lines of an event, and the fields they hold (WHATWG HTML §9.2.5 and §9.2.6).
//!
//! A line ends at LF, CR or CRLF. Nothing is remembered of the lines: an event may be all line ends, and a list of them
//! would take many times the room of the event.

use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of one event, or of some of its lines.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'e> {
    bytes: &'e [u8],
    /// Where the first line begins: a byte order mark is no part of it.
    first: usize,
}

struct Line {
    /// Where the text of the line before ends.
    before: usize,
    text: Range<usize>,
    /// Behind what ends it.
    next: usize,
}

struct Field<'e> {
    line: Line,
    /// Empty for a comment.
    name: &'e [u8],
    value: Range<usize>,
}

impl<'e> Fields<'e> {
    /// Only at the start of a stream is a byte order mark one.
    pub(crate) fn of(bytes: &'e [u8], at_start_of_stream: bool) -> Fields<'e> {
        let marked = at_start_of_stream && bytes.starts_with(BYTE_ORDER_MARK);
        Fields { bytes, first: if marked { BYTE_ORDER_MARK.len() } else { 0 } }
    }

    /// What the first line says, without its end.
    pub(crate) fn first_line(&self) -> &'e [u8] {
        self.lines().next().map(|line| self.slice(line.text)).unwrap_or_default()
    }

    /// The last `event` line decides; a line without a colon has an empty value.
    pub(crate) fn event_type(&self) -> Option<&'e [u8]> {
        self.named(b"event").last().map(|field| self.slice(field.value))
    }

    /// The values of the `data` lines.
    pub(crate) fn data(&self) -> impl Iterator<Item = &'e [u8]> {
        self.named(b"data").map(|field| self.slice(field.value))
    }

    /// Writes the event with `text` as its data, in the place of the first data line; all else as it came. A line feed in
    /// the text begins another line, whose end is that of the first.
    ///
    /// A data line that goes takes the end of the line before with it and leaves its own: a CR that ended that line would
    /// otherwise make one end with a LF behind, which ended the event.
    pub(crate) fn write_with_data(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut from = 0;
        for (nth, field) in self.named(b"data").enumerate() {
            if nth > 0 {
                out.extend_from_slice(self.slice(from..field.line.before));
                from = field.line.text.end;
                continue;
            }
            out.extend_from_slice(self.slice(from..field.value.start));
            if self.slice(field.line.text) == b"data" {
                out.push(b':');
            }
            let end = self.slice(field.value.end..field.line.next);
            for (nth, line) in text.split(|byte| *byte == b'\n').enumerate() {
                if nth > 0 {
                    out.extend_from_slice(end);
                    out.extend_from_slice(b"data: ");
                }
                out.extend_from_slice(line);
            }
            from = field.value.end;
        }
        out.extend_from_slice(self.slice(from..self.bytes.len()));
    }

    fn named(&self, name: &'static [u8]) -> impl Iterator<Item = Field<'e>> {
        let fields = *self;
        self.lines().map(move |line| fields.field(line)).filter(move |field| field.name == name)
    }

    fn field(&self, line: Line) -> Field<'e> {
        let text = self.slice(line.text.clone());
        let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        let space = text.get(colon + 1) == Some(&b' ');
        let start = (line.text.start + colon + 1 + usize::from(space)).min(line.text.end);
        Field { name: text.get(..colon).unwrap_or_default(), value: start..line.text.end, line }
    }

    /// The last line may be without an end.
    fn lines(&self) -> impl Iterator<Item = Line> {
        let (bytes, mut at, mut before) = (self.bytes, self.first, self.first);
        std::iter::from_fn(move || {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
            let end = match rest.get(length..).unwrap_or_default() {
                [] => 0,
                [b'\r', b'\n', ..] => 2,
                _ => 1,
            };
            let text = at..at + length;
            at = text.end + end;
            let before = std::mem::replace(&mut before, text.end);
            Some(Line { before, text, next: at })
        })
    }

    fn slice(&self, span: Range<usize>) -> &'e [u8] {
        self.bytes.get(span).unwrap_or_default()
    }
}
