//! The upstream's challenge on its way to the client: every `resource_metadata` in it names the gateway's
//! own metadata URL for what the client dialled, on any status and for any scheme.

use http::StatusCode;
use http::header::{self, HeaderValue};
use log::warn;
use pingora::http::ResponseHeader;
use tollgate_protocol::challenge::{self, Challenges, Options};

use super::metadata::Source;
use super::rewritten::Rewritten;
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
    if let Some(resource) = endpoint.metadata.known(&route.rest)
        && let Some(rewritten) = resource.rewritten.of(response, &route.identifier)
    {
        resource.challenged(rewritten.named.as_deref());
        replace(response, &rewritten.goes);
        return Ok(());
    }
    let metadata_url = route.identifier.metadata_url();
    let came: Vec<HeaderValue> = response.headers.get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
    let upstream = endpoint.url().origin();
    let bytes = came.iter().map(HeaderValue::as_bytes);
    let mut challenges = challenge::rewrite(bytes, &metadata_url, upstream, Options::default())
        .map_err(|_| Refusal::new(&reason::UPSTREAM_CHALLENGE_TOO_LARGE))?;
    note(endpoint, route, &challenges, &metadata_url);
    if response.status == StatusCode::UNAUTHORIZED && !challenges.had_metadata {
        let resource = endpoint.metadata.resource(&route.rest);
        if resource.exists(&source()?).await {
            challenge::inject(&mut challenges, &metadata_url);
        }
    }
    let goes = values(&challenges);
    replace(response, &goes);
    // Without metadata it is for the moment to say what becomes of a challenge.
    if challenges.had_metadata && !challenges.malformed {
        let named = foreign(&challenges, &metadata_url).map(str::to_string);
        let rewritten = Rewritten { named, goes, to: route.identifier.clone(), came };
        endpoint.metadata.resource(&route.rest).rewritten.remember(rewritten);
    }
    Ok(())
}

/// A challenge may mean that the metadata changed, and says where it is.
fn note(endpoint: &Endpoint, route: &Route, challenges: &Challenges<'_>, metadata_url: &str) {
    if challenges.malformed {
        warn!("the challenge of {} is malformed; it was replaced by a plain Bearer one", endpoint.id);
    }
    if challenges.has_bearer || challenges.had_metadata {
        endpoint.metadata.resource(&route.rest).challenged(foreign(challenges, metadata_url));
    }
}

/// Where the upstream says its metadata is. One that knows the gateway names the gateway's own URL, which says nothing
/// about its own.
fn foreign<'c>(challenges: &'c Challenges<'_>, metadata_url: &str) -> Option<&'c str> {
    challenges.metadata_url.as_deref().filter(|named| *named != metadata_url)
}

fn values(challenges: &Challenges<'_>) -> Vec<HeaderValue> {
    // The writer of a challenge emits no byte a field value may not hold.
    challenges.fields.iter().filter_map(|field| HeaderValue::from_bytes(field).ok()).collect()
}

fn replace(response: &mut ResponseHeader, values: &[HeaderValue]) {
    let Some((first, others)) = values.split_first() else {
        response.remove_header(&header::WWW_AUTHENTICATE);
        return;
    };
    // No value is one that cannot be in a field.
    let _ = response.insert_header(header::WWW_AUTHENTICATE, first.clone());
    for value in others {
        let _ = response.append_header(header::WWW_AUTHENTICATE, value.clone());
    }
}
