//! Lists of revoked certificates (RFC 5280 §5): each parses, and each authority has one.

use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::values::Refusal;
use super::{certificates, chain};
use crate::config::problem::quoted;

/// The lists of a file, and why they should be looked at all the same.
pub struct Lists {
    pub lists: Vec<CertificateRevocationListDer<'static>>,
    pub doubt: Option<Refusal>,
}

/// Reads the lists in the file `written` that say what `authorities` have revoked.
pub fn read(
    written: &str,
    folder: &Path,
    authorities: Option<&[CertificateDer<'static>]>,
) -> Result<Lists, Refusal> {
    let (_, pem) = certificates::read_pem(written, folder)?;
    let lists = CertificateRevocationListDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| certificates::not_pem(written, &error))?;
    if lists.is_empty() {
        return Err(Refusal::new(format!("{} holds no revocation list", quoted(written)))
            .help("it needs at least one `-----BEGIN X509 CRL-----` block"));
    }
    let mut parsed = Vec::new();
    for (index, list) in lists.iter().enumerate() {
        let (_, list) = CertificateRevocationList::from_der(list).map_err(|error| {
            let which = index + 1;
            Refusal::new(format!("revocation list {which} of {} does not parse: {error}", quoted(written)))
        })?;
        parsed.push(list);
    }
    refuse_authority_without_list(authorities.unwrap_or_default(), &parsed, written)?;
    let doubt = parsed.iter().find_map(|list| outdated(list, written));
    Ok(Lists { lists, doubt })
}

/// What is not known to be good is refused, so nobody with a certificate of such an authority could connect.
fn refuse_authority_without_list(
    authorities: &[CertificateDer<'static>],
    lists: &[CertificateRevocationList<'_>],
    written: &str,
) -> Result<(), Refusal> {
    for authority in authorities {
        let Ok((_, authority)) = X509Certificate::from_der(authority) else { continue };
        if !lists.iter().any(|list| list.issuer() == authority.subject()) {
            let name = quoted(&authority.subject().to_string());
            return Err(Refusal::new(format!("{} has no list of the authority {name}", quoted(written)))
                .help("append it: without, every certificate of that authority is refused"));
        }
    }
    Ok(())
}

fn outdated(list: &CertificateRevocationList<'_>, written: &str) -> Option<Refusal> {
    let next = list.next_update().filter(|next| next.timestamp() < chain::now())?;
    let name = quoted(&list.issuer().to_string());
    let message = format!("the list of {name} in {} was to be replaced by {next}", quoted(written));
    Some(Refusal::new(message).help("fetch the current one; what was revoked since is not known"))
}
