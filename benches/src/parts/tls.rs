//! Connections with TLS 1.3, each with a handshake of its own: no session is resumed.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::load::connection::{Connect, Stream, tcp};

/// What a client trusts and speaks.
pub fn configuration(certificate: &Path, protocol: &[u8]) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let mut configuration =
        builder.with_protocol_versions(&[&TLS13])?.with_root_certificates(roots).with_no_client_auth();
    configuration.resumption = Resumption::disabled();
    configuration.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(configuration))
}

pub fn server_name() -> ServerName<'static> {
    ServerName::IpAddress(std::net::IpAddr::from([127, 0, 0, 1]).into())
}

pub struct Tls {
    pub address: SocketAddr,
    pub configuration: Arc<ClientConfig>,
}

impl Connect for Tls {
    fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let mut stream = tcp(self.address)?;
        let mut session = ClientConnection::new(Arc::clone(&self.configuration), server_name())
            .map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Box::new(StreamOwned::<ClientConnection, TcpStream>::new(session, stream)))
    }
}
