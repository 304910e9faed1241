//! The upstream's challenge on its way to the client: every `resource_metadata` in it names the gateway's
//! own metadata URL for what the client dialled, on any status and for any scheme.

use http::StatusCode;
use http::header::{self, HeaderValue};
use log::warn;
use pingora::http::ResponseHeader;
use tollgate_protocol::challenge::{self, Challenges, Options};

use super::metadata::Source;
use crate::context::Route;
use crate::endpoint::Endpoint;
use crate::reason;
use crate::respond::Refusal;

/// Rewrites the challenges of a response, and tells the metadata cache about them. `source`, the endpoint's metadata, is
/// asked for where a challenge names none.
///
/// # Errors
/// When the fields are larger than any challenge: then nothing of them is passed on.
pub async fn relay<'s>(
    endpoint: &Endpoint,
    route: &Route,
    response: &mut ResponseHeader,
    source: impl FnOnce() -> Result<Source<'s>, Refusal>,
) -> Result<(), Refusal> {
    let metadata_url = route.identifier.metadata_url();
    let fields: Vec<HeaderValue> =
        response.headers.get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
    let upstream = endpoint.url().origin();
    let bytes = fields.iter().map(HeaderValue::as_bytes);
    let mut challenges = challenge::rewrite(bytes, &metadata_url, upstream, Options::default())
        .map_err(|_| Refusal::new(&reason::UPSTREAM_CHALLENGE_TOO_LARGE))?;
    note(endpoint, route, &challenges, &metadata_url);
    if response.status == StatusCode::UNAUTHORIZED && !challenges.had_metadata {
        let resource = endpoint.metadata.resource(&route.rest);
        if resource.exists(&source()?).await {
            challenge::inject(&mut challenges, &metadata_url);
        }
    }
    replace(response, &challenges);
    Ok(())
}

/// A challenge may mean that the metadata changed, and says where it is.
fn note(endpoint: &Endpoint, route: &Route, challenges: &Challenges<'_>, metadata_url: &str) {
    if challenges.malformed {
        warn!("the challenge of {} is malformed; it was replaced by a plain Bearer one", endpoint.id);
    }
    if challenges.has_bearer || challenges.had_metadata {
        // An upstream that knows the gateway names the gateway's own URL, which says nothing about its own.
        let named = challenges.metadata_url.as_deref().filter(|named| *named != metadata_url);
        endpoint.metadata.resource(&route.rest).challenged(named);
    }
}

fn replace(response: &mut ResponseHeader, challenges: &Challenges<'_>) {
    response.remove_header(&header::WWW_AUTHENTICATE);
    for field in &challenges.fields {
        // The writer of a challenge emits no byte a field value may not hold.
        if let Ok(value) = HeaderValue::from_bytes(field) {
            let _ = response.append_header(header::WWW_AUTHENTICATE, value);
        }
    }
}
