//! Fields of a response that point back at the upstream: `Location`, `Content-Location`, `Link` and the
//! scope of cookies are mapped to what the client can reach. What points elsewhere passes.

use http::header::{self, HeaderName, HeaderValue};
use pingora::http::ResponseHeader;
use tollgate_protocol::location::Outside;

use crate::context::Route;
use crate::hop::Hop;

/// Maps the fields of a response to `route`'s request.
pub fn relay(route: &Route, hop: &Hop, response: &mut ResponseHeader) {
    let Some(base) = hop.url() else { return };
    let outside = Outside { mount: &hop.endpoint.mount, public_origin: &route.identifier.origin.text };
    map(response, &header::LOCATION, |value| outside.location(value, &base));
    map(response, &header::CONTENT_LOCATION, |value| outside.location(value, &base));
    map(response, &header::LINK, |value| outside.link(value, &base));
    map(response, &header::SET_COOKIE, |value| outside.set_cookie(value));
}

/// Maps every instance of a field, keeping their order.
fn map(response: &mut ResponseHeader, name: &HeaderName, change: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let old: Vec<HeaderValue> = response.headers.get_all(name).iter().cloned().collect();
    let new: Vec<Option<Vec<u8>>> = old.iter().map(|value| change(value.as_bytes())).collect();
    if new.iter().all(Option::is_none) {
        return;
    }
    response.remove_header(name);
    for (old, new) in old.into_iter().zip(new) {
        let value = new.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok()).unwrap_or(old);
        let _ = response.append_header(name.clone(), value);
    }
}
