//! What a client's certificate says, for plans that know callers by it. TLS has verified it; it is read once for a
//! connection, and found again by its SHA-256, which is all that a request knows of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use once_cell::sync::Lazy;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// The certificate of a client that is connected.
#[derive(Debug)]
pub struct ClientCertificate {
    /// Of the whole certificate.
    pub sha256: [u8; 32],
    /// As RFC 4514 §2 writes it: the most specific part first.
    pub subject: String,
    /// Its subject alternative names, each with its kind: `dns:`, `uri:`, `email:` or `ip:`.
    pub names: Vec<String>,
    /// In seconds since 1970.
    pub not_after: i64,
}

/// Those of the open connections.
static SHOWN: Lazy<Mutex<HashMap<[u8; 32], Weak<ClientCertificate>>>> = Lazy::new(Mutex::default);

/// Reads the certificate a client has shown. It is found for as long as somebody holds it.
pub fn shown(der: &[u8]) -> Option<Arc<ClientCertificate>> {
    let sha256: [u8; 32] = Sha256::digest(der).into();
    if let Some(known) = of(&sha256) {
        return Some(known);
    }
    let read = Arc::new(read(der, sha256)?);
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    shown.insert(sha256, Arc::downgrade(&read));
    Some(read)
}

/// The certificate with this SHA-256, if a client that has it is connected.
pub fn of(sha256: &[u8]) -> Option<Arc<ClientCertificate>> {
    let sha256: [u8; 32] = sha256.try_into().ok()?;
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&sha256)?.upgrade()
}

impl Drop for ClientCertificate {
    fn drop(&mut self) {
        let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
        // Another connection may have shown it anew meanwhile.
        if shown.get(&self.sha256).is_some_and(|other| other.strong_count() == 0) {
            shown.remove(&self.sha256);
        }
    }
}

fn read(der: &[u8], sha256: [u8; 32]) -> Option<ClientCertificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let alternatives = alternatives.map(|extension| extension.value.general_names.as_slice());
    Some(ClientCertificate {
        sha256,
        subject: subject(certificate.subject())?,
        names: alternatives.unwrap_or_default().iter().filter_map(name).collect(),
        not_after: certificate.validity().not_after.timestamp(),
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        // Names of hosts mean the same in any case (RFC 5280 §7.2).
        GeneralName::DNSName(name) => Some(format!("dns:{}", name.to_ascii_lowercase())),
        GeneralName::URI(uri) => Some(format!("uri:{uri}")),
        GeneralName::RFC822Name(address) => Some(format!("email:{address}")),
        GeneralName::IPAddress(octets) => Some(format!("ip:{}", address(octets)?)),
        _ => None,
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
    }
}

/// `None` where a value is no text, or has characters that would have to be escaped in more than one way.
fn subject(name: &X509Name<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for relative in name.iter_rdn() {
        let attributes: Option<Vec<String>> = relative
            .iter()
            .map(|attribute| {
                let value = attribute.as_str().ok()?;
                Some(format!("{}={}", attribute_name(&attribute.attr_type().to_id_string()), escaped(value)))
            })
            .collect();
        parts.push(attributes?.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

/// RFC 4514 §3, and what OpenSSL calls the address that some authorities put there. Others go by their number.
fn attribute_name(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.6" => "C",
        "2.5.4.9" => "street",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        "1.2.840.113549.1.9.1" => "emailAddress",
        other => other,
    }
}

/// RFC 4514 §2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (index, letter) in value.chars().enumerate() {
        let special = matches!(letter, '"' | '+' | ',' | ';' | '<' | '>' | '\\');
        let at_an_end = (index == 0 && matches!(letter, ' ' | '#')) || (index == last && letter == ' ');
        if special || at_an_end {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_the_parts_of_a_subject_is_escaped_inside_of_one() {
        for (value, written) in [
            ("Acme, Inc.", "Acme\\, Inc."),
            ("a+b=c", "a\\+b=c"),
            (" x ", "\\ x\\ "),
            ("#1 #2", "\\#1 #2"),
            ("\u{e9}", "\u{e9}"),
        ] {
            assert_eq!(escaped(value), written);
        }
    }

    #[test]
    fn a_certificate_is_known_for_as_long_as_somebody_has_it() {
        let certificate = |sha256: [u8; 32]| {
            Arc::new(ClientCertificate { sha256, subject: String::new(), names: vec![], not_after: 0 })
        };
        let (first, again) = (certificate([7; 32]), certificate([7; 32]));
        SHOWN.lock().expect("unpoisoned").insert([7; 32], Arc::downgrade(&again));
        drop(first);
        assert!(of(&[7; 32]).is_some(), "it was shown on another connection too");
        drop(again);
        assert!(of(&[7; 32]).is_none() && !SHOWN.lock().expect("unpoisoned").contains_key(&[7; 32]));
    }
}
