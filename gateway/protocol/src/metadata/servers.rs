//! Which entries of `authorization_servers` a client may be sent to.

use super::MetadataError;
use crate::json::{Kind, Object, Value};
use crate::url::{HttpUrl, Origin, Scheme};

/// One entry and what was decided about it.
pub(super) struct Entry<'d> {
    /// As it stands in the document.
    pub(super) text: &'d str,
    /// The server's origin when the entry is kept.
    pub(super) kept: Option<Origin>,
}

/// The entries, or `None` when the member is absent or null.
pub(super) fn entries<'d>(object: &Object<'d>) -> Result<Option<(Value, Vec<Entry<'d>>)>, MetadataError> {
    let Some(member) = object.get("authorization_servers") else { return Ok(None) };
    if member.value.kind == Kind::Null {
        return Ok(None);
    }
    let elements = object.elements(&member.value).ok_or(MetadataError::AuthorizationServersNotArray)?;
    let entries = elements.iter().map(|element| entry(object, element)).collect();
    Ok(Some((member.value.clone(), entries)))
}

fn entry<'d>(object: &Object<'d>, element: &Value) -> Entry<'d> {
    let issuer = object.string(element);
    let kept =
        issuer.and_then(|issuer| HttpUrl::parse(&issuer).ok()).map(|url| url.origin().clone()).filter(usable);
    Entry { text: object.text(element), kept }
}

/// https anywhere; plain http only where the public internet does not reach, which is how development and closed
/// networks run their servers. Clients make the same exception or refuse it themselves.
fn usable(origin: &Origin) -> bool {
    origin.scheme() == Scheme::Https || origin.is_private()
}
