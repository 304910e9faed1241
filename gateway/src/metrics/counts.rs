//! What is counted about a listener, an API and an endpoint. The snapshot of the configuration holds these,
//! and the next one takes them over by name, so that a reload loses no count.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::labels::Code;

/// Upper bounds in seconds. What takes longer, such as most event streams, is counted under `+Inf`.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Counters told apart by a key of a small closed set. Each is made when it is first needed; from then on
/// counting allocates nothing.
#[derive(Debug)]
pub struct Table<K>(RwLock<BTreeMap<K, AtomicU64>>);

impl<K> Default for Table<K> {
    fn default() -> Table<K> {
        Table(RwLock::default())
    }
}

impl<K: Ord + Clone> Table<K> {
    pub fn count(&self, key: K) {
        if let Some(counter) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            counter.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut counters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        counters.entry(key).or_default().fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far, in the order of the keys.
    pub fn all(&self) -> Vec<(K, u64)> {
        let counters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        counters.iter().map(|(key, counter)| (key.clone(), counter.load(Ordering::Relaxed))).collect()
    }
}

/// Of one listener.
#[derive(Debug, Default)]
pub struct ListenerCounts {
    pub accepted: Counter,
    pub open: Gauge,
}

/// Counts as one open connection until dropped.
pub struct OpenConnection(Arc<ListenerCounts>);

impl ListenerCounts {
    pub fn opened(self: &Arc<Self>) -> OpenConnection {
        self.accepted.inc();
        self.open.inc();
        OpenConnection(self.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// Its place in the configuration.
    pub listener: usize,
    /// The plan that let it in.
    pub plan: Option<Arc<str>>,
    pub method: &'static str,
    pub code: Code,
}

/// Of the requests of one API, or of those that are for none.
#[derive(Debug)]
pub struct RequestCounts {
    pub outcomes: Table<Outcome>,
    pub duration: Histogram,
    /// Of bodies.
    pub request_bytes: Counter,
    pub response_bytes: Counter,
    /// Requests that were given to another endpoint.
    pub retries: Counter,
    /// Requests for which there was no place at any endpoint.
    pub overloaded: Counter,
    /// Messages that were read, by their method and what became of them.
    pub messages: Table<(&'static str, &'static str)>,
    /// Searches for metadata, by what they came to.
    pub metadata_fetches: Table<&'static str>,
}

impl Default for RequestCounts {
    fn default() -> RequestCounts {
        RequestCounts {
            outcomes: Table::default(),
            duration: Histogram::new(SECONDS),
            request_bytes: Counter::default(),
            response_bytes: Counter::default(),
            retries: Counter::default(),
            overloaded: Counter::default(),
            messages: Table::default(),
            metadata_fetches: Table::default(),
        }
    }
}

/// Of one endpoint.
#[derive(Debug)]
pub struct EndpointCounts {
    /// Its name, or its place in the configuration.
    pub label: String,
    /// By what it answered.
    pub requests: Table<Code>,
    pub first_byte: Histogram,
    pub connections_new: Counter,
    pub connections_reused: Counter,
    pub connections_failed: Counter,
    pub ejections: Counter,
}

impl EndpointCounts {
    fn new(label: String) -> EndpointCounts {
        EndpointCounts {
            label,
            requests: Table::default(),
            first_byte: Histogram::new(SECONDS),
            connections_new: Counter::default(),
            connections_reused: Counter::default(),
            connections_failed: Counter::default(),
            ejections: Counter::default(),
        }
    }

    /// There is a connection for a request.
    pub fn connected(&self, reused: bool) {
        if reused {
            self.connections_reused.inc()
        } else {
            self.connections_new.inc()
        };
    }

    pub fn not_connected(&self) {
        self.connections_failed.inc();
    }

    /// The head of an answer has come this long after the connection was there.
    pub fn answered(&self, after: Duration) {
        self.first_byte.observe(after.as_secs_f64());
    }
}

/// Of one API.
#[derive(Debug, Default)]
pub struct ApiCounts {
    pub requests: Arc<RequestCounts>,
    /// In the order of the API's endpoints.
    pub endpoints: Vec<Arc<EndpointCounts>>,
}

impl ApiCounts {
    /// For endpoints with these labels. `before` are the counts of the API of the same name.
    pub fn new(labels: impl Iterator<Item = String>, before: Option<&ApiCounts>) -> ApiCounts {
        let known = |label: &str| before?.endpoints.iter().find(|counts| counts.label == label).cloned();
        let endpoints = labels.map(|label| match known(&label) {
            Some(counts) => counts,
            None => Arc::new(EndpointCounts::new(label)),
        });
        ApiCounts {
            endpoints: endpoints.collect(),
            requests: before.map(|before| before.requests.clone()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_count_of_its_own() {
        let table = Table::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|number| table.count(number % 2)));
            }
        });
        table.count(7);
        assert_eq!(table.all(), [(0, 200), (1, 200), (7, 1)]);
    }

    #[test]
    fn what_keeps_its_name_keeps_its_counts() {
        let labels = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>().into_iter();
        let before = ApiCounts::new(labels(&["one", "two"]), None);
        before.endpoints[1].ejections.inc();
        let after = ApiCounts::new(labels(&["two", "three"]), Some(&before));
        let ejections: Vec<_> = after.endpoints.iter().map(|counts| counts.ejections.get()).collect();
        assert_eq!(ejections, [1, 0]);
        assert!(Arc::ptr_eq(&after.requests, &before.requests));
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let counts = Arc::new(ListenerCounts::default());
        let (first, second) = (counts.opened(), counts.opened());
        drop(first);
        assert_eq!((counts.accepted.get(), counts.open.get()), (2, 1));
        drop(second);
        assert_eq!((counts.accepted.get(), counts.open.get()), (2, 0));
    }
}
