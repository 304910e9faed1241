//! One request of an HTTP/2 connection, handed to Pingora in place of its own session: the same, with the limits that a
//! request has on HTTP/1.1, and comments on event streams that are silent.
//!
//! Pingora reads a body and waits for its client to go away by the same call, over and over while the upstream is waited
//! for, and gives it up whenever something else happens. Whatever is done there must bear that.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::{Error, ErrorType, Result};
use pingora_core::protocols::Digest;
use pingora_core::protocols::http::HttpTask;
use pingora_core::protocols::http::custom::CustomMessageWrite;
use pingora_core::protocols::http::custom::server::Session;
use pingora_core::protocols::http::v2::server::HttpSession;
use pingora_core::protocols::l4::socket::SocketAddr;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::comments::{COMMENT, Comments};
use super::limits::Limits;
use super::pace::Pace;
use super::state::{ConnectionState, Cut};

/// A request and its answer.
pub struct Http2Stream {
    inner: HttpSession,
    state: Arc<ConnectionState>,
    reading: Pace,
    body_timeout: Option<Duration>,
    body_until: Option<Instant>,
    min_response_rate: Option<NonZeroU32>,
    grace: Duration,
    comments: Comments,
    /// What is left to send of a comment that was begun. Byte by byte, so that giving up a write loses none.
    unsent: &'static [u8],
}

impl Http2Stream {
    pub fn new(inner: HttpSession, limits: &Limits, state: Arc<ConnectionState>) -> Http2Stream {
        Http2Stream {
            inner,
            state,
            reading: Pace::new(limits.min_request_rate, limits.min_rate_grace),
            body_timeout: limits.body_timeout,
            min_response_rate: limits.min_response_rate,
            grace: limits.min_rate_grace,
            body_until: None,
            comments: Comments::default(),
            unsent: &[],
        }
    }

    /// The next piece of the body, unless the client is too slow with it.
    async fn read_in_time(&mut self) -> Result<Option<Bytes>> {
        let read = match self.may_take_until() {
            Some(until) => timeout_at(until, self.inner.read_body_bytes()).await,
            None => Ok(self.inner.read_body_bytes().await),
        };
        let Ok(read) = read else {
            self.state.set_cut(Cut::Body);
            return Err(Error::explain(ErrorType::ReadTimedout, "the body is too slow").into_down());
        };
        let read = read?;
        self.reading.moved(read.as_ref().map_or(0, Bytes::len), Instant::now);
        Ok(read)
    }

    fn may_take_until(&mut self) -> Option<Instant> {
        if let (None, Some(timeout)) = (self.body_until, self.body_timeout) {
            self.body_until = Some(Instant::now() + timeout);
        }
        self.reading.wait(Instant::now).into_iter().chain(self.body_until).min()
    }

    /// Waits for the client to go away, and meanwhile keeps a silent event stream alive.
    async fn idle(&mut self) -> Result<Option<Bytes>> {
        loop {
            let gone = match self.comments.due(&self.state) {
                Some(due) => tokio::select! {
                    gone = self.inner.idle() => Some(gone),
                    () = sleep_until(due) => None,
                },
                None => Some(self.inner.idle().await),
            };
            match gone {
                Some(reason) => {
                    let what = format!("the client ended the stream: {}", reason?);
                    return Err(Error::explain(ErrorType::H2Error, what));
                }
                None => self.write_comment().await?,
            }
        }
    }

    /// The minimum rate of what is written next, for a client that takes its time with one stream and not with the
    /// connection: for that one the connection's own bytes show nothing to wait for.
    fn bound_write(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let timeout =
            self.min_response_rate.map(|rate| self.grace + Duration::from_secs(1) * bytes / rate.get());
        self.inner.set_write_timeout(timeout);
    }

    async fn write_comment(&mut self) -> Result<()> {
        self.unsent = COMMENT;
        self.comments.written(&self.state);
        self.write_unsent().await
    }

    async fn write_unsent(&mut self) -> Result<()> {
        self.bound_write(self.unsent.len());
        while let Some((byte, rest)) = self.unsent.split_first() {
            self.inner.write_body(Bytes::from_static(std::slice::from_ref(byte)), false).await?;
            self.unsent = rest;
        }
        Ok(())
    }
}

fn bytes_of(task: &HttpTask) -> usize {
    match task {
        HttpTask::Body(Some(piece), _) => piece.len(),
        _ => 0,
    }
}

#[async_trait]
impl Session for Http2Stream {
    fn req_header(&self) -> &RequestHeader {
        self.inner.req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.inner.req_header_mut()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        self.read_in_time().await
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        self.inner.drain_request_body().await
    }

    async fn write_response_header(&mut self, head: Box<ResponseHeader>, end: bool) -> Result<()> {
        self.inner.write_response_header(head, end)
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, end: bool) -> Result<()> {
        self.inner.write_response_header_ref(head, end)
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        self.write_unsent().await?;
        self.bound_write(data.len());
        self.inner.write_body(data, end).await
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.write_unsent().await?;
        self.inner.write_trailers(trailers)
    }

    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        self.write_unsent().await?;
        self.bound_write(tasks.iter().map(bytes_of).max().unwrap_or_default());
        let ended = self.inner.response_duplex_vec(tasks).await?;
        self.comments.written(&self.state);
        Ok(ended)
    }

    fn set_read_timeout(&mut self, _: Option<Duration>) {}

    fn get_read_timeout(&self) -> Option<Duration> {
        None
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.inner.set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.inner.get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.inner.set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.inner.get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.inner.request_summary()
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.inner.response_written()
    }

    async fn shutdown(&mut self, _: u32, _: &str) {
        self.inner.shutdown();
    }

    fn is_body_done(&mut self) -> bool {
        self.inner.is_body_done()
    }

    async fn finish(&mut self) -> Result<()> {
        self.inner.finish()
    }

    fn is_body_empty(&mut self) -> bool {
        self.inner.is_body_empty()
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>> {
        match no_body_expected || self.inner.is_body_done() {
            true => self.idle().await,
            false => self.read_in_time().await,
        }
    }

    fn body_bytes_sent(&self) -> usize {
        self.inner.body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.inner.body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.inner.digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.inner.digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.inner.client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.inner.server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.inner.pseudo_raw_h1_request_header()
    }

    fn enable_retry_buffering(&mut self) {
        self.inner.enable_retry_buffering();
    }

    fn retry_buffer_truncated(&self) -> bool {
        self.inner.retry_buffer_truncated()
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        self.inner.get_retry_buffer()
    }

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    // Messages beside the body, which HTTP has none of.

    fn take_custom_message_reader(&mut self) -> Option<MessageReader> {
        None
    }

    fn restore_custom_message_reader(&mut self, _: MessageReader) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }
}

type MessageReader = Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>;
