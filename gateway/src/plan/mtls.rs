//! Plans for callers with a certificate, which TLS has verified: here it is only asked whose it is.

use std::collections::HashMap;
use std::sync::Arc;

use super::caller::{Caller, Consumer};
use crate::config::CertificateOwner;
use crate::listener::client_certificate::ClientCertificate;
use crate::reason::{self, Reason};

/// The consumers of one plan, by their certificates.
#[derive(Debug, Default)]
pub struct CertificateOwners {
    by_digest: HashMap<[u8; 32], Arc<Consumer>>,
    by_name: HashMap<String, Arc<Consumer>>,
    by_subject: HashMap<String, Arc<Consumer>>,
}

impl CertificateOwners {
    pub fn add(&mut self, consumer: &Arc<Consumer>, certificates: &[CertificateOwner]) {
        for certificate in certificates {
            let consumer = consumer.clone();
            match certificate {
                CertificateOwner::Sha256(digest) => self.by_digest.insert(*digest, consumer),
                CertificateOwner::San(name) => self.by_name.insert(name.clone(), consumer),
                CertificateOwner::Subject(subject) => self.by_subject.insert(subject.clone(), consumer),
            };
        }
    }

    /// Whose a certificate is: what fits one certificate alone comes first. `now` in seconds since 1970.
    ///
    /// # Errors
    /// When it is nobody's, or its time is over: a connection may outlast it.
    pub fn find(&self, certificate: &ClientCertificate, now: u64) -> Result<Caller, &'static Reason> {
        if u64::try_from(certificate.not_after).unwrap_or_default() < now {
            return Err(&reason::CERTIFICATE_EXPIRED);
        }
        let by_name = || certificate.names.iter().find_map(|name| self.by_name.get(name));
        let owner = self.by_digest.get(&certificate.sha256).or_else(by_name);
        let owner = owner.or_else(|| self.by_subject.get(&certificate.subject));
        let consumer = owner.ok_or(&reason::CERTIFICATE_UNKNOWN)?.clone();
        Ok(Caller { consumer: Some(consumer), ..Caller::default() })
    }
}
