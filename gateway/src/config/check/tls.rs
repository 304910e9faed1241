//! TLS of a listener: certificates that belong to their keys, and the authorities of clients.

use std::path::Path;
use std::sync::Arc;

use pingora_core::tls::sign::CertifiedKey;
use pingora_core::tls::{CryptoProvider, RusTlsError, install_default_crypto_provider};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::chain::{self, Chain};
use super::values::Refusal;
use super::{Findings, certificates, revocation};
use crate::config::document::{Certificate, ClientAuth as WrittenClientAuth, ListenerTls as Written};
use crate::config::key_path::KeyPath;
use crate::config::problem::quoted;
use crate::config::{ClientAuth, ListenerTls, ServerCertificate};

pub fn check(written: &Written, path: &KeyPath, folder: &Path, findings: &mut Findings) -> ListenerTls {
    let list = path.key("certificates");
    findings.refuse_empty(written.certificates.is_empty(), &list, "certificate");
    let mut files = Vec::new();
    let mut certificates = Vec::new();
    for (index, pair) in written.certificates.iter().enumerate() {
        files.extend([folder.join(pair.cert.as_str()), folder.join(pair.key.as_str())]);
        certificates.extend(certificate(pair, &list.item(index), folder, findings));
    }
    let client_auth = written.client_auth.as_ref().and_then(|auth| {
        files.push(folder.join(auth.ca.as_str()));
        files.extend(auth.crl.iter().map(|crl| folder.join(crl.as_str())));
        client_auth(auth, &path.key("client_auth"), folder, findings)
    });
    ListenerTls { certificates, client_auth, files }
}

fn certificate(
    pair: &Certificate,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<ServerCertificate> {
    let chain = findings.take(path.key("cert"), certificates_of(pair.cert.as_str(), folder));
    let key = findings.take(path.key("key"), private_key(pair.key.as_str(), folder));
    let chain = chain?;
    let Chain { names, not_after, doubt } =
        findings.take(path.key("cert"), chain::check(&chain, pair.cert.as_str()))?;
    findings.doubt(path.key("cert"), doubt);
    let certified =
        findings.take(path.key("key"), certified(chain, key?, pair.cert.as_str(), pair.key.as_str()))?;
    Some(ServerCertificate { certified: Arc::new(certified), names, not_after })
}

/// The certificates of a PEM file.
pub fn certificates_of(written: &str, folder: &Path) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let (_, pem) = certificates::read_pem(written, folder)?;
    certificates::certificates(written, &pem)
}

/// The private key of a PEM file.
pub fn private_key(written: &str, folder: &Path) -> Result<PrivateKeyDer<'static>, Refusal> {
    let (_, pem) = certificates::read_pem(written, folder)?;
    // The parser's own words could quote the file; which file it is says enough.
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        Refusal::new(format!("{} holds no private key", quoted(written)))
            .help("it needs one `-----BEGIN PRIVATE KEY-----` block, not encrypted")
    })
}

/// Puts a certificate and its key together.
///
/// # Errors
/// When they do not belong together.
pub fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    cert_file: &str,
    key_file: &str,
) -> Result<CertifiedKey, Refusal> {
    install_default_crypto_provider();
    let provider = CryptoProvider::get_default().ok_or_else(|| Refusal::new("TLS is not available"))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        RusTlsError::InconsistentKeys(_) => Refusal::new(format!(
            "{} is not the key of the certificate in {}",
            quoted(key_file),
            quoted(cert_file)
        )),
        error => Refusal::new(format!("the key in {} cannot be used: {error}", quoted(key_file))),
    })
}

fn client_auth(
    written: &WrittenClientAuth,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<ClientAuth> {
    let authorities = findings.take(path.key("ca"), certificates::authorities(written.ca.as_str(), folder));
    let revoked = match &written.crl {
        Some(crl) => {
            let known = authorities.as_ref().map(|authorities| authorities.certificates.as_slice());
            let lists = findings.take(path.key("crl"), revocation::read(crl.as_str(), folder, known))?;
            findings.doubt(path.key("crl"), lists.doubt);
            lists.lists
        }
        None => Vec::new(),
    };
    let auth = ClientAuth { authorities: authorities?.certificates, revoked, mode: written.mode };
    let usable = crate::listener::tls::client_verifier(&auth);
    findings.take(path.clone(), usable.map_err(Refusal::new))?;
    Some(auth)
}
