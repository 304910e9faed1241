//! Adds `resource_metadata` where an upstream that publishes metadata did not say so (RFC 9728 §5.1 makes it optional,
//! MCP clients work best when it is there).

use super::parse::{self, Challenge, METADATA};
use super::{Challenges, bearer_with, metadata_parameter};
use std::borrow::Cow;

/// Puts the public metadata URL into the first Bearer challenge, or appends a Bearer challenge in a field of its own.
///
/// Nothing is added when a Bearer challenge has the parameter already, or when only another scheme has it: the resource
/// then takes no Bearer tokens, and saying otherwise would mislead. Call it on what [`super::rewrite`] returned.
pub fn inject(challenges: &mut Challenges<'_>, public_metadata_url: &str) {
    let parameter = metadata_parameter(public_metadata_url);
    let mut target = None;
    for (at, bytes) in challenges.fields.iter().enumerate() {
        let Some(field) = parse::field(bytes) else { continue };
        for bearer in field.challenges.iter().filter(|it| it.is(bytes, "bearer")) {
            if bearer.values(bytes, METADATA).next().is_some() {
                return;
            }
            if target.is_none() && bearer.credentials.is_none() {
                target = Some((at, with_parameter(bytes, bearer, &parameter)));
            }
        }
    }
    match target {
        Some((at, field)) => challenges.fields[at] = Cow::Owned(field),
        None if challenges.had_metadata => {}
        None => challenges.fields.push(Cow::Owned(bearer_with(&parameter))),
    }
}

/// The parameter goes first: nothing in front of it can then be mistaken for it.
fn with_parameter(bytes: &[u8], challenge: &Challenge, parameter: &[u8]) -> Vec<u8> {
    let (head, tail) = bytes.split_at(challenge.scheme.end);
    match challenge.parameters.first() {
        Some(first) => [head, b" ", parameter, b", ", &bytes[first.name.start..]].concat(),
        None => [head, b" ", parameter, tail].concat(),
    }
}
