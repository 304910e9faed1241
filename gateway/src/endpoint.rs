//! An endpoint: the one upstream MCP server URL of an API, and how a connection to it is made.

pub mod resolve;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;
use pingora_core::protocols::tls::CaType;
use pingora_core::upstreams::peer::HttpUpstreamRequestPolicy;
use tollgate_protocol::url::{HttpUrl, Origin, Scheme};

use self::resolve::Addresses;

/// Connecting to one address may take this long, TLS included this much longer.
const CONNECT: Duration = Duration::from_secs(3);
const CONNECT_WITH_TLS: Duration = Duration::from_secs(10);
/// Shorter than the 5 s after which common MCP servers (Node) close an idle connection: a POST on a
/// connection the server has just closed cannot be repeated, so it must not be tried.
const IDLE: Duration = Duration::from_secs(4);

/// What the operator may choose about an endpoint.
#[derive(Default)]
pub struct Options {
    pub name: Option<String>,
    pub preserve_host: bool,
    /// Trusted instead of the platform's roots.
    pub ca: Option<Ca>,
    /// Taken over from the previous configuration, so that a reload never forgets a good address.
    pub addresses: Option<Arc<Addresses>>,
}

/// A bundle of trust anchors, with the bytes it came from to tell bundles apart.
#[derive(Clone)]
pub struct Ca {
    pub certificates: Arc<CaType>,
    pub der: Arc<[u8]>,
}

/// One upstream MCP server.
pub struct Endpoint {
    /// What the access log calls it, where the operator gave it a name.
    pub name: Option<String>,
    pub url: HttpUrl,
    /// The `Host` the upstream is sent: its own authority.
    pub host: HeaderValue,
    pub preserve_host: bool,
    pub addresses: Arc<Addresses>,
    template: HttpPeer,
}

impl Endpoint {
    /// # Errors
    /// When the URL's authority cannot be a `Host` field, which its own grammar rules out already.
    pub fn new(url: &HttpUrl, options: Options) -> Result<Endpoint, http::header::InvalidHeaderValue> {
        let origin = url.origin();
        let addresses =
            options.addresses.unwrap_or_else(|| Arc::new(Addresses::new(origin.host(), origin.port())));
        Ok(Endpoint {
            name: options.name,
            url: url.clone(),
            host: HeaderValue::from_str(&origin.authority())?,
            preserve_host: options.preserve_host,
            addresses,
            template: template(origin, options.ca.as_ref()),
        })
    }

    /// Whether a connection of the other may serve this one too: same upstream, same trust.
    pub fn has_connections_like(&self, other: &Endpoint) -> bool {
        self.template.group_key == other.template.group_key
    }

    /// How to reach the upstream on the `attempt`-th try: each try takes the next address.
    ///
    /// `None` while the upstream's name has never been resolved.
    pub fn peer(&self, attempt: usize) -> Option<HttpPeer> {
        let addresses = self.addresses.current();
        let address = *addresses.get(attempt % addresses.len().max(1))?;
        let mut peer = self.template.clone();
        peer._address = address.into();
        Some(peer)
    }
}

fn template(origin: &Origin, ca: Option<&Ca>) -> HttpPeer {
    let tls = origin.scheme() == Scheme::Https;
    // An address and not a name: a name would be looked up here, blocking, and panic where it fails.
    // Each peer made from this template gets a resolved address of its own.
    let placeholder = (std::net::Ipv4Addr::UNSPECIFIED, origin.port());
    // Never empty, since an empty server name would switch verification off.
    let server_name = origin.host().trim_matches(['[', ']']).to_string();
    let mut peer = HttpPeer::new(placeholder, tls, server_name);
    peer.options.connection_timeout = Some(CONNECT);
    peer.options.total_connection_timeout = Some(CONNECT_WITH_TLS);
    peer.options.idle_timeout = Some(IDLE);
    peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
    peer.options.ca = ca.map(|ca| ca.certificates.clone());
    peer.group_key = group_key(origin, ca);
    peer
}

/// Pingora's pool key leaves the trust anchors out: without this, an endpoint could be handed a
/// connection that was verified against another one's CA.
fn group_key(origin: &Origin, ca: Option<&Ca>) -> u64 {
    let mut hasher = DefaultHasher::new();
    origin.hash(&mut hasher);
    ca.map(|ca| &ca.der).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        HttpUrl::parse(text).expect("a valid URL")
    }

    fn endpoint(text: &str) -> Endpoint {
        Endpoint::new(&url(text), Options::default()).expect("an endpoint")
    }

    #[test]
    fn the_server_name_is_never_empty() {
        for text in ["https://up.example/mcp", "https://192.0.2.1/mcp", "https://[2001:db8::1]:8443/"] {
            let endpoint = endpoint(text);
            assert!(!endpoint.template.sni.is_empty() && !endpoint.template.sni.contains('['), "{text}");
        }
    }

    #[test]
    fn each_attempt_takes_the_next_address() {
        let endpoint = endpoint("http://up.example/mcp");
        assert!(endpoint.peer(0).is_none(), "not resolved yet");
        let addresses =
            vec!["192.0.2.1:80".parse().expect("an address"), "192.0.2.2:80".parse().expect("an address")];
        endpoint.addresses.learn(addresses);
        let reached = |attempt| endpoint.peer(attempt).expect("resolved")._address.to_string();
        assert_eq!([reached(0), reached(1), reached(2)], ["192.0.2.1:80", "192.0.2.2:80", "192.0.2.1:80"]);
    }

    #[test]
    fn endpoints_that_trust_different_authorities_share_no_connection() {
        let ca = |der: &[u8]| Ca { certificates: Arc::new([]), der: der.into() };
        let origin = url("https://up.example/").origin().clone();
        let keys = [
            group_key(&origin, None),
            group_key(&origin, Some(&ca(b"a"))),
            group_key(&origin, Some(&ca(b"b"))),
        ];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
        assert_eq!(keys[1], group_key(&origin, Some(&ca(b"a"))));
    }
}
