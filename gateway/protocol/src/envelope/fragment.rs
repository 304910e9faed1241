//! A value of the body as it was written, and the way to a value inside it.

use super::EnvelopeError;
use super::fold::alike;
use super::object::text;
use crate::json::{Kind, Scanner};
use std::borrow::Cow;
use std::ops::Range;

/// A JSON value, whitespace around it excluded. Its grammar and depth were checked when the body was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'b> {
    pub(crate) text: &'b str,
}

/// A JSON pointer (RFC 6901), read once, when a policy is loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// `None` for a text that neither is empty nor begins with a slash, and for a `~` that is not `~0` or `~1`.
    pub fn parse(text: &str) -> Option<Pointer> {
        if text.is_empty() {
            return Some(Pointer { tokens: Vec::new() });
        }
        let tokens = text.strip_prefix('/')?.split('/').map(token).collect::<Option<_>>()?;
        Some(Pointer { tokens })
    }

    /// To a member of a member, by their names.
    pub(crate) fn through(names: &[Cow<'_, str>]) -> Pointer {
        Pointer { tokens: names.iter().map(|name| name.clone().into_owned()).collect() }
    }
}

fn token(escaped: &str) -> Option<String> {
    let whole = escaped.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    whole.then(|| escaped.replace("~1", "/").replace("~0", "~"))
}

impl<'b> Fragment<'b> {
    /// The JSON text.
    pub fn text(self) -> &'b str {
        self.text
    }

    pub fn kind(self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't') => Kind::True,
            Some(b'f') => Kind::False,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// What a string says; `None` for any other kind.
    ///
    /// # Errors
    /// [`EnvelopeError::LoneSurrogate`].
    pub fn string(self) -> Result<Option<Cow<'b, str>>, EnvelopeError> {
        if self.kind() == Kind::String { text(self.text).map(Some) } else { Ok(None) }
    }

    /// The value `pointer` leads to, `None` where there is none. One pass for each of the pointer's levels.
    ///
    /// # Errors
    /// A member on the way that is there twice or in two cases, or in another case alone; half a surrogate pair in a
    /// name on the way.
    pub fn at(self, pointer: &Pointer) -> Result<Option<Fragment<'b>>, EnvelopeError> {
        let mut here = self;
        for token in &pointer.tokens {
            let inside = match here.kind() {
                Kind::Object => here.member(token)?,
                Kind::Array => here.element(token)?,
                _ => None,
            };
            match inside {
                Some(inside) => here = inside,
                None => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    fn member(self, wanted: &str) -> Result<Option<Fragment<'b>>, EnvelopeError> {
        let mut found = None;
        let mut refused = None;
        let mut scanner = Scanner::tolerant(self.text, usize::MAX);
        scanner.members(|name, value| {
            match text(self.text.get(name).unwrap_or_default()) {
                Err(error) => refused = refused.or(Some(error)),
                Ok(name) if name == wanted && found.is_some() => {
                    refused = refused.or(Some(EnvelopeError::DuplicateMember));
                }
                Ok(name) if name == wanted => found = self.text.get(value.span),
                Ok(name) if alike(&name, wanted) => refused = refused.or(Some(EnvelopeError::CaseTwin)),
                Ok(_) => {}
            };
        })?;
        match refused {
            Some(error) => Err(error),
            None => Ok(found.map(|text| Fragment { text })),
        }
    }

    /// The members of an object, in their order.
    pub(crate) fn members(self) -> Result<Vec<(Cow<'b, str>, Fragment<'b>)>, EnvelopeError> {
        let mut found = Vec::new();
        Scanner::tolerant(self.text, usize::MAX)
            .members(|name, value| found.push((name, self.part(value.span))))?;
        let named = |(name, value): (Range<usize>, _)| Ok((text(self.part(name).text)?, value));
        found.into_iter().map(named).collect()
    }

    /// The elements of an array.
    pub(crate) fn elements(self) -> Result<Vec<Fragment<'b>>, EnvelopeError> {
        let mut found = Vec::new();
        Scanner::tolerant(self.text, usize::MAX).elements(|value| found.push(self.part(value.span)))?;
        Ok(found)
    }

    fn part(self, span: Range<usize>) -> Fragment<'b> {
        Fragment { text: self.text.get(span).unwrap_or_default() }
    }

    /// RFC 6901 §4: digits without a leading zero; `-` is the place after the last, where nothing is.
    fn element(self, token: &str) -> Result<Option<Fragment<'b>>, EnvelopeError> {
        let plain =
            token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
        let Some(wanted) = token.parse::<usize>().ok().filter(|_| plain) else { return Ok(None) };
        let (mut at, mut found) = (0usize, None);
        Scanner::tolerant(self.text, usize::MAX).elements(|value| {
            if at == wanted {
                found = self.text.get(value.span);
            }
            at += 1;
        })?;
        Ok(found.map(|text| Fragment { text }))
    }
}

/// Arguments are what callers send in confidence; they are not printed.
impl std::fmt::Debug for Fragment<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Fragment").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
