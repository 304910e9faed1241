//! The PROXY protocol: whose connection it is, said by a trusted load balancer before anything else, TLS included.

use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream as L4Stream;
use pingora_core::protocols::{GetSocketDigest, SocketDigest};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tollgate_protocol::proxy_protocol::{self, PREAMBLE_MAX, PreambleError};

use super::refused::{REFUSED, Tally};

/// Takes the preamble off the stream, which load balancers send with the first segment. From then on the stream is of the client it names; without one, of `peer`.
/// `None`: the connection is to be closed.
pub async fn take(stream: &mut L4Stream, peer: IpAddr, in_time: Duration) -> Option<IpAddr> {
    let refused = match timeout(in_time, read(stream)).await {
        Ok(Ok(None)) => return Some(peer),
        Ok(Ok(Some(client))) => {
            announce(stream, client);
            return Some(client);
        }
        Ok(Err(refused)) => refused?,
        Err(_) => &REFUSED.proxy_protocol_timeout,
    };
    refused.note();
    None
}

/// The client a preamble names. An error says what to count the connection under, if it said anything at all: load
/// balancers look whether a port is open by opening it.
async fn read(stream: &mut L4Stream) -> Result<Option<IpAddr>, Option<&'static Tally>> {
    let mut received = Vec::with_capacity(PREAMBLE_MAX);
    loop {
        let read = stream.read_buf(&mut received).await;
        if read.is_err() || matches!(read, Ok(0)) {
            return Err((!received.is_empty()).then_some(&REFUSED.proxy_protocol_malformed));
        }
        match proxy_protocol::read(&received) {
            Ok(Some(preamble)) => {
                stream.rewind(received.get(preamble.length..).unwrap_or_default());
                return Ok(preamble.client);
            }
            Ok(None) => {}
            Err(PreambleError::Missing) => return Err(Some(&REFUSED.proxy_protocol_missing)),
            Err(PreambleError::Malformed | PreambleError::TooLong) => {
                return Err(Some(&REFUSED.proxy_protocol_malformed));
            }
        }
    }
}

/// Makes the client the stream's peer for all who ask later.
fn announce(stream: &mut L4Stream, client: IpAddr) {
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    // It is new, so nobody has looked the peer up yet.
    let _ = digest.peer_addr.set(Some(SocketAddr::Inet((client, 0).into())));
    stream.set_socket_digest(digest);
}
