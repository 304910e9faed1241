//! Why an upstream refused a token, for the operator: the client only sees the login start over.

use http::StatusCode;
use http::header;
use log::warn;
use pingora::http::{RequestHeader, ResponseHeader};
use tollgate_protocol::{audience, bearer};

use crate::context::Route;
use crate::hop::Hop;

/// Logs what can be known about a token the upstream answered with 401. The token itself is never written.
pub fn diagnose(route: &Route, hop: &Hop, request: &RequestHeader, response: &ResponseHeader) {
    if response.status != StatusCode::UNAUTHORIZED {
        return;
    }
    let fields = request.headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes());
    let Ok(Some(token)) = bearer::token(fields) else { return };
    let Some(audiences) = audience::audiences(token) else { return };
    let upstream = hop.endpoint.upstream_resource.as_deref().unwrap_or(&hop.endpoint.id);
    if is_among(&audiences, upstream) {
        return;
    }
    let slug = match is_among(&audiences, &route.identifier.resource()) {
        // The authorization server bound the token to the URL the client dialled, as RFC 8707 asks.
        true => "audience_mismatch",
        false => "audience_unrelated",
    };
    warn!(
        "api {}: {slug}: the refused token is for {}, and the upstream is {upstream}; let the upstream accept the \
         gateway's URL as audience, or the authorization server issue tokens for both",
        route.api.name,
        audiences.join(", ")
    );
}

fn is_among(audiences: &[String], url: &str) -> bool {
    let url = url.trim_end_matches('/');
    audiences.iter().any(|audience| audience.trim_end_matches('/') == url)
}
