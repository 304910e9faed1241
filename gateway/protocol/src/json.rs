//! A strict JSON scanner (RFC 8259): where the members of an object are, without building a tree.
//!
//! The gateway edits documents by splicing bytes, so it needs spans, not values. Stricter than the RFC where readers
//! disagree and a disagreement could be used: the text must be UTF-8 without a byte order mark, nesting is bounded,
//! member names of the scanned object are unique after unescaping, and escapes must not leave a lone surrogate.
//! Numbers are checked for their grammar only and never converted.

mod open;
mod scan;
mod splice;
mod text;

pub(crate) use scan::Scanner;
pub(crate) use splice::spliced;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

pub use text::{quote, unescape};

/// What a document is refused for, and at which byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JsonError {
    pub reason: Reason,
    /// Offset from the start of the document.
    pub offset: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    NotUtf8,
    ByteOrderMark,
    /// The document ends in the middle of a value.
    Truncated,
    Unexpected,
    Number,
    Escape,
    ControlCharacter,
    TooDeep,
    NotAnObject,
    NotAnArray,
    DuplicateMember,
    TrailingBytes,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

/// One value: its kind and the bytes it occupies, surrounding whitespace excluded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// One member of the scanned object. Spans count from the start of the document and include the quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member<'d> {
    /// The name, unescaped.
    pub name: Cow<'d, str>,
    pub name_span: Range<usize>,
    pub value: Value,
}

/// The members of a document's top-level object, in the order they were written.
#[derive(Clone, Debug)]
pub struct Object<'d> {
    document: &'d str,
    members: Vec<Member<'d>>,
}

impl<'d> Object<'d> {
    /// `max_depth` counts the object itself: with 1 no member may be an object or an array.
    pub fn parse(document: &'d [u8], max_depth: usize) -> Result<Object<'d>, JsonError> {
        let document = utf8(document)?;
        let mut scanner = Scanner::new(document, max_depth);
        scanner.skip_whitespace();
        if scanner.peek() != Some(b'{') {
            return Err(scanner.expected_object());
        }
        let mut members = Vec::new();
        scanner.members(|name_span, value| {
            members.push(Member { name: unescape(&document[name_span.clone()]), name_span, value });
        })?;
        scanner.end()?;
        check_unique(&members)?;
        Ok(Object { document, members })
    }

    pub fn members(&self) -> &[Member<'d>] {
        &self.members
    }

    pub fn get(&self, name: &str) -> Option<&Member<'d>> {
        self.members.iter().find(|member| member.name == name)
    }

    pub fn document(&self) -> &'d str {
        self.document
    }

    /// The bytes of a value of this document; empty for a span that is not one of this document's.
    pub fn text(&self, value: &Value) -> &'d str {
        self.document.get(value.span.clone()).unwrap_or_default()
    }

    /// The unescaped text of a string value, `None` for any other kind.
    pub fn string(&self, value: &Value) -> Option<Cow<'d, str>> {
        (value.kind == Kind::String).then(|| unescape(self.text(value)))
    }

    /// The elements of an array value, `None` for any other kind. Spans count from the start of the document.
    pub fn elements(&self, value: &Value) -> Option<Vec<Value>> {
        if value.kind != Kind::Array {
            return None;
        }
        let mut elements = Vec::new();
        let mut scanner = Scanner::at(self.document, value.span.start);
        // The array was scanned once already, as part of the document, so a second scan finds nothing to refuse.
        scanner.elements(|element| elements.push(element)).ok()?;
        Some(elements)
    }

    /// The values in an object value, whose names must differ.
    fn members_of(&self, value: &Value) -> Result<Vec<Value>, JsonError> {
        let mut members = Vec::new();
        Scanner::at(self.document, value.span.start).members(|name_span, value| {
            members.push(Member { name: unescape(&self.document[name_span.clone()]), name_span, value });
        })?;
        check_unique(&members)?;
        Ok(members.into_iter().map(|member| member.value).collect())
    }
}

/// Checks that no object of a document has a member twice, which [`Object::parse`] checks of the outermost alone.
///
/// What another reader makes of the document's inner objects is then the same, whichever of two twins it takes.
pub fn check_unique_at_every_level(document: &[u8], max_depth: usize) -> Result<(), JsonError> {
    let object = Object::parse(document, max_depth)?;
    let mut inner: Vec<Value> = object.members.iter().map(|member| member.value.clone()).collect();
    while let Some(value) = inner.pop() {
        match value.kind {
            Kind::Array => inner.extend(object.elements(&value).unwrap_or_default()),
            Kind::Object => inner.extend(object.members_of(&value)?),
            _ => {}
        }
    }
    Ok(())
}

impl JsonError {
    /// What is wrong, without the place.
    pub fn message(&self) -> &'static str {
        match self.reason {
            Reason::NotUtf8 => "the text is not UTF-8",
            Reason::ByteOrderMark => "the text begins with a byte order mark",
            Reason::Truncated => "the text ends in the middle of a value",
            Reason::Unexpected => "a character stands where JSON does not allow it",
            Reason::Number => "a number is malformed",
            Reason::Escape => "a string holds an escape that means nothing",
            Reason::ControlCharacter => "a string holds a control character",
            Reason::TooDeep => "values are nested too deeply",
            Reason::NotAnObject => "the top-level value is not an object",
            Reason::NotAnArray => "the value is not an array",
            Reason::DuplicateMember => "a member name occurs twice",
            Reason::TrailingBytes => "something follows the top-level value",
        }
    }
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} (byte {})", self.message(), self.offset)
    }
}

impl std::error::Error for JsonError {}

/// The document as text, without a byte order mark.
pub(crate) fn utf8(document: &[u8]) -> Result<&str, JsonError> {
    let text = std::str::from_utf8(document)
        .map_err(|error| JsonError { reason: Reason::NotUtf8, offset: error.valid_up_to() })?;
    match text.starts_with('\u{feff}') {
        true => Err(JsonError { reason: Reason::ByteOrderMark, offset: 0 }),
        false => Ok(text),
    }
}

/// A set, not a comparison of pairs: a hostile document may have a hundred thousand members.
fn check_unique(members: &[Member<'_>]) -> Result<(), JsonError> {
    let mut names = BTreeSet::new();
    match members.iter().find(|member| !names.insert(member.name.as_ref())) {
        Some(twin) => Err(JsonError { reason: Reason::DuplicateMember, offset: twin.name_span.start }),
        None => Ok(()),
    }
}
