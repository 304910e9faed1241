//! Which event streams get comments while they are silent, and when one may be put in. The stream to the client writes
//! them, since it is where time passes: [`crate::listener::comments`].

use bytes::Bytes;
use http::header;
use http::{Method, StatusCode, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use tollgate_protocol::sse::BetweenEvents;

use super::event_stream;
use crate::gateway::Api;
use crate::listener::comments::EventStreams;
use crate::listener::state;

/// Has an answer commented, if it is an event stream that bears it and the API wants it.
pub fn begin(api: &Api, request: &RequestHeader, response: &ResponseHeader) -> Option<BetweenEvents> {
    let wanted = api.event_streams != EventStreams::default();
    if !wanted || request.method == Method::HEAD || !bears_comments(request, response) {
        return None;
    }
    state::comment(Some(api.event_streams));
    Some(BetweenEvents::default())
}

/// A piece of the answer passes, or its end.
pub fn follow(stream: &mut BetweenEvents, piece: Option<&Bytes>, end_of_stream: bool) {
    if end_of_stream {
        return state::comment(None);
    }
    state::between_events(stream.pass(piece.map(Bytes::as_ref).unwrap_or_default()));
}

/// In clear text, and in chunks where the version of HTTP has them: nothing can be put into anything else.
fn bears_comments(request: &RequestHeader, response: &ResponseHeader) -> bool {
    let framed = match request.version {
        Version::HTTP_11 => response.headers.contains_key(header::TRANSFER_ENCODING),
        version => version == Version::HTTP_2,
    };
    framed
        && response.status == StatusCode::OK
        && event_stream::is_one(response)
        && !response.headers.contains_key(header::CONTENT_ENCODING)
}
