//! The metadata cache of one API: what its upstream says about itself, fresh enough and fetched once.
//!
//! A challenge from the upstream may mean that its metadata changed (RFC 9728 §5.2), so it marks the copy
//! stale and the next reader gets a fetch begun after it, at most one a second. While the upstream is
//! unreachable or failing, the last good copy serves for a bounded time; a document that is invalid, or that
//! names another resource, is never papered over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use super::discovery::{Challenge, discover};
use super::document::{Document, Expected};
use super::rewritten::LastRewritten;
use crate::endpoint::Endpoint;
use crate::fetch::Fetcher;
use crate::metrics::counts::Table;
use crate::reason::Reason;

/// A copy this old is fetched again even if nobody challenged.
const FRESH: Duration = Duration::from_secs(300);
/// "The upstream has none", and failures, are asked about again sooner.
const FRESH_ABSENCE: Duration = Duration::from_secs(10);
const FRESH_FAILURE: Duration = Duration::from_secs(2);
/// How long the last good copy stands in for an upstream that times out or fails.
const STALE: Duration = Duration::from_secs(60 * 60);
/// Between the starts of two fetches for the same resource.
const PACE: Duration = Duration::from_secs(1);
/// Resources below one API that are remembered at the same time. A prefix API has as many as it has
/// servers; more than this are strangers' guesses.
const RESOURCES_MAX: usize = 64;

/// Why there is no metadata to serve, other than the upstream having none.
#[derive(Clone, Debug)]
pub struct Unavailable {
    pub reason: &'static Reason,
    /// For the operator: may name the upstream, so it goes to the log alone.
    pub log: String,
    /// The upstream failed to answer, rather than answering wrongly.
    pub transient: bool,
}

/// `Ok(None)`: the upstream publishes none.
pub type Answer = Result<Option<Arc<Document>>, Unavailable>;

/// By the path below the API that a resource lies at.
#[derive(Default)]
pub struct MetadataCache {
    resources: Mutex<HashMap<String, Arc<Resource>>>,
}

/// One resource of an API.
#[derive(Default)]
pub struct Resource {
    state: Mutex<State>,
    /// Held by the one request that fetches; the others wait for what it finds.
    flight: tokio::sync::Mutex<()>,
    /// What clients are told when they come without a token.
    pub rewritten: LastRewritten,
}

#[derive(Default)]
struct State {
    challenge: Challenge,
    challenged: Option<Instant>,
    fetch_begun: Option<Instant>,
    /// With the moment until which it needs no second look.
    answer: Option<(Answer, Instant)>,
    last_good: Option<(Arc<Document>, Instant)>,
}

/// Where and how the metadata of one resource is looked for.
pub struct Source<'s> {
    pub fetcher: &'s Fetcher,
    pub endpoint: &'s Endpoint,
    pub expected: Expected,
    /// What the fetches came to.
    pub fetches: &'s Table<&'static str>,
}

impl MetadataCache {
    /// The resource at `rest`, if anybody has asked about it.
    pub fn known(&self, rest: &str) -> Option<Arc<Resource>> {
        lock(&self.resources).get(rest).cloned()
    }

    /// The resource at `rest` below the API. Beyond the bound, the one asked about longest ago is forgotten.
    pub fn resource(&self, rest: &str) -> Arc<Resource> {
        let mut resources = lock(&self.resources);
        if let Some(resource) = resources.get(rest) {
            return resource.clone();
        }
        if resources.len() >= RESOURCES_MAX {
            let oldest = resources.iter().min_by_key(|(_, resource)| lock(&resource.state).fetch_begun);
            if let Some(rest) = oldest.map(|(rest, _)| rest.clone()) {
                resources.remove(&rest);
            }
        }
        resources.entry(rest.to_string()).or_default().clone()
    }
}

impl Resource {
    /// Takes note of a challenge of the upstream: the copy is stale, and this is where it says it is.
    pub fn challenged(&self, named: Option<&str>) {
        let mut state = lock(&self.state);
        let is_the_same = match &state.challenge {
            Challenge::Named(url) => named == Some(url),
            Challenge::Unnamed => named.is_none(),
            Challenge::Unknown => false,
        };
        if !is_the_same {
            if state.challenge != Challenge::Unknown {
                // What was good under another URL says nothing about this one.
                state.last_good = None;
            }
            state.challenge = named.map_or(Challenge::Unnamed, |url| Challenge::Named(url.to_string()));
        }
        state.challenged = Some(Instant::now());
    }

    /// The metadata as of now: from the cache, or fetched by this caller or another.
    pub async fn get(&self, source: &Source<'_>) -> Answer {
        // What this reader is owed: a fetch begun after the last challenge before it came. Later challenges
        // are the business of later readers, or a busy upstream would make each wait for another fetch.
        let challenged = {
            let state = lock(&self.state);
            if let Some(answer) = state.answer_after(state.challenged) {
                return answer;
            }
            state.challenged
        };
        let _flight = self.flight.lock().await;
        let pause = {
            let state = lock(&self.state);
            if let Some(answer) = state.answer_after(challenged) {
                return answer;
            }
            state.pause()
        };
        tokio::time::sleep(pause).await;
        // What a fetch needs is many times what the rest of a request does, and would be a part of each one's future.
        Box::pin(self.fetch(source)).await
    }

    /// Whether the upstream publishes metadata, as far as is known without asking it anew.
    pub async fn exists(&self, source: &Source<'_>) -> bool {
        let known = lock(&self.state).answer.as_ref().map(|(answer, _)| answer.clone());
        match known {
            Some(answer) => matches!(answer, Ok(Some(_))),
            None => matches!(self.get(source).await, Ok(Some(_))),
        }
    }

