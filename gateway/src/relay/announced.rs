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

struct Announced {
    upstream_path: String,
    /// The path of the stream, which is the resource the client dialled.
    stream_path: String,
    streams: usize,
}

/// Where a message of a legacy client goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEndpoint {
    pub upstream_path: String,
    /// What metadata and challenges must name for this client: the stream it opened.
    pub stream_path: String,
}

/// Keeps an endpoint reachable until it is dropped, which is when its stream ends.
pub struct Announcement {
    endpoints: Arc<AnnouncedEndpoints>,
    public_path: String,
}

impl AnnouncedEndpoints {
    /// Makes `public_path` reach `upstream_path` for as long as the announcement is held.
    pub fn announce(
        self: &Arc<Self>,
        public_path: &str,
        upstream_path: &str,
        stream_path: &str,
    ) -> Announcement {
        let mut by_path = self.lock();
        let announced = by_path.entry(public_path.to_string()).or_insert_with(|| Announced {
            upstream_path: upstream_path.to_string(),
            stream_path: stream_path.to_string(),
            streams: 0,
        });
        announced.streams += 1;
        self.open.fetch_add(1, Ordering::Release);
        Announcement { endpoints: self.clone(), public_path: public_path.to_string() }
    }

    /// The upstream path behind a public one, if an open stream announced it.
    pub fn find(&self, public_path: &str) -> Option<MessageEndpoint> {
        if self.open.load(Ordering::Acquire) == 0 {
            return None;
        }
        let by_path = self.lock();
        let Announced { upstream_path, stream_path, .. } = by_path.get(public_path)?;
        Some(MessageEndpoint { upstream_path: upstream_path.clone(), stream_path: stream_path.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Announced>> {
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let mut by_path = self.endpoints.lock();
        if let Some(announced) = by_path.get_mut(&self.public_path) {
            announced.streams -= 1;
            if announced.streams == 0 {
                by_path.remove(&self.public_path);
            }
        }
        self.endpoints.open.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_endpoint_is_reachable_while_a_stream_that_announced_it_is_open() {
        let endpoints = Arc::new(AnnouncedEndpoints::default());
        let first = endpoints.announce("/a/sse/messages", "/messages", "/a/sse");
        let second = endpoints.announce("/a/sse/messages", "/messages", "/a/sse");
        let found =
            MessageEndpoint { upstream_path: "/messages".to_string(), stream_path: "/a/sse".to_string() };
        assert_eq!(endpoints.find("/a/sse/messages"), Some(found.clone()));
        drop(first);
        assert_eq!(endpoints.find("/a/sse/messages"), Some(found));
        drop(second);
        assert_eq!(endpoints.find("/a/sse/messages"), None);
    }
}
