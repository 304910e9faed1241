//! TLS of a listener: certificates that belong to their keys, and the authorities of clients.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pingora_core::tls::sign::CertifiedKey;
use pingora_core::tls::{CryptoProvider, RusTlsError, install_default_crypto_provider};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::values::Refusal;
use super::{Findings, certificates};
use crate::config::document::{Certificate, ClientAuth as WrittenClientAuth, ListenerTls as Written};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
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
    let chain = findings.take(path.key("cert"), chain(pair.cert.as_str(), folder));
    let key = findings.take(path.key("key"), private_key(pair.key.as_str(), folder));
    let (chain, key) = (chain?, key?);
    let leaf = chain.first()?;
    let names = findings.take(path.key("cert"), names_of(leaf, pair.cert.as_str()))?;
    if chain.len() == 1 && !is_self_issued(leaf) {
        let message = format!("{} holds one certificate and none of its issuer", quoted(pair.cert.as_str()));
        let help = "append the intermediate certificates, unless a root that clients know issued it directly";
        findings.add(Problem::warning(path.key("cert"), message).help(help));
    }
    let certified =
        findings.take(path.key("key"), certified(chain, key, pair.cert.as_str(), pair.key.as_str()))?;
    Some(ServerCertificate { certified: Arc::new(certified), names })
}

pub fn chain(written: &str, folder: &Path) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let (_, pem) = certificates::read_pem(written, folder)?;
    certificates::certificates(written, &pem)
}

pub fn private_key(written: &str, folder: &Path) -> Result<PrivateKeyDer<'static>, Refusal> {
    let (_, pem) = certificates::read_pem(written, folder)?;
    // The parser's own words could quote the file; which file it is says enough.
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        Refusal::new(format!("{} holds no private key", quoted(written)))
            .help("it needs one `-----BEGIN PRIVATE KEY-----` block, not encrypted")
    })
}

/// The names a certificate is for, from its subject alternative names: clients look at nothing else.
pub fn names_of(leaf: &CertificateDer<'_>, written: &str) -> Result<Vec<String>, Refusal> {
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|error| {
        Refusal::new(format!("the certificate in {} does not parse: {error}", quoted(written)))
    })?;
    check_validity(&parsed, written)?;
    let alternatives = parsed.subject_alternative_name().ok().flatten();
    let alternatives =
        alternatives.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let names = alternatives.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    Ok(names.collect())
}

fn check_validity(certificate: &X509Certificate<'_>, written: &str) -> Result<(), Refusal> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if validity.not_after.timestamp() < now {
        return Err(Refusal::new(format!(
            "the certificate in {} has expired: it was valid until {}",
            quoted(written),
            validity.not_after
        )));
    }
    if validity.not_before.timestamp() > now {
        return Err(Refusal::new(format!(
            "the certificate in {} is not valid before {}",
            quoted(written),
            validity.not_before
        )));
    }
    Ok(())
}

fn is_self_issued(leaf: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(leaf).is_ok_and(|(_, parsed)| parsed.issuer() == parsed.subject())
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
        Some(crl) => findings.take(path.key("crl"), revocation_lists(crl.as_str(), folder))?,
        None => Vec::new(),
    };
    let auth = ClientAuth { authorities: authorities?.certificates, revoked, mode: written.mode };
    let usable = crate::listener::tls::client_verifier(&auth);
    findings.take(path.clone(), usable.map_err(Refusal::new))?;
    Some(auth)
}

fn revocation_lists(
    written: &str,
    folder: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Refusal> {
    let (_, pem) = certificates::read_pem(written, folder)?;
    let lists = CertificateRevocationListDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Refusal::new(format!("{} is not a PEM file: {error}", quoted(written))))?;
    match lists.is_empty() {
        false => Ok(lists),
        true => Err(Refusal::new(format!("{} holds no revocation list", quoted(written)))
            .help("it needs at least one `-----BEGIN X509 CRL-----` block")),
    }
}