    async fn fetch(&self, source: &Source<'_>) -> Answer {
        let begun = Instant::now();
        let known = {
            let mut state = lock(&self.state);
            state.fetch_begun = Some(begun);
            state.challenge.clone()
        };
        let (challenge, found) = discover(source.fetcher, source.endpoint, &source.expected, known).await;
        source.fetches.count(match &found {
            Ok(Some(_)) => "found",
            Ok(None) => "absent",
            Err(unavailable) => unavailable.reason.slug,
        });
        if let Err(unavailable) = &found {
            warn!(
                "no metadata for {}: {}: {}",
                source.expected.upstream, unavailable.reason.slug, unavailable.log
            );
        }
        let mut state = lock(&self.state);
        if state.challenge == Challenge::Unknown {
            state.challenge = challenge;
        }
        state.settle(found.map(|document| document.map(Arc::new)))
    }
}

impl State {
    /// The answer at hand, if it needs no second look and its fetch began after `challenged`.
    fn answer_after(&self, challenged: Option<Instant>) -> Option<Answer> {
        let (answer, fresh_until) = self.answer.as_ref()?;
        let current = match (challenged, self.fetch_begun) {
            (Some(challenged), Some(begun)) => challenged <= begun,
            _ => true,
        };
        (current && Instant::now() < *fresh_until).then(|| answer.clone())
    }

    fn pause(&self) -> Duration {
        self.fetch_begun.map_or(Duration::ZERO, |begun| PACE.saturating_sub(begun.elapsed()))
    }

    /// Keeps what a fetch found and says what to serve for it.
    fn settle(&mut self, found: Answer) -> Answer {
        let now = Instant::now();
        let (answer, fresh_for) = match found {
            Ok(Some(document)) => {
                self.last_good = Some((document.clone(), now));
                (Ok(Some(document)), FRESH)
            }
            Err(unavailable) if unavailable.transient => {
                (self.last_good_copy().ok_or(unavailable).map(Some), FRESH_FAILURE)
            }
            // It is gone, invalid or another's: what was good before is no longer what the upstream says.
            Ok(None) => {
                self.last_good = None;
                (Ok(None), FRESH_ABSENCE)
            }
            Err(unavailable) => {
                self.last_good = None;
                (Err(unavailable), FRESH_FAILURE)
            }
        };
        self.answer = Some((answer.clone(), now + fresh_for));
        answer
    }

    fn last_good_copy(&self) -> Option<Arc<Document>> {
        self.last_good.as_ref().filter(|(_, at)| at.elapsed() < STALE).map(|(document, _)| document.clone())
    }
}

/// A panic elsewhere leaves nothing half-done behind these locks, so their poison is no reason to stop.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason;

    fn failure(transient: bool) -> Answer {
        Err(Unavailable { reason: &reason::UPSTREAM_METADATA_UNREACHABLE, log: String::new(), transient })
    }

    fn document() -> Arc<Document> {
        let bytes = br#"{"resource":"http://up.example/mcp"}"#;
        let upstream = tollgate_protocol::url::HttpUrl::parse("http://up.example/mcp").expect("a valid URL");
        let expected = Expected { upstream, pinned: None, public: Vec::new() };
        let document = Document::check(bytes.as_slice().into(), &http::HeaderMap::new(), &expected);
        Arc::new(document.expect("it names the upstream"))
    }

    /// A resource whose fetch began now and found this.
    fn fetched(found: Answer) -> Resource {
        let resource = Resource::default();
        let mut state = lock(&resource.state);
        state.challenge = Challenge::Unnamed;
        state.fetch_begun = Some(Instant::now());
        let _ = state.settle(found);
        drop(state);
        resource
    }

    #[test]
    fn a_challenge_makes_the_copy_stale_for_those_who_come_after_it_and_for_nobody_before() {
        let resource = fetched(Ok(Some(document())));
        let before = lock(&resource.state).challenged;
        resource.challenged(None);
        let state = lock(&resource.state);
        assert!(state.answer_after(before).is_some());
        assert!(state.answer_after(state.challenged).is_none());
    }

    #[test]
    fn the_last_good_copy_stands_in_for_a_failing_upstream_only() {
        let resource = fetched(Ok(Some(document())));
        let mut state = lock(&resource.state);
        assert!(matches!(state.settle(failure(true)), Ok(Some(_))));
        assert!(state.settle(failure(false)).is_err(), "it answered, and answered wrongly");
        assert!(state.settle(failure(true)).is_err(), "what was good before is forgotten");
    }

    #[test]
    fn metadata_that_is_gone_is_not_served_from_memory() {
        let resource = fetched(Ok(Some(document())));
        let mut state = lock(&resource.state);
        assert!(matches!(state.settle(Ok(None)), Ok(None)));
        assert!(state.settle(failure(true)).is_err());
    }

    #[test]
    fn a_challenge_that_names_another_url_forgets_the_last_good_copy() {
        let resource = fetched(Ok(Some(document())));
        resource.challenged(None);
        assert!(lock(&resource.state).last_good.is_some(), "the same challenge as before");
        resource.challenged(Some("http://up.example/elsewhere"));
        assert!(lock(&resource.state).last_good.is_none());
    }

    #[test]
    fn strangers_guesses_are_remembered_within_a_bound() {
        let cache = MetadataCache::default();
        for guess in 0..RESOURCES_MAX * 2 {
            cache.resource(&format!("/{guess}"));
        }
        assert_eq!(lock(&cache.resources).len(), RESOURCES_MAX);
    }
}
