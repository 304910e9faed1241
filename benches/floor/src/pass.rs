//! The least that Pingora asks of a proxy.

use std::net::SocketAddr;

use async_trait::async_trait;
use pingora::Result;
use pingora::upstreams::peer::HttpPeer;
use pingora_core::modules::http::HttpModules;
use pingora_proxy::{ProxyHttp, Session};

/// Passes requests on.
pub struct Pass {
    peer: HttpPeer,
}

impl Pass {
    pub fn to(upstream: SocketAddr) -> Pass {
        Pass { peer: HttpPeer::new(upstream, false, String::new()) }
    }
}

#[async_trait]
impl ProxyHttp for Pass {
    type CTX = ();

    fn new_ctx(&self) {}

    /// None, as in the gateway: Pingora's default one would compress event streams and stall them.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(self.peer.clone()))
    }
}
