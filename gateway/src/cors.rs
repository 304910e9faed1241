//! Web origins: which pages may call the gateway from a browser, and the CORS fields they need.
//!
//! MCP demands that a server reject an unknown `Origin` (DNS rebinding). An upstream cannot do it once the
//! gateway has given it its own `Host`, so the gateway does: on a loopback listener any loopback origin is
//! welcome, elsewhere only `allowed_origins`. Preflights are answered here, before plans, since a browser
//! sends them without credentials (Fetch §3.2).

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use pingora::http::ResponseHeader;
use tollgate_protocol::url::Origin;

use crate::reason;
use crate::respond::{Refusal, Reply};

/// The web origins one listener accepts.
#[derive(Debug)]
pub struct AllowedOrigins {
    pub loopback: bool,
    pub listed: Vec<Origin>,
}

/// The methods of the MCP transports, and those browsers use around them.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE, OPTIONS");
/// What a page may read of an answer: the challenge, the session, and what tells it to retry.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, DPoP-Nonce, Retry-After, Location, Link",
);
/// Asked for by name by a preflight; listed when it names none.
const REQUEST_FIELDS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID",
);
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// A request that comes from a page this listener accepts.
#[derive(Clone, Debug)]
pub struct WebOrigin(HeaderValue);

impl AllowedOrigins {
    /// The web origin of a request: none for a client that is no browser, a refusal for a foreign page.
    pub fn check(&self, headers: &HeaderMap) -> Result<Option<WebOrigin>, Refusal> {
        let mut fields = headers.get_all(header::ORIGIN).iter();
        let Some(value) = fields.next() else { return Ok(None) };
        let known = fields.next().is_none()
            && value
                .to_str()
                .ok()
                .and_then(|text| Origin::parse(text).ok())
                .is_some_and(|origin| self.knows(&origin));
        match known {
            true => Ok(Some(WebOrigin(value.clone()))),
            false => Err(Refusal::new(&reason::ORIGIN_NOT_ALLOWED)),
        }
    }

    fn knows(&self, origin: &Origin) -> bool {
        (self.loopback && origin.is_loopback()) || self.listed.contains(origin)
    }
}

/// Whether this is a CORS preflight rather than an `OPTIONS` for the upstream.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

impl WebOrigin {
    /// The answer to a preflight from this page.
    pub fn preflight(&self, headers: &HeaderMap) -> Reply {
        Reply::new(204)
            .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone())
            .with(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .with(header::ACCESS_CONTROL_ALLOW_HEADERS, requested_fields(headers))
            .with(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
            .with(header::VARY, VARY)
    }

    /// Lets this page read a relayed answer. The gateway is the origin the page talks to, so its word
    /// replaces whatever the upstream said for its own.
    pub fn expose(&self, response: &mut ResponseHeader) -> pingora::Result<()> {
        response.remove_header(&header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        response.insert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone())?;
        response.insert_header(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED)?;
        response.append_header(header::VARY, HeaderValue::from_static("Origin"))?;
        Ok(())
    }

    /// The same for an answer of the gateway's own.
    pub fn expose_reply(&self, reply: Reply) -> Reply {
        reply
            .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone())
            .with(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED)
            .with(header::VARY, HeaderValue::from_static("Origin"))
    }
}

const VARY: HeaderValue = HeaderValue::from_static("Origin, Access-Control-Request-Headers");

/// Metadata is public: any page may read it, without credentials (RFC 9728 §3.1 names no restriction).
pub fn public_fields() -> [(HeaderName, HeaderValue); 2] {
    [(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY), (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED)]
}

/// The answer to any `OPTIONS` on metadata.
pub fn public_preflight(headers: &HeaderMap) -> Reply {
    Reply::new(204)
        .with(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"))
        .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY)
        .with(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"))
        .with(header::ACCESS_CONTROL_ALLOW_HEADERS, requested_fields(headers))
        .with(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
        .with(header::VARY, VARY)
}

/// Any field may be sent: nothing is granted by a field name, and clients add their own `Mcp-Param-*`.
fn requested_fields(headers: &HeaderMap) -> HeaderValue {
    headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned().unwrap_or(REQUEST_FIELDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(allowed: &AllowedOrigins, origins: &[&'static str]) -> Option<bool> {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_static(origin));
        }
        allowed.check(&headers).ok().map(|origin| origin.is_some())
    }

    #[test]
    fn a_loopback_listener_welcomes_loopback_pages_and_refuses_others() {
        let allowed = AllowedOrigins { loopback: true, listed: Vec::new() };
        assert_eq!(verdict(&allowed, &[]), Some(false), "no browser");
        for page in ["http://localhost:6274", "http://127.0.0.1", "https://[::1]:9"] {
            assert_eq!(verdict(&allowed, &[page]), Some(true), "{page}");
        }
        for page in ["null", "https://evil.example", "http://localhost.evil.example", "garbage"] {
            assert_eq!(verdict(&allowed, &[page]), None, "{page}");
        }
        assert_eq!(verdict(&allowed, &["http://localhost:1", "http://localhost:1"]), None, "two fields");
    }

    #[test]
    fn another_listener_welcomes_listed_pages_alone() {
        let listed = vec![Origin::parse("https://app.example").expect("an origin")];
        let allowed = AllowedOrigins { loopback: false, listed };
        assert_eq!(verdict(&allowed, &["https://app.example"]), Some(true));
        assert_eq!(verdict(&allowed, &["http://localhost:6274"]), None);
        assert_eq!(verdict(&allowed, &["https://app.example:8443"]), None);
    }
}
