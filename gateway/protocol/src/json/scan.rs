//! The scanner itself: a cursor that walks values iteratively, so that depth costs memory it was allowed and no stack.

use super::open::Open;
use super::{JsonError, Kind, Reason, Value};
use std::ops::Range;

pub(crate) struct Scanner<'d> {
    bytes: &'d [u8],
    at: usize,
    max_depth: usize,
    /// Whether a surrogate without its other half is an escape like any other.
    lone_surrogates: bool,
}

impl<'d> Scanner<'d> {
    pub(crate) fn new(document: &'d str, max_depth: usize) -> Scanner<'d> {
        Scanner { bytes: document.as_bytes(), at: 0, max_depth, lone_surrogates: false }
    }

    /// The same, for a reader that looks into few of the strings and checks those itself.
    pub(crate) fn tolerant(document: &'d str, max_depth: usize) -> Scanner<'d> {
        Scanner { lone_surrogates: true, ..Scanner::new(document, max_depth) }
    }

    /// A cursor inside a document that was checked before.
    pub(super) fn at(document: &'d str, at: usize) -> Scanner<'d> {
        Scanner { at, ..Scanner::new(document, usize::MAX) }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// What to say when the document does not begin with an object.
    pub(super) fn expected_object(&mut self) -> JsonError {
        match self.value(self.max_depth).and_then(|_| self.end()) {
            Ok(()) => JsonError { reason: Reason::NotAnObject, offset: 0 },
            Err(error) => error,
        }
    }

    /// How many bytes were walked.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Nothing but whitespace may be left.
    pub(crate) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error(Reason::TrailingBytes)) }
    }

    /// Walks the object at the cursor.
    pub(crate) fn members(&mut self, mut found: impl FnMut(Range<usize>, Value)) -> Result<(), JsonError> {
        let inner = self.enter(self.max_depth)?;
        self.expect(b'{')?;
        if self.closes(b'}') {
            return Ok(());
        }
        loop {
            let name = self.name()?;
            let value = self.value(inner)?;
            found(name, value);
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Walks the array at the cursor.
    pub(crate) fn elements(&mut self, mut found: impl FnMut(Value)) -> Result<(), JsonError> {
        let inner = self.enter(self.max_depth)?;
        if self.peek() != Some(b'[') {
            return Err(self.error(Reason::NotAnArray));
        }
        self.at += 1;
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            found(self.value(inner)?);
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// One value of any kind with everything in it; `depth` is how many levels it may still open.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.skip_whitespace();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(depth).map(|()| Kind::Object)?,
            Some(b'[') => self.nested(depth).map(|()| Kind::Array)?,
            _ => self.scalar()?,
        };
        Ok(Value { kind, span: start..self.at })
    }

    /// Skips an object or array; `open` holds the closing bytes still owed.
    fn nested(&mut self, depth: usize) -> Result<(), JsonError> {
        let mut open = Open::default();
        loop {
            self.skip_whitespace();
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if open.len() >= depth {
                        return Err(self.error(Reason::TooDeep));
                    }
                    self.at += 1;
                    let close = if bracket == b'{' { b'}' } else { b']' };
                    if !self.closes(close) {
                        open.push(close);
                        self.member_name_if(close)?;
                        continue;
                    }
                }
                _ => {
                    self.scalar()?;
                }
            }
            // A value ended: close what ends with it, then stand before the next one.
            loop {
                let Some(close) = open.last() else { return Ok(()) };
                if self.another(close)? {
                    self.member_name_if(close)?;
                    break;
                }
                open.pop();
            }
        }
    }

    fn member_name_if(&mut self, close: u8) -> Result<(), JsonError> {
        if close == b'}' {
            self.name()?;
        }
        Ok(())
    }

    /// A member name and its colon.
    pub(crate) fn name(&mut self) -> Result<Range<usize>, JsonError> {
        self.skip_whitespace();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        self.string()?;
        let span = start..self.at;
        self.skip_whitespace();
        self.expect(b':')?;
        Ok(span)
    }

    /// After an opening bracket: is it closed at once?
    pub(crate) fn closes(&mut self, close: u8) -> bool {
        self.skip_whitespace();
        let closed = self.peek() == Some(close);
        self.at += usize::from(closed);
        closed
    }

