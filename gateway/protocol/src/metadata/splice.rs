//! The edited document: cuts and replacements by byte span, in one pass.

use super::MetadataError;
use super::servers::{self, Entry};
use crate::json::{Member, Object, quote, spliced};
use crate::url::HttpUrl;
use std::ops::Range;

type Edit = (Range<usize>, String);

pub(super) fn splice(object: &Object<'_>, resource: &str) -> Result<Vec<u8>, MetadataError> {
    let mut edits = removals(object, resource);
    if let Some(member) = object.get("resource") {
        edits.push((member.value.span.clone(), quote(resource)));
    }
    if let Some((list, entries)) = servers::entries(object)? {
        edits.extend(filtered(&entries)?.map(|text| (list.span, text)));
    }
    edits.sort_by_key(|(span, _)| span.start);
    Ok(spliced(object.document(), &edits))
}

/// The list without its unusable entries; `None` when all of them stay.
fn filtered(entries: &[Entry<'_>]) -> Result<Option<String>, MetadataError> {
    let kept: Vec<&str> =
        entries.iter().filter(|entry| entry.kept.is_some()).map(|entry| entry.text).collect();
    match kept.len() {
        all if all == entries.len() => Ok(None),
        0 => Err(MetadataError::NoUsableAuthorizationServer),
        _ => Ok(Some(format!("[{}]", kept.join(",")))),
    }
}

/// Cuts for the members that go, each with one comma: the one before it, or, while no member has been kept, the one
/// after it. `resource` is always kept, so there is always a member to cut towards.
fn removals(object: &Object<'_>, resource: &str) -> Vec<Edit> {
    let members = object.members();
    let mut edits = Vec::new();
    let mut kept_before = false;
    for (at, member) in members.iter().enumerate() {
        if !goes(object, member, resource) {
            kept_before = true;
            continue;
        }
        let cut = if kept_before {
            members[at - 1].value.span.end..member.value.span.end
        } else {
            let next = members.get(at + 1).map_or(member.value.span.end, |next| next.name_span.start);
            member.name_span.start..next
        };
        edits.push((cut, String::new()));
    }
    edits
}

fn goes(object: &Object<'_>, member: &Member<'_>, resource: &str) -> bool {
    match member.name.as_ref() {
        "signed_metadata" => true,
        "jwks_uri" => is_internal(object, member, resource),
        _ => false,
    }
}

/// A `jwks_uri` only the inside can reach, in a document for the outside.
pub(super) fn is_internal(object: &Object<'_>, member: &Member<'_>, resource: &str) -> bool {
    let private = |text: &str| HttpUrl::parse(text).is_ok_and(|url| url.origin().is_private());
    object.string(&member.value).is_some_and(|uri| private(&uri)) && !private(resource)
}
