//! Web origins: which pages may call the gateway from a browser, and the CORS fields they need.
//!
//! Which, a listener says, and beyond it the `cors` policies of the gateway and of the API that is called.
//!
//! MCP demands that a server reject an unknown `Origin` (DNS rebinding). An upstream cannot do it once the
//! gateway has given it its own `Host`, so the gateway does: on a loopback listener any loopback origin is
//! welcome, elsewhere only `allowed_origins`. Preflights are answered here, before plans, since a browser
//! sends them without credentials (Fetch §3.2).

use std::sync::Arc;

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use pingora::http::ResponseHeader;
use tollgate_plugins::cors::Cors;
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
/// Private Network Access (WICG): a browser asks before a page of the internet reaches into a network.
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// What a `cors` policy says, as fields of answers.
#[derive(Debug)]
pub struct PageTerms {
    policy: Cors,
    exposed: HeaderValue,
    max_age: HeaderValue,
}

impl PageTerms {
    pub fn of(policy: &Cors) -> PageTerms {
        let names = policy.exposed_headers.iter().map(|name| format!(", {name}"));
        let exposed = EXPOSED.to_str().unwrap_or_default().to_owned() + &names.collect::<String>();
        PageTerms {
            exposed: HeaderValue::from_str(&exposed).unwrap_or(EXPOSED),
            max_age: HeaderValue::from(policy.max_age.as_secs()),
            policy: policy.clone(),
        }
    }
}

/// A request that comes from a page that may call.
#[derive(Clone, Debug)]
pub struct WebOrigin {
    page: HeaderValue,
    /// Of the policy that lets it, if one does.
    terms: Option<Arc<PageTerms>>,
}

impl AllowedOrigins {
    /// The web origin of a request: none for a client that is no browser, a refusal for a foreign page. `policies` are
    /// those of what the page calls.
    pub fn check<'p>(
        &self,
        headers: &HeaderMap,
        policies: impl FnOnce() -> &'p [Arc<PageTerms>],
    ) -> Result<Option<WebOrigin>, Refusal> {
        let mut fields = headers.get_all(header::ORIGIN).iter();
        let Some(page) = fields.next() else { return Ok(None) };
        let refusal = || Refusal::new(&reason::ORIGIN_NOT_ALLOWED);
        let origin = page.to_str().ok().filter(|_| fields.next().is_none());
        let origin = origin.and_then(|text| Origin::parse(text).ok()).ok_or_else(refusal)?;
        let terms = policies().iter().find(|terms| terms.policy.allows(&origin)).cloned();
        match terms.is_some() || self.knows(&origin) {
            true => Ok(Some(WebOrigin { page: page.clone(), terms })),
            false => Err(refusal()),
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
        let max_age = self.terms.as_ref().map_or(MAX_AGE, |terms| terms.max_age.clone());
        let reply = Reply::new(204)
            .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.page.clone())
            .with(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .with(header::ACCESS_CONTROL_ALLOW_HEADERS, requested_fields(headers))
            .with(header::ACCESS_CONTROL_MAX_AGE, max_age)
            .with(header::VARY, VARY);
        let is_asked = headers.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value == "true");
        match is_asked && self.terms.as_ref().is_some_and(|terms| terms.policy.private_network) {
            true => reply.with(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true")),
            false => reply,
        }
    }

    fn exposed(&self) -> HeaderValue {
        self.terms.as_ref().map_or(EXPOSED, |terms| terms.exposed.clone())
    }

    /// Lets this page read a relayed answer. The gateway is the origin the page talks to, so its word
    /// replaces whatever the upstream said for its own.
    pub fn expose(&self, response: &mut ResponseHeader) -> pingora::Result<()> {
        response.remove_header(&header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        response.insert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.page.clone())?;
        response.insert_header(header::ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed())?;
        response.append_header(header::VARY, HeaderValue::from_static("Origin"))?;
        Ok(())
    }

    /// The same for an answer of the gateway's own.
    pub fn expose_reply(&self, reply: Reply) -> Reply {
        reply
            .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.page.clone())
            .with(header::ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed())
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
        allowed.check(&headers, || &[]).ok().map(|origin| origin.is_some())
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
