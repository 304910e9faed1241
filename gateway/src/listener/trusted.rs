//! The proxies in front of a listener, and whose request it is that comes through them.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};
use ipnet::IpNet;
use tollgate_protocol::client::Client;

use crate::minted::X_FORWARDED_FOR;

/// Who is believed about the address of a client.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    pub fn new(networks: &[IpNet]) -> TrustedProxies {
        TrustedProxies(networks.into())
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whose request it is that came over a connection of `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        if !self.contains(peer) {
            return Client::direct(peer);
        }
        let fields = |name: HeaderName| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
        let (forwarded, listed) = (fields(header::FORWARDED), fields(X_FORWARDED_FOR));
        Client::behind(peer, forwarded, listed, |address| self.contains(address))
    }
}
