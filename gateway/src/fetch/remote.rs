//! Where documents come from that are not an endpoint's: a URL that was configured, or one that a document from there
//! has named. What such a name may lead to is decided for the address that is connected to, so that a name which
//! changes its mind in between gains nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;
use tokio::sync::Mutex;
use tollgate_protocol::url::{HttpUrl, Origin, Scheme};

use super::address::Use;
use super::{FetchError, Place};
use crate::config::{CertificateAuthorities, Endpoint as Settings};
use crate::endpoint::addresses::Addresses;
use crate::endpoint::peer;
use crate::endpoint::resolve::{Dns, refresh_all};

/// An origin that is neither an endpoint's nor a client's to choose.
pub struct Remote {
    origin: Origin,
    host: HeaderValue,
    addresses: Arc<Addresses>,
    reach: Reach,
    trust: Trust,
    template: HttpPeer,
    /// Held by who looks the name up.
    lookup: Arc<Mutex<()>>,
}

/// What the operator lets a remote, and what it names, be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trust {
    /// Whether names may lead into private networks and to this machine.
    pub private: bool,
    /// Absent: the authorities of the platform.
    pub ca: Option<CertificateAuthorities>,
    /// Who is asked about names.
    pub dns: Dns,
}

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The one that was configured as an address.
    Configured(IpAddr),
    /// A server on this machine, which was configured as such.
    Loopback,
    Global,
    /// Besides, those inside networks of the operator's.
    Private,
}

/// Why nothing is fetched from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRemote {
    /// `http` to anything but this machine.
    ClearText,
    /// Its host is an address, and not one to fetch from.
    Address(IpAddr),
    /// Pingora cannot be told how to connect.
    Unusable(String),
}

impl Remote {
    /// The origin of a URL the operator has written. One on this machine may be `http`.
    pub fn configured(url: &HttpUrl, trust: Trust) -> Result<Remote, NoRemote> {
        let origin = url.origin();
        if origin.scheme() == Scheme::Http && !origin.is_loopback() {
            return Err(NoRemote::ClearText);
        }
        let reach = match literal(origin) {
            Some(address) if Use::of(address) == Use::None => return Err(NoRemote::Address(address)),
            Some(address) => Reach::Configured(address),
            None if origin.is_loopback() => Reach::Loopback,
            None if trust.private => Reach::Private,
            None => Reach::Global,
        };
        Remote::new(url, reach, trust)
    }

    /// The origin of a URL that a document from this remote names. It may be on this machine if this one is.
    pub fn named(&self, url: &HttpUrl) -> Result<Remote, NoRemote> {
        let origin = url.origin();
        if *origin == self.origin {
            return Remote::new(url, self.reach, self.trust.clone());
        }
        let neighbours = self.origin.is_loopback() && origin.is_loopback();
        if origin.scheme() == Scheme::Http && !neighbours {
            return Err(NoRemote::ClearText);
        }
        let reach = match self.trust.private {
            _ if neighbours => Reach::Loopback,
            true => Reach::Private,
            false => Reach::Global,
        };
        match literal(origin) {
            Some(address) if !reach.includes(address) => Err(NoRemote::Address(address)),
            _ => Remote::new(url, reach, self.trust.clone()),
        }
    }

    fn new(url: &HttpUrl, reach: Reach, trust: Trust) -> Result<Remote, NoRemote> {
        let origin = url.origin().clone();
        let host = HeaderValue::from_str(&origin.authority());
        let mut settings = Settings::at(url.clone());
        settings.tls.ca = trust.ca.clone();
        Ok(Remote {
            host: host.map_err(|error| NoRemote::Unusable(error.to_string()))?,
            addresses: Arc::new(Addresses::new(origin.host(), origin.port())),
            template: peer::template(&settings).map_err(NoRemote::Unusable)?,
            origin,
            reach,
            trust,
            lookup: Arc::default(),
        })
    }

    /// Looks its name up. Waits for the resolver, so a request must not.
    pub async fn resolve(&self) {
        refresh_all(&self.trust.dns, [self.addresses.clone()]).await;
    }

    /// Looks its name up once for all who ask, if that is due. Waits only while it is not known at all.
    pub async fn resolve_if_due(&self) {
        if !self.addresses.is_of_a_name() || !self.addresses.is_due(Instant::now()) {
            return;
        }
        if self.addresses.count() == 0 {
            let _lookup = self.lookup.lock().await;
            if self.addresses.count() == 0 && self.addresses.is_due(Instant::now()) {
                self.resolve().await;
            }
        } else if let Ok(lookup) = self.lookup.clone().try_lock_owned() {
            let (dns, addresses) = (self.trust.dns.clone(), self.addresses.clone());
            tokio::spawn(async move {
                refresh_all(&dns, [addresses]).await;
                drop(lookup);
            });
        }
    }
}

impl Place for Remote {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn host(&self) -> &HeaderValue {
        &self.host
    }

    fn peers(&self) -> Result<Vec<HttpPeer>, FetchError> {
        let addresses = self.addresses.ips();
        let mut peers = Vec::with_capacity(addresses.len());
        for address in addresses {
            // Of a name that leads to several, one that is not allowed says enough about the name.
            if !self.reach.includes(address) {
                return Err(FetchError::Address(address));
            }
            let mut peer = self.template.clone();
            peer._address = SocketAddr::new(address, self.origin.port()).into();
            peers.push(peer);
        }
        Ok(peers)
    }
}

impl Reach {
    fn includes(self, address: IpAddr) -> bool {
        match self {
            Reach::Configured(configured) => address == configured,
            Reach::Loopback => Use::of(address) == Use::Loopback,
            Reach::Global => Use::of(address) == Use::Global,
            Reach::Private => matches!(Use::of(address), Use::Global | Use::Private | Use::Loopback),
        }
    }
}

fn literal(origin: &Origin) -> Option<IpAddr> {
    origin.host().trim_matches(['[', ']']).parse().ok()
}

impl std::fmt::Display for NoRemote {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoRemote::ClearText => out.write_str("http is for servers on this machine; it must be https"),
            NoRemote::Address(address) => write!(out, "{address} is no public address"),
            NoRemote::Unusable(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for NoRemote {}

#[cfg(test)]
mod tests;
