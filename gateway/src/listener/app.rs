//! What serves a connection: Pingora's HTTP application, fed one request after the other by the gateway's own loop where
//! HTTP/1.1 is spoken, and by Pingora's where it is HTTP/2.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::apps::{
    HttpPersistentSettings, HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp,
};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::http::v2::server::H2Options;
use pingora_core::protocols::{ALPN, Stream};
use pingora_core::server::ShutdownWatch;
use tollgate_protocol::http2::PREFACE;

use super::again::at_once;
use super::http2::Http2Stream;
use super::limits::Limits;
use super::quiet::Quiet;
use super::state::{CONNECTION, ConnectionState, Taking};
use crate::edge::Edge;
use crate::handover::PingoraProxy;

/// What serves the connections of one listener.
pub struct App {
    proxy: Arc<PingoraProxy>,
    http2: Arc<Http2>,
}

impl App {
    pub fn new(
        proxy: Arc<PingoraProxy>,
        options: HttpServerOptions,
        h2_options: H2Options,
        edge: Arc<Edge>,
        listener: usize,
    ) -> App {
        App { proxy: proxy.clone(), http2: Arc::new(Http2 { proxy, options, h2_options, edge, listener }) }
    }

    /// Whether HTTP/2 was agreed on in TLS, or is begun without asking where that is allowed. `None`: nothing came.
    async fn is_http2(&self, stream: &mut Stream) -> Option<bool> {
        if stream.get_ssl_digest().is_some() || !self.http2.options.h2c {
            return Some(matches!(stream.selected_alpn_proto(), Some(ALPN::H2)));
        }
        let mut begin = [0; PREFACE.len()];
        let is_known = stream.try_peek(&mut begin).await.ok()?;
        Some(is_known && begin == PREFACE)
    }

    /// Serves one request after the other, for as long as both sides keep the connection.
    async fn serve_http1(&self, mut stream: Stream, draining: &ShutdownWatch) -> Option<()> {
        let mut quiet = Quiet::new(draining.clone());
        let mut settings: Option<HttpPersistentSettings> = None;
        loop {
            let idle_timeout = self.http2.limits().idle_timeout;
            let heard = quiet.until_it_speaks(&mut stream, idle_timeout).await?;
            let mut session = ServerSession::new_http1(stream);
            match settings {
                Some(settings) => settings.apply_to_session(&mut session),
                None => {
                    // Whether it is kept is decided with each request that comes.
                    session.set_keepalive(Some(idle_timeout.as_secs()));
                    session.set_keepalive_reuses_remaining(self.http2.options.keepalive_request_limit);
                }
            }
            session.set_pipelined_prefix(heard);
            (stream, settings) = self.proxy.process_new_http(session, draining).await?.consume();
        }
    }
}

#[async_trait]
impl ServerApp for App {
    async fn process_new(self: &Arc<Self>, mut stream: Stream, draining: &ShutdownWatch) -> Option<Stream> {
        match self.is_http2(&mut stream).await? {
            true => self.http2.process_new(stream, draining).await,
            false => self.serve_http1(stream, draining).await.and(None),
        }
    }

    async fn cleanup(&self) {
        self.proxy.http_cleanup().await;
    }
}

/// An eye on each request of an HTTP/2 connection, as [`super::guard`] has one on a connection of HTTP/1.1: here all
/// requests share a stream, so what a client may take of one of them cannot be told from its bytes.
struct Http2 {
    proxy: Arc<PingoraProxy>,
    options: HttpServerOptions,
    h2_options: H2Options,
    edge: Arc<Edge>,
    /// Which of the configuration's listeners this is.
    listener: usize,
}

impl Http2 {
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
impl HttpServerApp for Http2 {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        draining: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let ServerSession::H2(stream) = session else { return None };
        let state = Arc::new(ConnectionState::default());
        state.set_taking(Taking::Enough);
        let stream = Http2Stream::new(stream, &self.limits(), state.clone());
        let session = ServerSession::new_custom(Box::new(stream));
        let serving = CONNECTION.scope(state, self.proxy.process_new_http(session, draining));
        at_once(serving, || true).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        Some(self.h2_options.clone())
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}
