//! One field value to challenges with spans: RFC 9110 §11.2 and §11.3, and a few liberties that servers take.
//!
//! Taken though the grammar forbids it: values without quotes that are no tokens (`resource_metadata=https://…`),
//! parameters separated by spaces alone, spaces after a value, empty values. A comma begins a new challenge when what
//! follows is a scheme, that is a token without `=` after it.

use crate::syntax::{contains_ignore_case, is_ows, is_tchar, is_token68};
use std::borrow::Cow;
use std::ops::Range;

pub(super) const METADATA: &str = "resource_metadata";

/// The challenges of one field instance.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) challenges: Vec<Challenge>,
}

#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) scheme: Range<usize>,
    pub(super) credentials: Option<Range<usize>>,
    pub(super) parameters: Vec<Parameter>,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: Range<usize>,
    /// With its quotes, if it has any.
    pub(super) value: Range<usize>,
}

impl Parameter {
    pub(super) fn span(&self) -> Range<usize> {
        self.name.start..self.value.end
    }

    pub(super) fn named(&self, bytes: &[u8], name: &str) -> bool {
        bytes[self.name.clone()].eq_ignore_ascii_case(name.as_bytes())
    }
}

impl Challenge {
    pub(super) fn is(&self, bytes: &[u8], scheme: &str) -> bool {
        bytes[self.scheme.clone()].eq_ignore_ascii_case(scheme.as_bytes())
    }

    /// The unescaped values of the parameters of this name.
    pub(super) fn values<'f>(&'f self, bytes: &'f [u8], name: &'f str) -> impl Iterator<Item = Cow<'f, str>> {
        let wanted = self.parameters.iter().filter(move |it| it.named(bytes, name));
        wanted.map(|it| unquoted(&bytes[it.value.clone()]))
    }

    /// One more parameter. A `name=` that was taken for a token68 turns out to be a parameter without a value.
    fn take(&mut self, bytes: &[u8], parameter: Parameter) -> Option<()> {
        if self.credentials.is_some() {
            let empty = self.credentials.take().and_then(|it| without_value(bytes, it))?;
            self.parameters.push(empty);
        }
        // Text beyond ASCII has no business in a URL and could smuggle something past a lenient client.
        if parameter.named(bytes, METADATA) && !bytes[parameter.value.clone()].is_ascii() {
            return None;
        }
        self.parameters.push(parameter);
        Some(())
    }

    /// A client that searches for `resource_metadata=` would find it in a token68 as well.
    fn check_credentials(&mut self, bytes: &[u8]) -> Option<()> {
        let Some(credentials) = self.credentials.clone() else { return Some(()) };
        if contains_ignore_case(&bytes[credentials.clone()], b"resource_metadata=") {
            let empty = without_value(bytes, credentials).filter(|it| it.named(bytes, METADATA))?;
            self.credentials = None;
            self.parameters.push(empty);
        }
        Some(())
    }

    pub(super) fn end(&self) -> usize {
        let last = self.parameters.last().map(|it| it.value.end);
        last.or(self.credentials.as_ref().map(|it| it.end)).unwrap_or(self.scheme.end)
    }
}

/// Tokenises a field; `None` when it is not a list of challenges.
pub(super) fn field(bytes: &[u8]) -> Option<Field> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut field = Field::default();
    cursor.skip_separators();
    let mut after_comma = true;
    while cursor.at < bytes.len() {
        match cursor.parameter() {
            Some(parameter) => field.challenges.last_mut()?.take(bytes, parameter?)?,
            None if after_comma => field.challenges.push(cursor.challenge()?),
            None => return None,
        }
        after_comma = cursor.skip_separators();
    }
    (!field.challenges.is_empty()).then_some(field)
}

/// Reads a token68 of the form `name=` as a parameter with an empty value.
fn without_value(bytes: &[u8], credentials: Range<usize>) -> Option<Parameter> {
    let end = credentials.end.checked_sub(1)?;
    let name = credentials.start..end;
    let shaped =
        bytes[end] == b'=' && !name.is_empty() && bytes[name.clone()].iter().all(|byte| is_tchar(*byte));
    shaped.then_some(Parameter { name, value: credentials.end..credentials.end })
}

/// The text a quoted string or an unquoted value stands for.
fn unquoted(value: &[u8]) -> Cow<'_, str> {
    let inner = value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(value);
    if !inner.contains(&b'\\') {
        return String::from_utf8_lossy(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        out.push(*escaped.unwrap_or(&byte));
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// `qdtext` and what may be escaped, RFC 9110 §5.6.4, the quote and the backslash aside.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

struct Cursor<'f> {
    bytes: &'f [u8],
    at: usize,
}

impl Cursor<'_> {
    /// A scheme, with its token68 if it has one; parameters are read one by one after it.
    fn challenge(&mut self) -> Option<Challenge> {
        let scheme = self.token()?;
        let spaced = self.skip_ows();
        let credentials = if spaced { self.credentials() } else { None };
        if !spaced && !self.at_boundary() {
            return None;
        }
        let mut challenge = Challenge { scheme, credentials, parameters: Vec::new() };
        challenge.check_credentials(self.bytes)?;
        Some(challenge)
    }

    /// `name BWS "=" BWS value`. The outer `None` means that there is no such thing here and nothing was consumed; the
    /// inner one that it is broken.
    fn parameter(&mut self) -> Option<Option<Parameter>> {
        let start = self.at;
        let parsed = self.name_and_equals();
        if parsed.is_none() {
            self.at = start;
        }
        parsed.map(|name| {
            let value = self.value()?;
            let ends = self.at_boundary() || self.peek().is_some_and(is_ows);
            ends.then_some(Parameter { name, value })
        })
    }

    fn name_and_equals(&mut self) -> Option<Range<usize>> {
        let name = self.token()?;
        self.skip_ows();
        if self.peek() != Some(b'=') {
            return None;
        }
        self.at += 1;
        self.skip_ows();
        Some(name)
    }

    fn value(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if self.peek() == Some(b'"') {
            self.quoted()?;
        } else if self.peek() == Some(b'=') {
            // Written behind a scheme, `a==` would turn into a token68.
            return None;
        } else {
            self.take_while(|byte| byte.is_ascii_graphic() && byte != b',' && byte != b'"');
        }
        Some(start..self.at)
    }

    /// A quoted string, RFC 9110 §5.6.4; the cursor stands at its opening quote.
    fn quoted(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    self.at += 1;
                    self.peek().filter(|byte| is_text(*byte))?;
                }
                byte if !is_text(byte) => return None,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// A token68 that ends where a list element ends; otherwise nothing is consumed.
    fn credentials(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.take_while(is_token68);
        let content = self.at > start;
        self.take_while(|byte| byte == b'=');
        let end = self.at;
        if content && self.at_boundary() {
            return Some(start..end);
        }
        self.at = start;
        None
    }

    fn token(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.take_while(is_tchar);
        (self.at > start).then_some(start..self.at)
    }

    /// Whether a list element ends here: at a comma or the end, whitespace aside.
    fn at_boundary(&self) -> bool {
        self.bytes[self.at..].iter().find(|byte| !is_ows(**byte)).is_none_or(|byte| *byte == b',')
    }

    /// Skips commas and whitespace; says whether there was a comma.
    fn skip_separators(&mut self) -> bool {
        let start = self.at;
        self.take_while(|byte| is_ows(byte) || byte == b',');
        self.bytes[start..self.at].contains(&b',')
    }

    fn skip_ows(&mut self) -> bool {
        let start = self.at;
        self.take_while(is_ows);
        self.at > start
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}
