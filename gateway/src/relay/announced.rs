//! Message endpoints of the legacy HTTP+SSE transport (MCP 2024-11-05): the first event of a stream names
//! the URL that takes the client's messages. It may lie outside the API's path, so it is reachable only
//! while a stream that announced it is open.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The announced endpoints of one API, by public path.
#[derive(Default)]
pub struct AnnouncedEndpoints {
    /// Open announcements; zero for every API but the few with a legacy stream, so the hot path looks at
    /// this number alone.
    open: AtomicUsize,
    by_path: Mutex<HashMap<String, Announced>>,
}

/// What streams announced at one public path: one place for each, told apart by its query (which names the session).
type Announced = Vec<Stream>;

struct Stream {
    query: Option<String>,
    message_endpoint: MessageEndpoint,
    /// Streams that announced exactly this.
    open: usize,
}

/// Where a message of a legacy client goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEndpoint {
    pub upstream_path: String,
    /// What metadata and challenges must name for this client: the stream it opened.
    pub stream_path: String,
    /// The endpoint the stream comes from.
    pub endpoint: Arc<str>,
}

/// Keeps an endpoint reachable until it is dropped, which is when its stream ends.
pub struct Announcement {
    endpoints: Arc<AnnouncedEndpoints>,
    public_path: String,
    query: Option<String>,
    message_endpoint: MessageEndpoint,
}

impl AnnouncedEndpoints {
    /// Makes a public path, with this query, reach `message_endpoint` for as long as the announcement is held.
    pub fn announce(
        self: &Arc<Self>,
        public_path: &str,
        query: Option<&str>,
        message_endpoint: MessageEndpoint,
    ) -> Announcement {
        let announcement = Announcement {
            endpoints: self.clone(),
            public_path: public_path.to_string(),
            query: query.map(str::to_string),
            message_endpoint,
        };
        let mut by_path = self.lock();
        let streams = by_path.entry(announcement.public_path.clone()).or_default();
        match streams.iter_mut().find(|stream| announcement.is_of(stream)) {
            Some(stream) => stream.open += 1,
            None => streams.push(Stream {
                query: announcement.query.clone(),
                message_endpoint: announcement.message_endpoint.clone(),
                open: 1,
            }),
        }
        drop(by_path);
        self.open.fetch_add(1, Ordering::Release);
        announcement
    }

    /// Where a message goes, if an open stream announced its path: the stream with the same query, or, for a server
    /// that tells sessions apart in another way, the only place there is.
    pub fn find(&self, public_path: &str, query: Option<&str>) -> Option<MessageEndpoint> {
        if self.open.load(Ordering::Acquire) == 0 {
            return None;
        }
        let by_path = self.lock();
        let streams = by_path.get(public_path)?;
        let stream = streams.iter().find(|stream| stream.query.as_deref() == query).or_else(|| {
            let first = streams.first()?;
            streams.iter().all(|stream| stream.message_endpoint == first.message_endpoint).then_some(first)
        });
        stream.map(|stream| stream.message_endpoint.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Announced>> {
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Announcement {
    fn is_of(&self, stream: &Stream) -> bool {
        stream.query == self.query && stream.message_endpoint == self.message_endpoint
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let mut by_path = self.endpoints.lock();
        if let Some(streams) = by_path.get_mut(&self.public_path) {
            if let Some(stream) = streams.iter_mut().find(|stream| self.is_of(stream)) {
                stream.open -= 1;
            }
            streams.retain(|stream| stream.open > 0);
            if streams.is_empty() {
                by_path.remove(&self.public_path);
            }
        }
        self.endpoints.open.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(endpoint: &str) -> MessageEndpoint {
        MessageEndpoint {
            upstream_path: "/messages".to_string(),
            stream_path: "/a/sse".to_string(),
            endpoint: endpoint.into(),
        }
    }

    #[test]
    fn a_message_endpoint_is_reachable_while_a_stream_that_announced_it_is_open() {
        let endpoints = Arc::new(AnnouncedEndpoints::default());
        let found = || endpoints.find("/a/sse/messages", None);
        let first = endpoints.announce("/a/sse/messages", None, at("one"));
        let second = endpoints.announce("/a/sse/messages", None, at("one"));
        assert_eq!(found(), Some(at("one")));
        drop(first);
        assert_eq!(found(), Some(at("one")));
        drop(second);
        assert_eq!(found(), None);
    }

    #[test]
    fn a_message_goes_to_the_endpoint_whose_stream_announced_its_session() {
        let endpoints = Arc::new(AnnouncedEndpoints::default());
        let found = |query| endpoints.find("/a/messages", Some(query));
        let one = endpoints.announce("/a/messages", Some("id=1"), at("one"));
        assert_eq!(found("id=9"), Some(at("one")), "there is no other place");
        let two = endpoints.announce("/a/messages", Some("id=2"), at("two"));
        assert_eq!(found("id=1"), Some(at("one")));
        assert_eq!(found("id=2"), Some(at("two")));
        assert_eq!(found("id=9"), None);
        drop((one, two));
        assert_eq!(found("id=1"), None);
    }
}