    /// After a value: a comma means another follows, the closing byte ends the container.
    pub(crate) fn another(&mut self, close: u8) -> Result<bool, JsonError> {
        self.skip_whitespace();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn enter(&self, depth: usize) -> Result<usize, JsonError> {
        depth.checked_sub(1).ok_or_else(|| self.error(Reason::TooDeep))
    }

    pub(crate) fn scalar(&mut self) -> Result<Kind, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(|()| Kind::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal(b"true", Kind::True),
            Some(b'f') => self.literal(b"false", Kind::False),
            Some(b'n') => self.literal(b"null", Kind::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<Kind, JsonError> {
        for byte in word {
            self.expect(*byte)?;
        }
        Ok(kind)
    }

    /// The string at the cursor, its opening quote already seen.
    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        self.at += plain(self.bytes.get(self.at..).unwrap_or_default());
        loop {
            match self.peek() {
                None => return Err(self.error(Reason::Truncated)),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.escape()?;
                    self.at += plain(self.bytes.get(self.at..).unwrap_or_default());
                }
                Some(0..=0x1f) => return Err(self.error(Reason::ControlCharacter)),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => self.surrogates()?,
            Some(_) => return Err(self.error(Reason::Escape)),
            None => return Err(self.error(Reason::Truncated)),
        }
        Ok(())
    }

    /// `\uXXXX`, or a high and a low surrogate in a row.
    fn surrogates(&mut self) -> Result<(), JsonError> {
        let unit = self.code_unit()?;
        if self.lone_surrogates {
            return Ok(());
        }
        let paired = match unit {
            0xd800..=0xdbff => matches!(self.code_unit()?, 0xdc00..=0xdfff),
            0xdc00..=0xdfff => false,
            _ => true,
        };
        if paired { Ok(()) } else { Err(self.error(Reason::Escape)) }
    }

    fn code_unit(&mut self) -> Result<u16, JsonError> {
        let digits = match self.bytes.get(self.at..self.at + 6) {
            Some([b'\\', b'u', digits @ ..]) => std::str::from_utf8(digits).unwrap_or_default(),
            _ => return Err(self.error(Reason::Escape)),
        };
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u16::from_str_radix(digits, 16).ok().filter(|_| hex);
        let unit = unit.ok_or_else(|| self.error(Reason::Escape))?;
        self.at += 6;
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        // `01` and `1x` would otherwise be reported as a missing comma.
        if self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
            return Err(self.error(Reason::Number));
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.error(Reason::Number)) }
    }

    /// Steps over `byte`, which must come next.
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn unexpected(&self) -> JsonError {
        self.error(if self.at < self.bytes.len() { Reason::Unexpected } else { Reason::Truncated })
    }

    pub(crate) fn error(&self, reason: Reason) -> JsonError {
        JsonError { reason, offset: self.at }
    }
}

/// How many bytes at the beginning surely end no string, escape nothing and are no control characters.
///
/// Most of a body is text, and 32 bytes are looked at in about the time of one.
fn plain(bytes: &[u8]) -> usize {
    // Names and most values are short.
    let short = plain_words(bytes.get(..32).unwrap_or(bytes));
    if short < 32 {
        return short;
    }
    let (blocks, _) = bytes.as_chunks::<32>();
    let whole = blocks.iter().take_while(|block| is_plain(block)).count() * 32;
    whole + plain_words(bytes.get(whole..).unwrap_or_default())
}

/// Whole bytes that say yes by all their bits, and no early end: that is what compilers make comparisons of 16 at a time of.
fn is_plain(block: &[u8; 32]) -> bool {
    let mask = |is_so: bool| u8::from(is_so).wrapping_neg();
    let found = block.map(|byte| mask(byte < 0x20) | mask(byte == b'"') | mask(byte == b'\\'));
    found.iter().fold(0, |one, other| one | other) == 0
}

