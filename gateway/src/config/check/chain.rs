//! A server's certificate, and those that lead from it to a root that clients know.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
use x509_parser::prelude::FromDer;

use super::values::Refusal;
use crate::config::problem::quoted;

/// A chain that can be shown to clients.
pub struct Chain {
    /// The names it is for, in lower case: clients look at the subject alternative names and nothing else.
    pub names: Vec<String>,
    /// The end of its time, in seconds since 1970.
    pub not_after: i64,
    /// Why some clients may refuse it all the same.
    pub doubt: Option<Refusal>,
}

/// Checks that each certificate is valid now and is followed by that of its issuer, as far as clients need them.
pub fn check(chain: &[CertificateDer<'_>], written: &str) -> Result<Chain, Refusal> {
    let mut parsed = Vec::new();
    for (index, certificate) in chain.iter().enumerate() {
        let which = which(index, written);
        let (_, certificate) = X509Certificate::from_der(certificate)
            .map_err(|error| Refusal::new(format!("{which} does not parse: {error}")))?;
        check_validity(&certificate, &which)?;
        parsed.push(certificate);
    }
    let Some(leaf) = parsed.first() else { return Err(Refusal::new("there is no certificate")) };
    check_order(&parsed, written)?;
    let doubt = check_issuer(leaf, &parsed, written)?;
    Ok(Chain { names: names_of(leaf), not_after: leaf.validity().not_after.timestamp(), doubt })
}

fn which(index: usize, written: &str) -> String {
    match index {
        0 => format!("the certificate in {}", quoted(written)),
        _ => format!("certificate {} of {}", index + 1, quoted(written)),
    }
}

fn check_validity(certificate: &X509Certificate<'_>, which: &str) -> Result<(), Refusal> {
    let validity = certificate.validity();
    if validity.not_after.timestamp() < now() {
        let message = format!("{which} has expired: it was valid until {}", validity.not_after);
        return Err(Refusal::new(message).help("renew it"));
    }
    if validity.not_before.timestamp() > now() {
        let message = format!("{which} is not valid before {}", validity.not_before);
        return Err(Refusal::new(message).help("wait until then, or look at this machine's clock"));
    }
    Ok(())
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// RFC 5246 §7.4.2: each certificate must certify the one before it.
fn check_order(chain: &[X509Certificate<'_>], written: &str) -> Result<(), Refusal> {
    for (index, pair) in chain.windows(2).enumerate() {
        let [certificate, next] = pair else { continue };
        if is_self_issued(certificate) || issued(next, certificate) {
            continue;
        }
        let issuer = chain.iter().skip(index + 2).position(|later| issued(later, certificate));
        if let Some(later) = issuer {
            let message = format!("the certificates in {} are not in order", quoted(written));
            let help = "each must be followed by its issuer's: put certificate";
            return Err(Refusal::new(message).help(format!(
                "{help} {} behind certificate {}",
                later + index + 3,
                index + 1
            )));
        }
    }
    Ok(())
}

/// Whether the first certificate is one that clients can follow. One that a root issued itself needs no other; which
/// that is, only its issuer knows. But one that says where its issuer's is to be had is not meant to stand alone.
fn check_issuer(
    leaf: &X509Certificate<'_>,
    chain: &[X509Certificate<'_>],
    written: &str,
) -> Result<Option<Refusal>, Refusal> {
    if is_self_issued(leaf) || chain.iter().skip(1).any(|certificate| issued(certificate, leaf)) {
        return Ok(None);
    }
    let issuer = quoted(&leaf.issuer().to_string());
    let message = format!("{} lacks the certificate of the issuer, {issuer}", quoted(written));
    let found_at = issuer_url(leaf);
    let refused = chain.len() > 1 || found_at.is_some();
    let found_at = found_at.map(|url| format!(", found at {}", quoted(url))).unwrap_or_default();
    let help = format!("append the intermediate certificate of {issuer}{found_at}");
    match refused {
        true => Err(Refusal::new(message).help(help)),
        false => {
            let help = format!("{help}, unless it is a root that clients know");
            Ok(Some(Refusal::new(message).help(help)))
        }
    }
}

/// RFC 5280 §4.2.2.1: where the certificate of the issuer is to be had.
fn issuer_url<'c>(certificate: &'c X509Certificate<'_>) -> Option<&'c str> {
    let extensions = certificate.extensions().iter().map(|extension| extension.parsed_extension());
    let mut accesses = extensions.filter_map(|extension| match extension {
        ParsedExtension::AuthorityInfoAccess(access) => Some(access),
        _ => None,
    });
    let mut descriptions = accesses.next()?.accessdescs.iter();
    descriptions.find_map(|description| match description.access_location {
        GeneralName::URI(url) if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS => {
            Some(url)
        }
        _ => None,
    })
}

fn names_of(leaf: &X509Certificate<'_>) -> Vec<String> {
    let alternatives = leaf.subject_alternative_name().ok().flatten();
    let alternatives =
        alternatives.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let names = alternatives.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    names.collect()
}

fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.issuer() == certificate.subject()
}

/// By name, and by key where both say which: an authority that has changed its key keeps its name.
fn issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    let same_key = match (own_key(issuer), issuing_key(certificate)) {
        (Some(own), Some(issuing)) => own == issuing,
        _ => true,
    };
    issuer.subject() == certificate.issuer() && same_key
}

fn own_key<'c>(certificate: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
        _ => None,
    })
}

fn issuing_key<'c>(certificate: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref().map(|key| key.0),
        _ => None,
    })
}
