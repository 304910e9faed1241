//! The rest of what Pingora asks of a stream, passed on to the one inside. Once that is kept for the next request, there is none.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::protocols::ALPN;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::tls::{SslDigest, TlsRef};
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest,
    UniqueID, UniqueIDType,
};

use super::watched::Watched;

#[async_trait]
impl Shutdown for Watched {
    /// What is not sent yet is of a request that nobody waits for any more.
    async fn shutdown(&mut self) {
        if let Some(stream) = self.stream_mut() {
            stream.shutdown().await;
        }
    }
}

impl UniqueID for Watched {
    /// The socket itself.
    fn id(&self) -> UniqueIDType {
        self.stream().map_or(-1, |stream| stream.id())
    }
}

impl Ssl for Watched {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.stream()?.get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream()?.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream()?.selected_alpn_proto()
    }
}

impl GetTimingDigest for Watched {
    /// Asked for with each request, and looked at by nobody.
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.stream().map(|stream| stream.get_read_pending_time()).unwrap_or_default()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.stream().map(|stream| stream.get_write_pending_time()).unwrap_or_default()
    }
}

impl GetProxyDigest for Watched {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream()?.get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        if let Some(stream) = self.stream_mut() {
            stream.set_proxy_digest(digest);
        }
    }
}

impl GetSocketDigest for Watched {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream()?.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        if let Some(stream) = self.stream_mut() {
            stream.set_socket_digest(digest);
        }
    }
}

#[async_trait]
impl Peek for Watched {
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        match self.stream_mut() {
            Some(stream) => stream.try_peek(buf).await,
            None => Ok(false),
        }
    }
}
