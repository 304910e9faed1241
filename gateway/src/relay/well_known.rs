//! The well-known URLs under the gateway's origins: protected resource metadata of its APIs (RFC 9728 §3),
//! and a plain JSON 404 for every other OAuth or OpenID document, which clients probe by the half dozen and
//! which must never reach an upstream or look like a login page.

use http::header::{self, HeaderValue};
use http::{HeaderMap, Method};

use super::document::Rendered;
use crate::cors;
use crate::reason;
use crate::respond::{Refusal, Reply};

const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
const OTHERS: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// What a request path asks for, if it is one of these URLs.
#[derive(Debug, PartialEq, Eq)]
pub enum WellKnown<'p> {
    /// The metadata of the resource at this path (`/` and below).
    Metadata { resource: &'p str },
    /// The metadata of the origin as a whole, which exists only where it has one API.
    RootMetadata,
    /// A document this gateway never has.
    Nothing,
}

impl<'p> WellKnown<'p> {
    /// Reads a request path. `None`: an ordinary request.
    ///
    /// Besides the path-inserted form there is the suffix form some clients try
    /// (`<path>/.well-known/oauth-protected-resource`).
    pub fn of(path: &'p str) -> Option<WellKnown<'p>> {
        // Nearly no path has one, and to look for a character is quick.
        if !path.as_bytes().contains(&b'.') {
            return None;
        }
        if let Some(resource) = path.strip_prefix(PROTECTED_RESOURCE) {
            return Some(match resource {
                "" | "/" => WellKnown::RootMetadata,
                resource if resource.starts_with('/') => WellKnown::Metadata { resource },
                _ => WellKnown::Nothing,
            });
        }
        if let Some(resource) = path.strip_suffix(PROTECTED_RESOURCE) {
            return Some(WellKnown::Metadata { resource });
        }
        let other = OTHERS.iter().any(|name| match path.split_once(name) {
            Some((_, after)) => after.is_empty() || after.starts_with('/'),
            None => false,
        });
        other.then_some(WellKnown::Nothing)
    }
}

/// The answer to a method metadata is not asked with, or to a preflight; `None` for GET and HEAD.
pub fn answer_by_method(method: &Method, headers: &HeaderMap) -> Option<Result<Reply, Refusal>> {
    match *method {
        Method::GET | Method::HEAD => None,
        Method::OPTIONS => Some(Ok(cors::public_preflight(headers))),
        _ => {
            let refusal =
                Refusal { allow: Some("GET, HEAD, OPTIONS"), ..Refusal::new(&reason::METHOD_NOT_ALLOWED) };
            Some(Err(refusal))
        }
    }
}

/// A document, or a 304 for a client that has it already (RFC 9110 §13.1.2).
pub fn reply(rendered: &Rendered, cache_for: std::time::Duration, headers: &HeaderMap) -> Reply {
    let mut reply = match knows(headers, &rendered.etag) {
        true => Reply::new(304),
        false => Reply::json(200, rendered.body.clone()),
    };
    let cache_control = match cache_for.as_secs() {
        0 => "no-cache".to_string(),
        seconds => format!("max-age={seconds}"),
    };
    for (name, text) in [(header::CACHE_CONTROL, cache_control), (header::ETAG, rendered.etag.to_string())] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            reply = reply.with(name, value);
        }
    }
    public(reply)
}

/// Lets any web page read the answer: there is nothing secret in metadata, nor in its absence.
pub fn public(mut reply: Reply) -> Reply {
    for (name, value) in cors::public_fields() {
        reply = reply.with(name, value);
    }
    reply
}

fn knows(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inserted_and_the_suffix_form_name_the_same_resource() {
        let expected = Some(WellKnown::Metadata { resource: "/a/mcp" });
        assert_eq!(WellKnown::of("/.well-known/oauth-protected-resource/a/mcp"), expected);
        assert_eq!(WellKnown::of("/a/mcp/.well-known/oauth-protected-resource"), expected);
        let with_slash = WellKnown::of("/.well-known/oauth-protected-resource/a/mcp/");
        assert_eq!(with_slash, Some(WellKnown::Metadata { resource: "/a/mcp/" }));
    }

    #[test]
    fn the_root_form_names_no_resource() {
        for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/"] {
            assert_eq!(WellKnown::of(path), Some(WellKnown::RootMetadata));
        }
    }

    #[test]
    fn other_authorization_documents_are_nowhere() {
        for path in [
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/a/mcp",
            "/a/mcp/.well-known/openid-configuration",
            "/.well-known/oauth-protected-resource-2",
        ] {
            assert_eq!(WellKnown::of(path), Some(WellKnown::Nothing), "{path}");
        }
        for path in ["/a/mcp", "/.well-known/mcp.json", "/.well-known/openid-configurations"] {
            assert_eq!(WellKnown::of(path), None, "{path}");
        }
    }
}
