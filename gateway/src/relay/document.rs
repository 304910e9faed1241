//! One upstream metadata document: checked once against the endpoint's URL, then served with `resource`
//! set to whatever public identifier the client asked for.
//!
//! The check comes first because a rewritten document vouches for what it says: passing on one that names
//! another resource would turn somebody else's authorization server into this API's (RFC 9728 §3.3, §7.3).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use log::warn;
use sha2::{Digest, Sha256};
use tollgate_protocol::metadata::{Metadata, MetadataError, Names};
use tollgate_protocol::url::HttpUrl;

use super::metadata::Unavailable;
use crate::fetch::max_age;
use crate::gateway::Identifier;
use crate::reason;

/// What an upstream document is measured against.
pub struct Expected {
    /// The URL at the endpoint that the client's identifier maps to.
    pub upstream: HttpUrl,
    /// What the operator says the upstream calls itself.
    pub pinned: Option<String>,
    /// The public identifiers of the same resource: an upstream that knows the gateway names one of them.
    pub public: Vec<String>,
}

/// A document that passed its check.
#[derive(Debug)]
pub struct Document {
    bytes: Bytes,
    /// The gateway's own identifier, where the upstream knows it: those who dialled that one get the
    /// document as it is.
    names_the_gateway: Option<String>,
    pub cache_for: Duration,
    rendered: Mutex<Vec<(String, Rendered)>>,
}

/// A document as one identifier's clients get it.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub body: Bytes,
    /// A strong validator of these bytes, quotes included.
    pub etag: Arc<str>,
}

/// RFC 9728 §7.10 leaves caching to HTTP; a challenge makes clients and this gateway ask again anyway.
const CACHE_DEFAULT: Duration = Duration::from_secs(60);
const CACHE_MAX: Duration = Duration::from_secs(300);
/// Origins and slash forms of one resource. More are served all the same, only not kept.
const RENDERED_MAX: usize = 8;

impl Document {
    /// Checks an upstream document.
    ///
    /// # Errors
    /// When it is not valid, or does not name the upstream: then nothing may be served.
    pub fn check(bytes: Bytes, headers: &HeaderMap, expected: &Expected) -> Result<Document, Unavailable> {
        let metadata = Metadata::parse(&bytes).map_err(|error| invalid(&error))?;
        let public: Vec<&str> = expected.public.iter().map(String::as_str).collect();
        let names = metadata.names(&expected.upstream, expected.pinned.as_deref(), &public);
        let names_the_gateway = match names {
            Names::Upstream | Names::Pinned => None,
            Names::Public => Some(metadata.resource().to_string()),
            Names::Foreign => return Err(mismatch(metadata.resource(), expected)),
        };
        // Whatever would fail to render must fail now, while a last good copy is still at hand.
        metadata.with_resource("https://gateway.invalid").map_err(|error| invalid(&error))?;
        drop(metadata);
        Ok(Document { bytes, names_the_gateway, cache_for: cache_for(headers), rendered: Mutex::default() })
    }

    /// The document for clients that dialled `identifier`.
    ///
    /// # Errors
    /// Never for a document that passed [`Document::check`]; kept as a result so that no path can panic.
    pub fn render(&self, identifier: &Identifier) -> Result<Rendered, Unavailable> {
        let resource = identifier.resource();
        let mut kept = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rendered)) = kept.iter().find(|(of, _)| *of == resource) {
            return Ok(rendered.clone());
        }
        let rendered = Rendered::new(self.body_for(&resource, identifier)?);
        if kept.len() < RENDERED_MAX {
            kept.push((resource, rendered.clone()));
        }
        Ok(rendered)
    }

    fn body_for(&self, resource: &str, identifier: &Identifier) -> Result<Bytes, Unavailable> {
        if self.names_the_gateway.as_deref() == Some(resource) {
            return Ok(self.bytes.clone());
        }
        let metadata = Metadata::parse(&self.bytes).map_err(|error| invalid(&error))?;
        for warning in metadata.warnings(&identifier.origin.origin) {
            warn!("metadata of {resource}: {}: {warning}", warning.slug());
        }
        metadata.with_resource(resource).map(Bytes::from).map_err(|error| invalid(&error))
    }
}

impl Rendered {
    pub fn new(body: Bytes) -> Rendered {
        let digest = Sha256::digest(&body);
        let short: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Rendered { body, etag: format!("\"{short}\"").into() }
    }
}

fn invalid(error: &MetadataError) -> Unavailable {
    let reason = match error {
        MetadataError::NotRelayable(_) => &reason::UPSTREAM_NOT_RELAYABLE,
        _ => &reason::UPSTREAM_METADATA_INVALID,
    };
    Unavailable { reason, log: format!("{}: {error}", error.slug()), transient: false }
}

fn mismatch(resource: &str, expected: &Expected) -> Unavailable {
    let resource = resource.escape_default();
    let log = format!(
        "the document names the resource \"{resource}\" and not the endpoint {}; if that is this server's own \
         name for itself, write `authorization: {{ upstream_resource: \"{resource}\" }}` in the API",
        expected.upstream
    );
    Unavailable { reason: &reason::UPSTREAM_RESOURCE_MISMATCH, log, transient: false }
}

fn cache_for(headers: &HeaderMap) -> Duration {
    max_age(headers).map_or(CACHE_DEFAULT, |age| age.min(CACHE_MAX))
}
