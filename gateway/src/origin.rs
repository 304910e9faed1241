//! The public origins a listener answers for: a closed set, never built from a header.
//!
//! What a client dials becomes part of the documents and challenges it is sent (RFC 9728 §3.3), so the
//! `Host` field may only *select* one of these, byte for byte as configured; anything else is 421.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tollgate_protocol::url::{Origin, Scheme};

/// One public origin, in the spelling clients are given.
#[derive(Debug, PartialEq, Eq)]
pub struct PublicOrigin {
    /// For example `https://edge.example.com`: scheme, host and, unless it is the scheme's own, port.
    pub text: String,
    /// The host alone, lower-case, for matching an API's `hosts`.
    pub host: String,
    /// The same, parsed, for comparing with other origins.
    pub origin: Origin,
}

/// The closed set of one listener, by the authority a `Host` field would name.
#[derive(Debug, Default)]
pub struct PublicOrigins {
    by_authority: HashMap<String, Arc<PublicOrigin>, RandomState>,
    all: Vec<Arc<PublicOrigin>>,
}

impl PublicOrigins {
    /// The set for a listener bound to `address`: the configured public URLs first, then this
    /// listener's scheme with every host an API names, then the loopback names on a loopback listener.
    pub fn new<'h>(
        scheme: Scheme,
        address: SocketAddr,
        public_urls: &[Origin],
        hosts: impl Iterator<Item = &'h str>,
    ) -> PublicOrigins {
        let mut set = PublicOrigins::default();
        for origin in public_urls {
            set.insert(origin.clone());
        }
        for host in hosts {
            set.insert_own(scheme, host, address.port());
        }
        if address.ip().is_loopback() {
            for host in ["127.0.0.1", "localhost", "[::1]"] {
                set.insert_own(scheme, host, address.port());
            }
        }
        set
    }

    /// The origin an authority selects. Host names are case-insensitive, everything else is exact.
    pub fn select(&self, authority: &str) -> Option<&Arc<PublicOrigin>> {
        if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.by_authority.get(&authority.to_ascii_lowercase());
        }
        self.by_authority.get(authority)
    }

    /// Every origin of the set, each once, in order of preference.
    pub fn all(&self) -> &[Arc<PublicOrigin>] {
        &self.all
    }

    fn insert_own(&mut self, scheme: Scheme, host: &str, port: u16) {
        // A host an API names has passed the same grammar at load, so this cannot fail for one.
        if let Ok(origin) = Origin::parse(&format!("{}://{host}:{port}", scheme.as_str())) {
            self.insert(origin);
        }
    }

    fn insert(&mut self, origin: Origin) {
        let authority = origin.authority();
        if self.by_authority.contains_key(&authority) {
            return;
        }
        let public = Arc::new(PublicOrigin {
            text: origin.to_string(),
            host: origin.host().to_string(),
            origin: origin.clone(),
        });
        // A client may spell the default port out; both spellings mean the same origin.
        self.by_authority.insert(format!("{}:{}", origin.host(), origin.port()), public.clone());
        self.by_authority.insert(authority, public.clone());
        self.all.push(public);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(address: &str, public_urls: &[&str], hosts: &[&str]) -> PublicOrigins {
        let public_urls: Vec<Origin> =
            public_urls.iter().map(|url| Origin::parse(url).expect("a valid origin")).collect();
        PublicOrigins::new(
            Scheme::Http,
            address.parse().expect("an address"),
            &public_urls,
            hosts.iter().copied(),
        )
    }

    fn text(set: &PublicOrigins, authority: &str) -> Option<String> {
        set.select(authority).map(|origin| origin.text.clone())
    }

    #[test]
    fn a_loopback_listener_answers_for_the_three_loopback_names_with_its_own_port() {
        let set = origins("127.0.0.1:8080", &[], &[]);
        for authority in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"] {
            assert!(text(&set, authority).is_some(), "{authority}");
        }
        for authority in ["localhost", "localhost:80", "127.0.0.2:8080", "evil.example:8080"] {
            assert_eq!(text(&set, authority), None, "{authority}");
        }
    }

    #[test]
    fn a_public_url_is_selected_with_and_without_its_default_port() {
        let set = origins("0.0.0.0:8080", &["https://edge.example.com"], &[]);
        for authority in ["edge.example.com", "Edge.Example.Com:443"] {
            assert_eq!(text(&set, authority).as_deref(), Some("https://edge.example.com"));
        }
        assert_eq!(text(&set, "edge.example.com:8080"), None);
        assert_eq!(text(&set, "localhost:8080"), None, "not a loopback listener");
    }

    #[test]
    fn a_configured_host_is_served_under_the_listeners_scheme_and_port() {
        let set = origins("0.0.0.0:8080", &[], &["mcp.example.com"]);
        assert_eq!(text(&set, "mcp.example.com:8080").as_deref(), Some("http://mcp.example.com:8080"));
        assert_eq!(text(&set, "mcp.example.com"), None);
    }
}
