//! The files with certificates of private authorities.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use pingora_core::tls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

use super::values::Refusal;
use crate::config::CertificateAuthorities;
use crate::config::problem::quoted;

/// The largest certificate file that is read, in bytes; the whole list of a browser is a quarter of it.
const MAX_FILE: u64 = 1024 * 1024;

/// Reads the PEM file `written`, whose path starts at `folder` unless it is absolute.
pub fn authorities(written: &str, folder: &Path) -> Result<CertificateAuthorities, Refusal> {
    let (file, pem) = read_pem(written, folder)?;
    let certificates = certificates(written, &pem)?;
    for (index, certificate) in certificates.iter().enumerate() {
        // What TLS itself does with an authority when the first connection is made, done here where it can be told.
        RootCertStore::empty().add(certificate.clone()).map_err(|error| {
            let which = index + 1;
            Refusal::new(format!("certificate {which} of {} cannot be trusted: {error}", quoted(written)))
        })?;
    }
    Ok(CertificateAuthorities { file, certificates })
}

/// A PEM file and where it is.
pub fn read_pem(written: &str, folder: &Path) -> Result<(PathBuf, Vec<u8>), Refusal> {
    let file = folder.join(written);
    let pem = read(&file).map_err(|reason| unreadable(written, &reason))?;
    Ok((file, pem))
}

/// What is said of a file that cannot be read.
pub fn unreadable(written: &str, reason: &str) -> Refusal {
    let refusal = Refusal::new(format!("cannot read {}: {reason}", quoted(written)));
    match Path::new(written).is_relative() {
        true => refusal.help("a relative path starts at the folder of this file"),
        false => refusal,
    }
}

/// The certificates of a PEM file, at least one.
pub fn certificates(written: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| not_pem(written, &error))?;
    match certificates.is_empty() {
        false => Ok(certificates),
        true => Err(Refusal::new(format!("{} holds no certificate", quoted(written)))
            .help("it needs at least one `-----BEGIN CERTIFICATE-----` block")),
    }
}

/// What is said of a file that is no PEM, in words that hold no part of it: a private key may be in there as well.
pub fn not_pem(written: &str, error: &pem::Error) -> Refusal {
    let why = match error {
        pem::Error::MissingSectionEnd { .. } => "a block does not end",
        pem::Error::IllegalSectionStart { .. } => "the first line of a block is not whole",
        pem::Error::Base64Decode(_) => "what is in a block is not base64",
        _ => "it cannot be read as one",
    };
    Refusal::new(format!("{} is not a PEM file: {why}", quoted(written)))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let open = File::open(file).map_err(|error| error.to_string())?;
    let mut pem = Vec::new();
    open.take(MAX_FILE + 1).read_to_end(&mut pem).map_err(|error| error.to_string())?;
    if pem.len() as u64 > MAX_FILE {
        return Err("it is larger than 1 MiB".to_owned());
    }
    Ok(pem)
}
