//! The `endpoint` event of the legacy HTTP+SSE transport (MCP 2024-11-05), in a stream of the WHATWG event format.
//!
//! The first event of that transport tells the client where to post its messages. That URL is the upstream's own; left
//! as it is the client would go past the gateway, or nowhere. So the data of the first `endpoint` event is mapped like
//! a `Location`, and every other byte of the stream passes as it came, in chunks as they came.

mod between;
mod event;
mod fields;

use crate::location::Outside;
use crate::mount::{Mount, outside_path};
use crate::url::HttpUrl;
use event::Event;
use std::borrow::Cow;

pub use between::BetweenEvents;
pub(crate) use fields::Fields;

/// The longest event held back, in bytes; a longer one passes unless it is an announcement.
pub const MAX_EVENT: usize = 16 * 1024;

/// Why the stream must be cut: a client that saw the rest would post to a place the gateway does not stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SseError {
    TooLong,
    InvalidEndpoint,
    ForeignEndpoint,
}

/// Where messages of this stream go, as announced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announced {
    /// Path and query on the gateway.
    pub public: String,
    /// Path and query on the upstream.
    pub upstream: String,
}

/// Reads one stream from its first byte until it has announced its endpoint, and nothing after that.
///
/// A stream of the current transport looks the same from outside and never announces anything; it passes unchanged.
#[derive(Clone, Debug)]
pub struct EndpointEvent {
    mount: Mount,
    public_origin: String,
    sse_url: HttpUrl,
    event: Event,
    announced: Option<Announced>,
}

impl EndpointEvent {
    /// `sse_url` is the upstream URL the stream was opened at; relative announcements are resolved against it.
    pub fn new(mount: &Mount, public_origin: &str, sse_url: &HttpUrl) -> EndpointEvent {
        EndpointEvent {
            mount: mount.clone(),
            public_origin: public_origin.to_owned(),
            sse_url: sse_url.clone(),
            event: Event::at_start_of_stream(),
            announced: None,
        }
    }

    /// The next chunk, and what may be sent on because of it; borrowed where that is the chunk itself: once the announcement
    /// has passed, and when whole events come that cannot be it, as most do.
    ///
    /// An event is held until its end, comments between events are not. After an error the stream is over: nothing that
    /// was held may be sent.
    pub fn push<'c>(&mut self, chunk: &'c [u8]) -> Result<Cow<'c, [u8]>, SseError> {
        if self.done() || self.event.pass_others(chunk) {
            return Ok(Cow::Borrowed(chunk));
        }
        let mut out = Vec::new();
        for (at, byte) in chunk.iter().enumerate() {
            if self.event.push(*byte, &mut out)? {
                self.dispatch(&mut out)?;
            }
            if self.done() {
                out.extend_from_slice(&chunk[at + 1..]);
                break;
            }
        }
        Ok(Cow::Owned(out))
    }

    /// The end of the stream: what was held and may still be sent. An unfinished `endpoint` event may not, and no client
    /// acts on an unfinished event.
    pub fn finish(&mut self) -> Vec<u8> {
        let held = self.event.take();
        if held.is_endpoint() { Vec::new() } else { held.bytes }
    }

    /// Whether the announcement has passed; from then on the stream need not be looked at.
    pub fn done(&self) -> bool {
        self.announced.is_some()
    }

    pub fn announced(&self) -> Option<&Announced> {
        self.announced.as_ref()
    }

    fn dispatch(&mut self, out: &mut Vec<u8>) -> Result<(), SseError> {
        let held = self.event.take();
        match held.endpoint_data() {
            Some(data) => {
                let (text, announced) = self.map(&data)?;
                held.fields().write_with_data(text.as_bytes(), out);
                self.announced = Some(announced);
            }
            None => out.extend_from_slice(&held.bytes),
        }
        Ok(())
    }

    /// The text to announce in place of the upstream's, and what it means.
    fn map(&self, data: &[u8]) -> Result<(String, Announced), SseError> {
        let text = std::str::from_utf8(data).map_err(|_| SseError::InvalidEndpoint)?;
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(SseError::InvalidEndpoint);
        }
        let url = self.sse_url.resolve(text).map_err(|_| SseError::InvalidEndpoint)?;
        if let Some(announced) = self.already_public(&url) {
            return Ok((text.to_owned(), announced));
        }
        let outside = Outside { mount: &self.mount, public_origin: &self.public_origin };
        let mapped = outside.in_the_form_of(text, &url).ok_or(SseError::ForeignEndpoint)?;
        let public = mapped.strip_prefix(&self.public_origin).unwrap_or(&mapped).to_owned();
        Ok((mapped, Announced { public, upstream: url.target() }))
    }

    /// An upstream that knows the gateway announces the public URL itself; then there is nothing to map.
    fn already_public(&self, url: &HttpUrl) -> Option<Announced> {
        if url.origin() == self.mount.upstream().origin() || url.origin().to_string() != self.public_origin {
            return None;
        }
        let rest = self.mount.rest(url.path())?;
        let upstream = match (outside_path(rest), url.query()) {
            (None, query) => self.mount.upstream_target(rest, query),
            (Some(path), None) => path.to_owned(),
            (Some(path), Some(query)) => format!("{path}?{query}"),
        };
        Some(Announced { public: url.target(), upstream })
    }
}

impl SseError {
    /// The stable name used in logs and metrics.
    pub fn slug(self) -> &'static str {
        match self {
            SseError::TooLong => "sse_endpoint_too_long",
            SseError::InvalidEndpoint => "sse_endpoint_invalid",
            SseError::ForeignEndpoint => "sse_endpoint_foreign",
        }
    }
}

impl std::fmt::Display for SseError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            SseError::TooLong => "the event that announces the message endpoint is longer than 16 KiB",
            SseError::InvalidEndpoint => "the announced message endpoint is no URL",
            SseError::ForeignEndpoint => "the announced message endpoint is not on the upstream's origin",
        })
    }
}

impl std::error::Error for SseError {}
