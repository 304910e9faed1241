//! One object that is read, in one pass: those of its members that matter, and that no other could be taken for them.

use super::EnvelopeError;
use super::fold::alike;
use super::names::Names;
use crate::json::{JsonError, Kind, Reason, Scanner, unescape};
use std::borrow::Cow;
use std::ops::Range;

/// A document and the cursor in it.
pub(crate) struct Reader<'b, 's> {
    pub(crate) document: &'b str,
    pub(crate) scanner: &'s mut Scanner<'b>,
}

impl<'b> Reader<'b, '_> {
    /// Walks the object at the cursor. `depth` is how many levels may be open, this one included.
    ///
    /// For a member whose name is in `known`, `read` is called with its place there and has to walk the value; all
    /// others are skipped. In `known` there are at most 32.
    ///
    /// # Errors
    /// A name twice; a name that is one of `known` but for its case; half a surrogate pair in a name; what `read` says.
    pub(crate) fn object<E: From<EnvelopeError> + From<JsonError>>(
        &mut self,
        depth: usize,
        known: &[&str],
        mut read: impl FnMut(&mut Self, usize, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let inner = depth.checked_sub(1).ok_or_else(|| self.scanner.error(Reason::TooDeep))?;
        self.scanner.expect(b'{')?;
        if self.scanner.closes(b'}') {
            return Ok(());
        }
        let mut names = Names::default();
        let mut seen = 0u32;
        loop {
            let name = self.scanner.name()?;
            let name = text(self.slice(name))?;
            match place(&name, known)? {
                Some(place) => {
                    let bit = 1u32.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(0);
                    if seen & bit != 0 {
                        return Err(EnvelopeError::DuplicateMember.into());
                    }
                    seen |= bit;
                    self.scanner.skip_whitespace();
                    read(self, place, inner)?;
                }
                None if !names.insert(name) => return Err(EnvelopeError::DuplicateMember.into()),
                None => {
                    self.scanner.value(inner)?;
                }
            }
            if !self.scanner.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Walks one value of any kind.
    pub(crate) fn value(&mut self, depth: usize) -> Result<(Kind, &'b str), EnvelopeError> {
        let value = self.scanner.value(depth)?;
        Ok((value.kind, self.slice(value.span)))
    }

    /// Walks one value and reads it if it is a string.
    pub(crate) fn string(&mut self, depth: usize) -> Result<Option<Cow<'b, str>>, EnvelopeError> {
        match self.value(depth)? {
            (Kind::String, literal) => text(literal).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether the value at the cursor is an object.
    pub(crate) fn at_object(&self) -> bool {
        self.scanner.peek() == Some(b'{')
    }

    /// What was walked since `start`.
    pub(crate) fn since(&self, start: usize) -> &'b str {
        self.slice(start..self.scanner.offset())
    }

    fn slice(&self, span: Range<usize>) -> &'b str {
        self.document.get(span).unwrap_or_default()
    }
}

/// What a string literal that is read says.
pub(crate) fn text(literal: &str) -> Result<Cow<'_, str>, EnvelopeError> {
    if !literal.contains('\\') {
        let inside = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        return Ok(Cow::Borrowed(inside.unwrap_or(literal)));
    }
    // The scanner that skipped it let lone surrogates pass; a strict one finds nothing else to refuse.
    match Scanner::new(literal, 0).scalar() {
        Ok(_) => Ok(unescape(literal)),
        Err(_) => Err(EnvelopeError::LoneSurrogate),
    }
}

fn place(name: &str, known: &[&str]) -> Result<Option<usize>, EnvelopeError> {
    if let Some(place) = known.iter().position(|known| *known == name) {
        return Ok(Some(place));
    }
    match known.iter().any(|known| alike(name, known)) {
        true => Err(EnvelopeError::CaseTwin),
        false => Ok(None),
    }
}
