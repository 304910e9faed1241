//! The protected resource metadata document of an upstream (RFC 9728), checked and made to speak for the gateway.
//!
//! A client refuses a document whose `resource` is not the URL it dialled (RFC 9728 §3.3), so the gateway must change
//! that member; and it may only do so after it made sure that the document speaks for this upstream and no other, or
//! it would launder an impersonation (§7.3). Everything else is the upstream's word and is kept byte for byte.

mod names;
mod servers;
mod splice;
mod warning;

use crate::json::{JsonError, Kind, Object, Reason};
use crate::url::HttpUrl;
use std::borrow::Cow;

pub use warning::Warning;

/// The largest document read, in bytes.
pub const MAX_DOCUMENT: usize = 1024 * 1024;
/// The deepest nesting read, the document itself included.
pub const MAX_DEPTH: usize = 32;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A parsed document. Parsing alone does not mean that it may be relayed: ask [`Metadata::names`] first.
#[derive(Clone, Debug)]
pub struct Metadata<'d> {
    object: Object<'d>,
    resource: Cow<'d, str>,
}

/// Whom a document's `resource` speaks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    /// The endpoint, or a URL above it on the same origin; or the gateway itself in another spelling. Rewrite it.
    Upstream,
    /// The name the operator wrote down for this upstream. Rewrite it.
    Pinned,
    /// Exactly one of the gateway's own identifiers: the upstream knows about the gateway, nothing is to be rewritten.
    Public,
    /// Somebody else. Must not be relayed in any form.
    Foreign,
}

/// Why a document cannot be relayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MetadataError {
    TooLarge,
    NotJson(JsonError),
    TooDeep(JsonError),
    DuplicateMember(JsonError),
    ResourceMissing,
    ResourceNotString,
    AuthorizationServersNotArray,
    /// The list had entries and not one of them is a URL a client may be sent to.
    NoUsableAuthorizationServer,
    /// The member that binds tokens to a key or a connection the gateway does not have.
    NotRelayable(&'static str),
}

impl<'d> Metadata<'d> {
    /// Reads a document of at most [`MAX_DOCUMENT`] bytes and [`MAX_DEPTH`] levels.
    pub fn parse(document: &'d [u8]) -> Result<Metadata<'d>, MetadataError> {
        if document.len() > MAX_DOCUMENT {
            return Err(MetadataError::TooLarge);
        }
        let object = Object::parse(document, MAX_DEPTH).map_err(|error| match error.reason {
            Reason::TooDeep => MetadataError::TooDeep(error),
            Reason::DuplicateMember => MetadataError::DuplicateMember(error),
            _ => MetadataError::NotJson(error),
        })?;
        let member = object.get("resource").ok_or(MetadataError::ResourceMissing)?;
        let resource = object.string(&member.value).ok_or(MetadataError::ResourceNotString)?;
        Ok(Metadata { object, resource })
    }

    /// The `resource` member, unescaped, as the upstream wrote it: not yet known to be a URL.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Whom `resource` names, judged against the endpoint's *configured* URL, the name the operator pinned, and the
    /// gateway's own identifiers for this API.
    ///
    /// Same origin in any spelling, and the same path (one trailing slash is no difference) or a path above it on a
    /// segment boundary, count as the endpoint. A query must be the endpoint's own; a fragment or user information
    /// makes it foreign. `pinned` is compared code point by code point.
    pub fn names(&self, upstream: &HttpUrl, pinned: Option<&str>, public: &[&str]) -> Names {
        names::names(&self.resource, upstream, pinned, public)
    }

    /// The document with `resource` in place of the upstream's own.
    ///
    /// Also removed: `signed_metadata` (it vouches for the old `resource` and would take precedence), entries of
    /// `authorization_servers` that are no http(s) URL or are plain http on a public host, and a `jwks_uri` on an
    /// internal host when `resource` is public. All other bytes are kept.
    pub fn with_resource(&self, resource: &str) -> Result<Vec<u8>, MetadataError> {
        self.check_relayable()?;
        splice::splice(&self.object, resource)
    }

    /// What the operator should know about this document when it is relayed under `public`.
    pub fn warnings(&self, public: &crate::url::Origin) -> Vec<Warning> {
        warning::warnings(&self.object, public)
    }

    fn check_relayable(&self) -> Result<(), MetadataError> {
        for name in ["dpop_bound_access_tokens_required", "tls_client_certificate_bound_access_tokens"] {
            if self.object.get(name).is_some_and(|member| member.value.kind == Kind::True) {
                return Err(MetadataError::NotRelayable(name));
            }
        }
        Ok(())
    }
}

impl MetadataError {
    /// The stable name used in logs, metrics and error bodies.
    pub fn slug(&self) -> &'static str {
        match self {
            MetadataError::TooLarge => "metadata_too_large",
            MetadataError::NotJson(_) => "metadata_not_json",
            MetadataError::TooDeep(_) => "metadata_too_deep",
            MetadataError::DuplicateMember(_) => "metadata_duplicate_member",
            MetadataError::ResourceMissing => "metadata_resource_missing",
            MetadataError::ResourceNotString => "metadata_resource_not_string",
            MetadataError::AuthorizationServersNotArray => "metadata_authorization_servers_not_array",
            MetadataError::NoUsableAuthorizationServer => "metadata_no_usable_authorization_server",
            MetadataError::NotRelayable(_) => "metadata_not_relayable",
        }
    }
}

impl std::fmt::Display for MetadataError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MetadataError::TooLarge => write!(out, "the metadata is larger than {MAX_DOCUMENT} bytes"),
            MetadataError::NotJson(error) => write!(out, "the metadata is not a JSON object: {error}"),
            MetadataError::TooDeep(error) => {
                write!(out, "the metadata is nested deeper than {MAX_DEPTH}: {error}")
            }
            MetadataError::DuplicateMember(error) => write!(out, "the metadata is ambiguous: {error}"),
            MetadataError::ResourceMissing => write!(out, "the metadata has no `resource`"),
            MetadataError::ResourceNotString => write!(out, "the metadata's `resource` is not a string"),
            MetadataError::AuthorizationServersNotArray => {
                write!(out, "the metadata's `authorization_servers` is not an array")
            }
            MetadataError::NoUsableAuthorizationServer => {
                write!(
                    out,
                    "no entry of the metadata's `authorization_servers` is a URL clients may be sent to"
                )
            }
            MetadataError::NotRelayable(member) => {
                write!(
                    out,
                    "the metadata says `{member}`, and such tokens cannot be relayed through another URL"
                )
            }
        }
    }
}

impl std::error::Error for MetadataError {}

/// The path under which the metadata of a resource with this path is published (RFC 9728 §3.1): inserted between host
/// and path, and a lone slash counts as no path.
pub fn well_known_path(resource_path: &str) -> String {
    let suffix = if resource_path == "/" { "" } else { resource_path };
    format!("{WELL_KNOWN}{suffix}")
}

/// Where an upstream's metadata is looked for when its own challenge named no place: path-inserted (with the
/// endpoint's query, RFC 9728 §3.1), then at the root. One entry when they are the same.
pub fn upstream_locations(upstream: &HttpUrl) -> Vec<HttpUrl> {
    let query = upstream.query().map(|query| format!("?{query}")).unwrap_or_default();
    let inserted = format!("{}{query}", well_known_path(upstream.path()));
    let mut locations = vec![HttpUrl::from_parts(upstream.origin().clone(), &inserted)];
    if inserted != WELL_KNOWN {
        locations.push(HttpUrl::from_parts(upstream.origin().clone(), WELL_KNOWN));
    }
    locations
}