/// The same for what is shorter. In each of the three tests the highest bit of a byte says yes; the lowest byte that says so is
/// right, those above it may be wrong.
fn plain_words(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word & HIGH;
    let (groups, _) = bytes.as_chunks::<8>();
    for (before, group) in groups.iter().enumerate() {
        let word = u64::from_le_bytes(*group);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let escape = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = below(word, 0x20) | quote | escape;
        if found != 0 {
            return before * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    groups.len() * 8
}

#[cfg(test)]
mod tests {
    use crate::json::{JsonError, Object, Reason};

    fn refused(document: &str) -> (Reason, usize) {
        let JsonError { reason, offset } = Object::parse(document.as_bytes(), 4).unwrap_err();
        (reason, offset)
    }

    #[test]
    fn documents_are_refused_with_reason_and_offset() {
        use Reason::*;
        for (document, expected) in [
            ("", (Truncated, 0)),
            ("  ", (Truncated, 2)),
            ("{", (Truncated, 1)),
            ("{\"a\"", (Truncated, 4)),
            ("{\"a\":1", (Truncated, 6)),
            ("{\"a", (Truncated, 3)),
            ("[1]", (NotAnObject, 0)),
            ("3", (NotAnObject, 0)),
            ("<html>", (Unexpected, 0)),
            ("{a:1}", (Unexpected, 1)),
            ("{\"a\":1,}", (Unexpected, 7)),
            ("{\"a\":[1,]}", (Unexpected, 8)),
            ("{\"a\":[1 2]}", (Unexpected, 8)),
            ("{\"a\":NaN}", (Unexpected, 5)),
            ("{\"a\":tru}", (Unexpected, 8)),
            ("{\"a\":01}", (Number, 6)),
            ("{\"a\":-}", (Number, 6)),
            ("{\"a\":1.}", (Number, 7)),
            ("{\"a\":1e}", (Number, 7)),
            ("{\"a\":\"\n\"}", (ControlCharacter, 6)),
            ("{\"a\":\"\\x\"}", (Escape, 6)),
            ("{\"a\":\"\\u12\"}", (Escape, 6)),
            ("{\"a\":\"\\ud800\"}", (Escape, 12)),
            ("{\"a\":\"\\udc00\"}", (Escape, 12)),
            ("{} {}", (TrailingBytes, 3)),
            ("{}\0", (TrailingBytes, 2)),
            ("{\"a\":[[[[]]]]}", (TooDeep, 8)),
            ("{\"a\":1,\"\\u0061\":2}", (DuplicateMember, 7)),
            ("\u{feff}{}", (ByteOrderMark, 0)),
        ] {
            assert_eq!(refused(document), expected, "{document}");
        }
        assert_eq!(Object::parse(b"{\"a\":\"\xff\"}", 4).unwrap_err().reason, NotUtf8);
    }

    #[test]
    fn nesting_up_to_the_limit_is_walked_and_a_million_brackets_are_no_danger() {
        assert!(Object::parse(b"{\"a\":[[[]],{\"b\":{}},1]}", 4).is_ok());
        assert!(Object::parse(b"{\"a\":1}", 1).is_ok());
        assert_eq!(Object::parse(b"{\"a\":[]}", 1).unwrap_err().reason, Reason::TooDeep);
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert_eq!(refused(&deep).0, Reason::TooDeep);
    }

    #[test]
    fn a_string_is_walked_alike_wherever_in_it_a_special_byte_stands() {
        for before in 0..40 {
            let text = "é".repeat(before % 3) + &"~".repeat(before);
            for after in ["", "x", "xxxxxxxxxxxxxxxx", "\u{7f}\u{80}\u{10ffff}"] {
                for special in ["", "\\\"", "\\\\", "\\n", "\\u0022", "\u{20}!#[]"] {
                    let document = format!("{{\"{text}{special}{after}\":\"{text}{special}{after}\"}}");
                    let object = Object::parse(document.as_bytes(), 1).unwrap();
                    let theirs: serde_json::Map<_, _> = serde_json::from_str(&document).unwrap();
                    let [member] = object.members() else { panic!("{document}") };
                    assert_eq!(
                        object.string(&member.value).as_deref(),
                        theirs[member.name.as_ref()].as_str()
                    );
                }
                let control = format!("{{\"{text}\u{1f}{after}\":1}}");
                assert_eq!(refused(&control), (Reason::ControlCharacter, 2 + text.len()));
            }
        }
    }
}
