//! The rest of what Pingora asks of a stream, passed on to the one inside.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::tls::{SslDigest, TlsRef};
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, IO, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout_at;
use tollgate_protocol::http2::PREFACE;

use super::guard::Guarded;
use super::state::Phase;

#[async_trait]
impl<S: IO> Shutdown for Guarded<S> {
    /// Through this stream's own `poll_shutdown`, so that a client that takes nothing cannot hold up the end.
    async fn shutdown(&mut self) {
        // There is nobody left to tell.
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl<S: IO> UniqueID for Guarded<S> {
    fn id(&self) -> UniqueIDType {
        self.inner.get_ref().id()
    }
}

impl<S: IO> Ssl for Guarded<S> {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.inner.get_ref().get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ref().get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.get_ref().selected_alpn_proto()
    }
}

impl<S: IO> GetTimingDigest for Guarded<S> {
    /// Asked for with each request, and looked at by nobody.
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.inner.get_ref().get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.inner.get_ref().get_write_pending_time()
    }
}

impl<S: IO> GetProxyDigest for Guarded<S> {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.inner.get_ref().get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        self.inner.get_mut().set_proxy_digest(digest);
    }
}

impl<S: IO> GetSocketDigest for Guarded<S> {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_ref().get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.inner.get_mut().set_socket_digest(digest);
    }
}

#[async_trait]
impl<S: IO> Peek for Guarded<S> {
    /// Where Pingora looks for HTTP/2 by prior knowledge, without an end of its own to the wait.
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        if let Ok(peeked) = timeout_at(self.head_until, self.inner.get_mut().try_peek(buf)).await {
            if buf == PREFACE {
                self.state.enter(Phase::Http2);
            }
            return peeked;
        }
        poll_fn(|cx| {
            self.give_up_on_head(cx);
            Poll::Ready(())
        })
        .await;
        Err(io::ErrorKind::TimedOut.into())
    }
}
