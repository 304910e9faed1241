//! The grammar of `Forwarded`, RFC 7239 §4: elements separated by commas, pairs by semicolons, values quoted or not.

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Unreadable, node};
use crate::syntax::{is_ows, is_tchar};

/// The addresses a field says requests came from, from the right. A quoted string may hold commas, so the whole field
/// is read first; one that does not parse is a single thing that cannot be read.
pub(super) fn nodes(field: &[u8]) -> impl Iterator<Item = Result<IpAddr, Unreadable>> {
    let nodes = elements(field).unwrap_or_else(|unreadable| vec![Err(unreadable)]);
    nodes.into_iter().rev()
}

fn elements(field: &[u8]) -> Result<Vec<Result<IpAddr, Unreadable>>, Unreadable> {
    let mut rest = Rest(field);
    let mut elements = Vec::new();
    loop {
        rest.skip_space();
        if !rest.is_at_end_of_element() {
            elements.push(element(&mut rest)?);
        }
        match rest.take() {
            Some(b',') => {}
            None => return Ok(elements),
            Some(_) => return Err(Unreadable),
        }
    }
}

/// What one proxy says. Without `for`, or where that hides who it was, it names nobody.
fn element(rest: &mut Rest<'_>) -> Result<Result<IpAddr, Unreadable>, Unreadable> {
    let mut from = None;
    loop {
        rest.skip_space();
        if !rest.is_at_end_of_pair() {
            let name = rest.token()?;
            if rest.take() != Some(b'=') {
                return Err(Unreadable);
            }
            let value = rest.value()?;
            if name.eq_ignore_ascii_case(b"for") && from.replace(node(&value)).is_some() {
                return Err(Unreadable);
            }
            rest.skip_space();
        }
        if rest.is_at_end_of_element() {
            return Ok(from.unwrap_or(Err(Unreadable)));
        }
        if rest.take() != Some(b';') {
            return Err(Unreadable);
        }
    }
}

/// What is still to be read of a field.
struct Rest<'f>(&'f [u8]);

impl<'f> Rest<'f> {
    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'f [u8] {
        let end = self.0.iter().position(|byte| !wanted(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip_space(&mut self) {
        self.take_while(is_ows);
    }

    fn is_at_end_of_element(&self) -> bool {
        matches!(self.0.first(), None | Some(b','))
    }

    fn is_at_end_of_pair(&self) -> bool {
        matches!(self.0.first(), None | Some(b',' | b';'))
    }

    fn token(&mut self) -> Result<&'f [u8], Unreadable> {
        match self.take_while(is_tchar) {
            [] => Err(Unreadable),
            token => Ok(token),
        }
    }

    fn value(&mut self) -> Result<Cow<'f, [u8]>, Unreadable> {
        if self.0.first() != Some(&b'"') {
            return self.token().map(Cow::Borrowed);
        }
        self.take();
        let mut value = Vec::new();
        loop {
            match self.take().ok_or(Unreadable)? {
                b'"' => return Ok(Cow::Owned(value)),
                b'\\' => value.push(self.take().ok_or(Unreadable)?),
                byte => value.push(byte),
            }
        }
    }
}
