//! Event streams on their way to the client. All of them pass unbuffered; on one that a client opened by GET
//! the legacy HTTP+SSE transport may announce where its messages go, and that announcement is rewritten.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use pingora::http::ResponseHeader;
use tollgate_protocol::sse::{EndpointEvent, SseError};

use super::announced::{AnnouncedEndpoints, Announcement, MessageEndpoint};
use crate::context::Route;
use crate::hop::Hop;
use crate::reason;
use crate::respond::Refusal;

/// Whether a response is an event stream.
pub fn is_one(response: &ResponseHeader) -> bool {
    response.headers.get(header::CONTENT_TYPE).is_some_and(is_type)
}

/// Whether a `Content-Type` is that of one.
pub fn is_type(value: &HeaderValue) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    let start = value.as_bytes().get(..EVENT_STREAM.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
}

/// Pingora flushes a chunked body after every write, but one of known length only when its buffer is full.
pub fn never_buffer(response: &mut ResponseHeader) -> pingora::Result<()> {
    if response.remove_header(&header::CONTENT_LENGTH).is_some() {
        response.insert_header(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))?;
    }
    Ok(())
}

/// A stream that may be of the legacy transport, until its first event has shown whether it is.
pub struct LegacyStream {
    event: EndpointEvent,
    announced: Arc<AnnouncedEndpoints>,
    stream_path: String,
    /// The endpoint the stream comes from, which is the one that knows what to do with its messages.
    endpoint: Arc<str>,
    /// Keeps the message endpoint reachable for as long as the stream is open.
    announcement: Option<Announcement>,
}

impl LegacyStream {
    /// Watches the stream a route's request opened.
    pub fn watch(route: &Route, hop: &Hop) -> Option<LegacyStream> {
        let event = EndpointEvent::new(&hop.endpoint.mount, &route.identifier.origin.text, &hop.url()?);
        let announced = route.api.announced.clone();
        Some(LegacyStream {
            event,
            announced,
            stream_path: route.identifier.path.clone(),
            endpoint: hop.endpoint.id.clone(),
            announcement: None,
        })
    }

    /// Passes a chunk on, with the announcement rewritten.
    ///
    /// # Errors
    /// When the announcement leads elsewhere: the client must not send its messages, and its token, there.
    pub fn relay(&mut self, body: &mut Option<Bytes>, end_of_stream: bool) -> Result<(), Refusal> {
        if self.event.done() {
            return Ok(());
        }
        let chunk = body.take().unwrap_or_default();
        let other = match self.event.push(&chunk).map_err(refusal)? {
            Cow::Borrowed(_) => None,
            Cow::Owned(out) => Some(out.into()),
        };
        let mut out = other.unwrap_or(chunk);
        if let (Some(announced), None) = (self.event.announced(), &self.announcement) {
            let (path, query) = split_query(&announced.public);
            let message_endpoint = MessageEndpoint {
                upstream_path: split_query(&announced.upstream).0.to_string(),
                stream_path: self.stream_path.clone(),
                endpoint: self.endpoint.clone(),
            };
            self.announcement = Some(self.announced.announce(path, query, message_endpoint));
        }
        if end_of_stream {
            out = [&out, &self.event.finish()[..]].concat().into();
        }
        *body = Some(out);
        Ok(())
    }
}

fn refusal(error: SseError) -> Refusal {
    match error {
        SseError::ForeignEndpoint => Refusal::new(&reason::FOREIGN_MESSAGE_ENDPOINT),
        other => Refusal::because(&reason::UPSTREAM_FAILED, other.to_string()),
    }
}

fn split_query(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}
