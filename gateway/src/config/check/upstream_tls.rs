//! TLS to an endpoint: whom the gateway trusts there, as whom it asks, and what it shows about itself.

use std::path::Path;

use tollgate_protocol::url::{HttpUrl, Scheme};

use super::values::Refusal;
use super::{Findings, certificates, chain, tls, values};
use crate::config::document::UpstreamTls as Written;
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::{ClientCertificate, UpstreamTls};

pub fn check(written: &Written, path: &KeyPath, folder: &Path, findings: &mut Findings) -> UpstreamTls {
    let ca = written.ca.as_ref();
    let server_name = written.server_name.as_ref();
    let pins = written.pins.iter().enumerate();
    UpstreamTls {
        ca: ca.and_then(|ca| findings.take(path.key("ca"), certificates::authorities(ca.as_str(), folder))),
        client: client_certificate(written, path, folder, findings),
        server_name: server_name
            .and_then(|name| findings.take(path.key("server_name"), values::host(name.as_str()))),
        pins: pins
            .filter_map(|(index, text)| findings.take(path.key("pins").item(index), pin(text.as_str())))
            .collect(),
    }
}

fn client_certificate(
    written: &Written,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<ClientCertificate> {
    let (cert, key) = match (&written.cert, &written.key) {
        (Some(cert), Some(key)) => (cert.as_str(), key.as_str()),
        (None, None) => return None,
        (cert, _) => {
            let (there, missing) = if cert.is_some() { ("cert", "key") } else { ("key", "cert") };
            let problem =
                Problem::error(path.key(there), format!("`{there}` is nothing without `{missing}`"));
            findings.add(problem.help(format!("add `{missing}`, or remove `{there}`")));
            return None;
        }
    };
    let chain = findings.take(path.key("cert"), tls::certificates_of(cert, folder));
    let private = findings.take(path.key("key"), tls::private_key(key, folder));
    let (chain, private) = (chain?, private?);
    let doubt = findings.take(path.key("cert"), chain::check(&chain, cert))?.doubt;
    findings.doubt(path.key("cert"), doubt);
    findings.take(path.key("key"), tls::certified(chain.clone(), private.clone_key(), cert, key))?;
    Some(ClientCertificate { chain, key: private })
}

/// The SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` prints it or without the colons.
fn pin(text: &str) -> Result<[u8; 32], Refusal> {
    values::digest(&text.replace(':', "")).map_err(|_| {
        Refusal::new(format!("{} is no SHA-256 fingerprint", quoted(text))).help(
            "write the 64 hexadecimal digits `openssl x509 -noout -fingerprint -sha256 -in cert.pem` prints",
        )
    })
}

/// Whoever writes about TLS expects it; an `http` endpoint would silently do without.
pub fn refuse_useless(url: &HttpUrl, tls: KeyPath, findings: &mut Findings) {
    if url.origin().scheme() == Scheme::Http {
        findings.add(
            Problem::error(tls, "the endpoint is reached over `http`, where TLS settings mean nothing")
                .at_key()
                .help("write `https://` in the URL of the endpoint, or remove `tls`"),
        );
    }
}
