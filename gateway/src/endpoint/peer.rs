//! How a connection to an endpoint is made, as Pingora wants to be told: made once, when the configuration is read.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use pingora::protocols::ALPN;
use pingora::upstreams::peer::HttpPeer;
use pingora_core::protocols::l4::ext::TcpKeepalive;
use pingora_core::protocols::tls::CaType;
use pingora_core::upstreams::peer::HttpUpstreamRequestPolicy;
use pingora_core::utils::tls::{CertKey, WrappedX509};
use tollgate_protocol::url::Scheme;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::connection::Connector;
use super::watched;
use crate::config::{CertificateAuthorities, ClientCertificate, Endpoint as Settings};

/// A stream may be silent for as long as it likes, but not because the other end is gone.
const KEEPALIVE: TcpKeepalive = TcpKeepalive {
    idle: Duration::from_secs(60),
    interval: Duration::from_secs(10),
    count: 6,
    #[cfg(target_os = "linux")]
    user_timeout: Duration::ZERO,
};

/// Requests that share a connection at the same time; servers commonly allow a hundred.
const HTTP2_STREAMS: usize = 100;
/// Tells a connection that is silent from one whose other end is gone.
const HTTP2_PING: Duration = Duration::from_secs(30);

/// A peer with everything but an address.
///
/// # Errors
/// When a certificate authority cannot be used.
pub fn template(settings: &Settings) -> Result<HttpPeer, String> {
    let origin = settings.url.origin();
    let tls = origin.scheme() == Scheme::Https;
    // An address and not a name: a name would be looked up here, blocking, and panic where it fails.
    // Each peer made from this template gets a resolved address of its own.
    let placeholder = (std::net::Ipv4Addr::UNSPECIFIED, origin.port());
    // Never empty, since an empty server name would switch verification off.
    let server_name = settings.tls.server_name.as_deref().unwrap_or(origin.host());
    let mut peer = HttpPeer::new(placeholder, tls, server_name.trim_matches(['[', ']']).to_string());
    let timeouts = &settings.timeouts;
    peer.options.custom_l4 = Some(Arc::new(Connector { timeout: timeouts.connect }));
    // The connector keeps the time for connecting itself; this is what Pingora gives the handshake.
    peer.options.connection_timeout = Some(timeouts.tls_handshake);
    peer.options.total_connection_timeout = Some(timeouts.connect.saturating_add(timeouts.tls_handshake));
    peer.options.tcp_keepalive = Some(KEEPALIVE);
    peer.options.idle_timeout = Some(settings.pool.idle_timeout);
    peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
    if settings.http2 {
        // Without TLS there is nothing to negotiate with, so it is spoken from the first byte on.
        peer.options.alpn = if tls { ALPN::H2H1 } else { ALPN::H2 };
        peer.options.max_h2_streams = HTTP2_STREAMS;
        peer.options.h2_ping_interval = Some(HTTP2_PING);
    }
    peer.options.ca = settings.tls.ca.as_ref().map(trust_anchors).transpose()?;
    peer.client_cert_key = settings.tls.client.as_ref().map(client_certificate);
    peer.group_key = group_key(settings);
    Ok(peer)
}

/// The same for requests, whose answers are watched where they can be.
pub fn for_requests(settings: &Settings, template: &HttpPeer) -> HttpPeer {
    let mut peer = template.clone();
    if !settings.http2 {
        watched::watch(&mut peer);
    }
    peer
}

/// Pingora's pool key leaves the trust anchors out, and of the gateway's certificate all but the serial number: without
/// this, an endpoint could be handed a connection that was verified against another one's CA, or made in another name.
fn group_key(settings: &Settings) -> u64 {
    let mut hasher = DefaultHasher::new();
    settings.url.origin().hash(&mut hasher);
    settings.tls.ca.as_ref().map(|ca| &ca.certificates).hash(&mut hasher);
    settings.tls.client.as_ref().map(|client| (&client.chain, client.key.secret_der())).hash(&mut hasher);
    settings.tls.pins.hash(&mut hasher);
    settings.http2.hash(&mut hasher);
    hasher.finish()
}

fn client_certificate(client: &ClientCertificate) -> Arc<CertKey> {
    let chain = client.chain.iter().map(|certificate| certificate.to_vec()).collect();
    Arc::new(CertKey::new(chain, client.key.secret_der().to_vec()))
}

fn trust_anchors(ca: &CertificateAuthorities) -> Result<Arc<CaType>, String> {
    let mut anchors = Vec::new();
    for certificate in &ca.certificates {
        // Pingora parses it again, and would panic where this fails.
        X509Certificate::from_der(certificate).map_err(|error| format!("{}: {error}", ca.file.display()))?;
        anchors.push(WrappedX509::new(certificate.to_vec(), pingora_core::utils::tls::parse_x509));
    }
    Ok(anchors.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UpstreamTls;
    use tollgate_protocol::url::HttpUrl;

    fn settings(text: &str) -> Settings {
        Settings::at(HttpUrl::parse(text).expect("a valid URL"))
    }

    #[test]
    fn the_server_name_is_never_empty() {
        for text in ["https://up.example/mcp", "https://192.0.2.1/mcp", "https://[2001:db8::1]:8443/"] {
            let peer = template(&settings(text)).expect("a peer");
            assert!(!peer.sni.is_empty() && !peer.sni.contains('['), "{text}");
        }
    }

    #[test]
    fn endpoints_that_trust_different_authorities_share_no_connection() {
        let trusting = |der: Option<&'static [u8]>| {
            let ca = der
                .map(|der| CertificateAuthorities { file: "ca.pem".into(), certificates: vec![der.into()] });
            let tls = UpstreamTls { ca, ..UpstreamTls::default() };
            group_key(&Settings { tls, ..settings("https://up.example/") })
        };
        let keys = [trusting(None), trusting(Some(b"a")), trusting(Some(b"b"))];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
        assert_eq!(keys[1], trusting(Some(b"a")));
    }
}
