//! TLS of a listener: one rustls configuration per generation, the certificate chosen by the host a client
//! names (RFC 6066 §3). rustls speaks 1.2 and 1.3 and no weak suite, so there is nothing to switch off.

use std::collections::HashMap;
use std::sync::Arc;

use pingora_core::tls::sign::CertifiedKey;
use pingora_core::tls::{
    ClientCertVerifier, ClientHello, ResolvesServerCert, RootCertStore, ServerConfig, WebPkiClientVerifier,
    install_default_crypto_provider, version,
};

use crate::config::{ClientAuth, ClientAuthMode, ListenerTls};

/// The TLS side of a listener.
///
/// # Errors
/// When the authorities or revocation lists of clients cannot be used; `check` has tried them before.
pub fn server_config(tls: &ListenerTls, http2: bool) -> Result<Arc<ServerConfig>, String> {
    install_default_crypto_provider();
    let builder = ServerConfig::builder_with_protocol_versions(&[&version::TLS12, &version::TLS13]);
    let builder = match &tls.client_auth {
        Some(auth) => builder.with_client_cert_verifier(client_verifier(auth)?),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(Certificates::new(tls)));
    // RFC 7301: in order of preference.
    let offered: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = offered.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

/// What decides on the certificates of clients.
///
/// # Errors
/// A sentence, when an authority or a revocation list does not parse.
pub fn client_verifier(auth: &ClientAuth) -> Result<Arc<dyn ClientCertVerifier>, String> {
    install_default_crypto_provider();
    let mut roots = RootCertStore::empty();
    for authority in &auth.authorities {
        roots.add(authority.clone()).map_err(|error| error.to_string())?;
    }
    let mut builder = WebPkiClientVerifier::builder(Arc::new(roots)).with_crls(auth.revoked.iter().cloned());
    if auth.mode == ClientAuthMode::Optional {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map_err(|error| format!("client certificates cannot be verified: {error}"))
}

/// The certificates of a listener, by the names they are for.
#[derive(Debug)]
struct Certificates {
    by_name: HashMap<String, Arc<CertifiedKey>>,
    default: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    fn new(tls: &ListenerTls) -> Certificates {
        let mut by_name = HashMap::new();
        for certificate in &tls.certificates {
            for name in &certificate.names {
                // The first that has a name keeps it, as the first certificate is the default.
                by_name.entry(name.clone()).or_insert_with(|| certificate.certified.clone());
            }
        }
        let default = tls.certificates.first().map(|certificate| certificate.certified.clone());
        Certificates { by_name, default }
    }

    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        // A wildcard stands for one label (RFC 9525 §6.3).
        let wildcard = || name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        self.by_name.get(&name).or_else(|| self.by_name.get(&wildcard()?))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        hello.server_name().and_then(|name| self.find(name)).or(self.default.as_ref()).cloned()
    }
}
