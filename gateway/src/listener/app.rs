//! Pingora's HTTP application with the gateway's eye on each request of an HTTP/2 connection, as [`super::guard`] has
//! one on a connection of HTTP/1.1: there all requests share a stream, so what a client may take of one of them cannot
//! be told from its bytes.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::http::v2::server::H2Options;
use pingora_core::server::ShutdownWatch;

use super::http2::Http2Stream;
use super::limits::Limits;
use super::quiet::until_it_speaks;
use super::state::{CONNECTION, ConnectionState};
use crate::edge::Edge;
use crate::handover::PingoraProxy;

/// What serves the connections of one listener.
pub struct App {
    proxy: Arc<PingoraProxy>,
    options: HttpServerOptions,
    h2_options: H2Options,
    edge: Arc<Edge>,
    /// Which of the configuration's listeners this is.
    listener: usize,
}

impl App {
    pub fn new(
        proxy: Arc<PingoraProxy>,
        options: HttpServerOptions,
        h2_options: H2Options,
        edge: Arc<Edge>,
        listener: usize,
    ) -> App {
        App { proxy, options, h2_options, edge, listener }
    }

    fn limits(&self) -> Limits {
        self.edge
            .gateway
            .load()
            .listeners
            .get(self.listener)
            .map(|listener| listener.limits)
            .unwrap_or_default()
    }
}

#[async_trait]
impl HttpServerApp for App {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let ServerSession::H2(stream) = session else {
            let session = until_it_speaks(session, shutdown).await?;
            return self.proxy.process_new_http(session, shutdown).await;
        };
        let state = Arc::new(ConnectionState::default());
        let stream = Http2Stream::new(stream, &self.limits(), state.clone());
        let session = ServerSession::new_custom(Box::new(stream));
        CONNECTION.scope(state, self.proxy.process_new_http(session, shutdown)).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        Some(self.h2_options.clone())
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }

    async fn http_cleanup(&self) {
        self.proxy.http_cleanup().await;
    }
}
