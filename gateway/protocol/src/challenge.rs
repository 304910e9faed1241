//! `WWW-Authenticate` as the client must see it (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1).
//!
//! The one thing that must change is the URL in `resource_metadata`; realm, scopes and errors are the upstream's word
//! and stay, byte for byte. So a field is tokenised, its spans are edited, and what no edit touches is copied. Real
//! clients read the field with regular expressions, which is why a few more things are edited than the grammar asks
//! for: see [`rewrite`].

mod edit;
mod inject;
mod parse;

use crate::syntax::contains_ignore_case;
use crate::url::Origin;
use parse::{Challenge, Field};
use std::borrow::Cow;

pub use inject::inject;

/// The most field instances looked at.
pub const MAX_FIELDS: usize = 64;
/// The most bytes looked at, all instances together.
pub const MAX_BYTES: usize = 32 * 1024;

/// The `WWW-Authenticate` fields of one response, and what was seen in them as the upstream sent them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Challenges<'a> {
    /// One entry per field instance, in order. Borrowed means byte-identical to what came.
    pub fields: Vec<Cow<'a, [u8]>>,
    /// The first `resource_metadata` value: unescaped, otherwise as sent, so it may be relative or foreign.
    pub metadata_url: Option<String>,
    /// Some challenge, of any scheme, carried `resource_metadata`.
    pub had_metadata: bool,
    /// Some challenge has the Bearer scheme.
    pub has_bearer: bool,
    /// The first challenge is a Bearer one, as the official TypeScript client wants it.
    pub bearer_first: bool,
    /// Some challenge has the DPoP scheme: tokens bound to the upstream's URL cannot be relayed.
    pub has_dpop: bool,
    /// A field that is no challenge list at all.
    pub malformed: bool,
    /// A challenge named `resource_metadata` twice.
    pub duplicate_metadata: bool,
    /// A Bearer or DPoP challenge says `error="insufficient_scope"`.
    pub insufficient_scope: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Put the first Bearer challenge in front of all others, for clients that look at the first scheme only.
    pub bearer_first: bool,
}

/// The fields are more, or longer, than [`MAX_FIELDS`] and [`MAX_BYTES`] allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "WWW-Authenticate has more than {MAX_FIELDS} fields or {MAX_BYTES} bytes")
    }
}

impl std::error::Error for TooLarge {}

/// Looks without changing anything: every field is borrowed as it came.
pub fn read<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Result<Challenges<'a>, TooLarge> {
    let fields = bounded(fields)?;
    let mut challenges = Challenges::default();
    for bytes in fields {
        look(&mut challenges, bytes);
        challenges.fields.push(Cow::Borrowed(bytes));
    }
    Ok(challenges)
}

/// Makes every `resource_metadata`, of every challenge and scheme, say `public_metadata_url`.
///
/// Besides the value itself these are edited, each because a client in use would otherwise misread the field:
/// - the parameter is written `resource_metadata="…"`: lower case, no spaces, always quoted, once per challenge;
/// - another parameter whose text contains `resource_metadata=` is dropped if it is `error_description` or its
///   challenge has no metadata of its own, else ours is moved in front of it;
/// - empty list elements, trailing commas and empty unquoted values go, a missing comma is added.
///
/// A field that cannot be tokenised is copied unless it mentions `resource_metadata` or the `upstream`'s host or holds
/// a control byte; then a plain Bearer challenge takes its place. Fields in which nothing needs an edit are borrowed.
pub fn rewrite<'a>(
    fields: impl IntoIterator<Item = &'a [u8]>,
    public_metadata_url: &str,
    upstream: &Origin,
    options: Options,
) -> Result<Challenges<'a>, TooLarge> {
    let fields = bounded(fields)?;
    let parameter = metadata_parameter(public_metadata_url);
    let mut challenges = Challenges::default();
    for bytes in fields {
        let field = look(&mut challenges, bytes);
        challenges.fields.push(match field {
            Some(field) => edit::spliced(bytes, &field, &parameter),
            None => unreadable(bytes, &parameter, upstream),
        });
    }
    if options.bearer_first {
        edit::put_bearer_first(&mut challenges);
    }
    Ok(challenges)
}

fn bounded<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<&'a [u8]>, TooLarge> {
    let mut kept = Vec::new();
    let mut bytes = 0;
    for field in fields {
        bytes += field.len();
        if kept.len() == MAX_FIELDS || bytes > MAX_BYTES {
            return Err(TooLarge);
        }
        kept.push(field);
    }
    Ok(kept)
}

/// Tokenises one field and notes what it says; `None` when it is not a challenge list.
fn look(seen: &mut Challenges<'_>, bytes: &[u8]) -> Option<Field> {
    let Some(field) = parse::field(bytes) else {
        seen.malformed = true;
        return None;
    };
    for (at, challenge) in field.challenges.iter().enumerate() {
        let first = seen.fields.is_empty() && at == 0;
        note(seen, bytes, challenge, first);
    }
    Some(field)
}

fn note(seen: &mut Challenges<'_>, bytes: &[u8], challenge: &Challenge, first: bool) {
    let bearer = challenge.is(bytes, "bearer");
    let dpop = challenge.is(bytes, "dpop");
    seen.has_bearer |= bearer;
    seen.has_dpop |= dpop;
    seen.bearer_first |= bearer && first;
    let mut values = challenge.values(bytes, parse::METADATA);
    if let Some(value) = values.next() {
        seen.had_metadata = true;
        seen.duplicate_metadata |= values.next().is_some();
        if seen.metadata_url.is_none() && !value.is_empty() {
            seen.metadata_url = Some(value.into_owned());
        }
    }
    let insufficient = challenge.values(bytes, "error").any(|error| error == "insufficient_scope");
    seen.insufficient_scope |= (bearer || dpop) && insufficient;
}

/// `resource_metadata="…"` with everything in the URL that could end the quotes, split the list or leave the field
/// percent-encoded; commas too, because one client splits at every comma, quoted or not.
fn metadata_parameter(url: &str) -> Vec<u8> {
    let mut out = [parse::METADATA.as_bytes(), b"=\""].concat();
    out.reserve(url.len() + 1);
    let mut rest = url.as_bytes();
    while let Some(end) = rest.iter().position(|byte| !stays_quoted(*byte)) {
        out.extend_from_slice(&rest[..end]);
        out.extend(format!("%{:02X}", rest[end]).bytes());
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
    out
}

fn stays_quoted(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',')
}

/// A field no parser agrees on: copied while it is harmless, replaced when it leaks or could split the header.
fn unreadable<'a>(bytes: &'a [u8], parameter: &[u8], upstream: &Origin) -> Cow<'a, [u8]> {
    let splits = bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
    let leaks = contains_ignore_case(bytes, upstream.host().as_bytes());
    if splits || leaks || contains_ignore_case(bytes, parse::METADATA.as_bytes()) {
        Cow::Owned(bearer_with(parameter))
    } else {
        Cow::Borrowed(bytes)
    }
}

fn bearer_with(parameter: &[u8]) -> Vec<u8> {
    [b"Bearer ", parameter].concat()
}
