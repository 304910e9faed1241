//! Writes a tokenised field out again: the bytes that came, except where a client would misread them.

use super::Challenges;
use super::parse::{self, Challenge, Field, METADATA, Parameter};
use crate::syntax::contains_ignore_case;
use std::borrow::Cow;
use std::ops::Range;

/// The field with `ours` in the place of every `resource_metadata` parameter; borrowed when that changes nothing.
pub(super) fn spliced<'a>(bytes: &'a [u8], field: &Field, ours: &[u8]) -> Cow<'a, [u8]> {
    let mut out = Vec::with_capacity(bytes.len() + ours.len());
    let mut previous = None;
    for challenge in &field.challenges {
        if let Some(previous) = previous {
            out.extend_from_slice(separator(bytes, previous, challenge.scheme.start));
        }
        write_challenge(&mut out, bytes, challenge, ours);
        previous = Some(challenge.end());
    }
    if out == bytes { Cow::Borrowed(bytes) } else { Cow::Owned(out) }
}

fn write_challenge(out: &mut Vec<u8>, bytes: &[u8], challenge: &Challenge, ours: &[u8]) {
    out.extend_from_slice(&bytes[challenge.scheme.clone()]);
    if let Some(credentials) = &challenge.credentials {
        out.extend_from_slice(&bytes[challenge.scheme.end..credentials.end]);
    }
    let mut before = challenge.scheme.clone();
    for (nth, parameter) in kept(bytes, challenge).into_iter().enumerate() {
        let gap = if nth == 0 { space } else { separator };
        out.extend_from_slice(gap(bytes, before.end, parameter.name.start));
        if parameter.named(bytes, METADATA) {
            out.extend_from_slice(ours);
        } else {
            out.extend_from_slice(&bytes[parameter.span()]);
        }
        before = parameter.span();
    }
}

/// The parameters that stay, in the order they are written.
fn kept<'f>(bytes: &[u8], challenge: &'f Challenge) -> Vec<&'f Parameter> {
    let metadata = challenge.parameters.iter().find(|it| it.named(bytes, METADATA));
    let mut kept: Vec<&Parameter> = Vec::new();
    for parameter in &challenge.parameters {
        let ours = metadata.is_some_and(|it| it.span() == parameter.span());
        let stays = if parameter.named(bytes, METADATA) {
            ours
        } else {
            survives(bytes, parameter, metadata.is_some())
        };
        if stays {
            kept.push(parameter);
        }
    }
    let trapped = kept.iter().any(|it| !it.named(bytes, METADATA) && hides_metadata(bytes, it));
    if trapped {
        // Stable: ours goes first, the others keep their order.
        kept.sort_by_key(|it| !it.named(bytes, METADATA));
    }
    kept
}

/// A parameter with no value at all is dropped, and so is one that would be mistaken for `resource_metadata` and
/// either says nothing a machine needs or cannot be put behind the true one.
fn survives(bytes: &[u8], parameter: &Parameter, beside_metadata: bool) -> bool {
    let mistaken = hides_metadata(bytes, parameter);
    let droppable = parameter.named(bytes, "error_description") || !beside_metadata;
    !(parameter.value.is_empty() || mistaken && droppable)
}

/// Whether a client that searches the whole field for `resource_metadata=` would find it in this parameter.
fn hides_metadata(bytes: &[u8], parameter: &Parameter) -> bool {
    contains_ignore_case(&bytes[parameter.span()], b"resource_metadata=")
}

/// What stands between a scheme and its first parameter: the spaces that came, or one.
fn space(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    let gap = bytes.get(from..to).unwrap_or_default();
    if !gap.is_empty() && gap.iter().all(|byte| *byte == b' ') { gap } else { b" " }
}

/// What stands between two list elements: the comma and the spaces that came, or a plain `, ` where elements were
/// dropped, moved, empty or not separated.
fn separator(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    let gap = bytes.get(from..to).unwrap_or_default();
    let commas = gap.iter().filter(|byte| **byte == b',').count();
    let rest_is_space = gap.iter().all(|byte| matches!(byte, b',' | b' ' | b'\t'));
    if commas == 1 && rest_is_space { gap } else { b", " }
}

/// Moves the first Bearer challenge, and the field it is in, to the front.
pub(super) fn put_bearer_first(challenges: &mut Challenges<'_>) {
    let fields = challenges.fields.iter().map(|bytes| parse::field(bytes)).collect::<Vec<_>>();
    for (at, field) in fields.iter().enumerate() {
        let Some(field) = field else { continue };
        let bytes = &challenges.fields[at];
        let Some(bearer) = field.challenges.iter().position(|it| it.is(bytes, "bearer")) else { continue };
        if bearer > 0 {
            challenges.fields[at] = Cow::Owned(reordered(bytes, field, bearer));
        }
        challenges.fields[..=at].rotate_right(1);
        return;
    }
}

fn reordered(bytes: &[u8], field: &Field, first: usize) -> Vec<u8> {
    let span = |challenge: &Challenge| -> Range<usize> { challenge.scheme.start..challenge.end() };
    let others = field.challenges.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, it)| it);
    let ordered = std::iter::once(&field.challenges[first]).chain(others);
    ordered.map(|it| &bytes[span(it)]).collect::<Vec<_>>().join(&b", "[..])
}
