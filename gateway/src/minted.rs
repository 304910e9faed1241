//! The request fields an upstream gets from the gateway alone, and their neighbours that the gateway goes by.
//!
//! One table for all that follows from it: a client's own are dropped, cannot be nominated away by `Connection`, and
//! are refused under an alias. CGI and its descendants (WSGI, Rack, PHP) turn `X-Forwarded-For`, `X_Forwarded_For` and,
//! some of them, `X.Forwarded.For` into one variable, so an alias would arrive in place of what it was checked as.

use http::header::{self, HeaderName};
use memchr::memchr2;

pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What says how a request got here: `X-Forwarded-` with anything after it, and these two. Servers go by more of them
/// (`-Scheme`, `-Ssl`, `-Uri`, `-User`) than anybody could list.
const FORWARDING: [HeaderName; 2] = [header::FORWARDED, HeaderName::from_static("x-real-ip")];
const FORWARDING_PREFIX: &str = "x-forwarded-";

/// What the gateway reads, and the upstream must not read differently.
const HEEDED: [HeaderName; 5] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-session-id"),
];

/// Whether a field says how a request got here.
pub fn is_forwarding(name: &HeaderName) -> bool {
    FORWARDING.contains(name) || name.as_str().starts_with(FORWARDING_PREFIX)
}

/// Whether the gateway goes by a field.
pub fn is_heeded(name: &HeaderName) -> bool {
    HEEDED.contains(name)
}

/// Whether the name of a field, in lower case, is another spelling of one that is minted or heeded.
pub fn is_alias(name: &str) -> bool {
    let forwarding =
        || name.get(..FORWARDING_PREFIX.len()).is_some_and(|start| folds_to(start, FORWARDING_PREFIX));
    let named = || FORWARDING.iter().chain(&HEEDED).any(|of| folds_to(name, of.as_str()));
    memchr2(b'_', b'.', name.as_bytes()).is_some() && (forwarding() || named())
}

/// Whether a name is another spelling of `of`.
pub fn is_alias_of(name: &HeaderName, of: &HeaderName) -> bool {
    name.as_str().contains(['_', '.']) && folds_to(name.as_str(), of.as_str())
}

fn folds_to(name: &str, other: &str) -> bool {
    let folded = name.bytes().map(|byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte });
    name.len() == other.len() && folded.eq(other.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(name: &str) -> bool {
        is_alias(name.parse::<HeaderName>().unwrap().as_str())
    }

    #[test]
    fn every_spelling_with_underscores_or_dots_is_an_alias() {
        for name in [
            "X_Forwarded_For",
            "X_Forwarded_Scheme",
            "x.forwarded.for",
            "X-Forwarded_For",
            "X_REAL.IP",
            "Transfer_Encoding",
        ] {
            assert!(alias(name), "{name}");
        }
    }

    #[test]
    fn the_name_itself_and_other_names_are_none() {
        for name in [
            "X-Forwarded-For",
            "x-FORWARDED-for",
            "Forwarded",
            "X_Forwarded",
            "x_custom",
            "a.b",
            "xForwardedFor",
        ] {
            assert!(!alias(name), "{name}");
        }
    }
}
