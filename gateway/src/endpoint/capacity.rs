//! How many requests an endpoint is sent at the same time. Those beyond wait for a moment, in the order they came; when
//! too many wait, or one has waited too long, it is told to come back. What is sent so stays as fast as it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The bounds of each endpoint of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests and streams under way.
    pub max_requests: u32,
    /// Requests that wait.
    pub max_queue: u32,
    pub queue_timeout: Duration,
}

/// The places of one endpoint.
#[derive(Debug)]
pub struct Capacity {
    limits: Limits,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// One place, given back when it is dropped.
pub type Place = OwnedSemaphorePermit;

impl Capacity {
    pub fn new(limits: Limits) -> Capacity {
        let places = usize::try_from(limits.max_requests).unwrap_or(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Capacity { limits, places, waiting: AtomicUsize::new(0) }
    }

    /// A place, if one is free.
    pub fn take(&self) -> Option<Place> {
        self.places.clone().try_acquire_owned().ok()
    }

    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// How many wait for a place.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Waits for a place; `None` when too many wait already, or for too long.
    pub async fn wait(&self) -> Option<Place> {
        let _turn = Turn::take(&self.waiting, self.limits.max_queue)?;
        timeout(self.limits.queue_timeout, self.places.clone().acquire_owned()).await.ok()?.ok()
    }
}

/// A place in the queue.
struct Turn<'q>(&'q AtomicUsize);

impl Turn<'_> {
    fn take(waiting: &AtomicUsize, max: u32) -> Option<Turn<'_>> {
        let turn = Turn(waiting);
        let before = waiting.fetch_add(1, Ordering::AcqRel);
        (before < usize::try_from(max).unwrap_or(usize::MAX)).then_some(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(max_queue: u32, queue_timeout: Duration) -> Capacity {
        Capacity::new(Limits { max_requests: 1, max_queue, queue_timeout })
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_place_that_is_given_back() {
        let capacity = capacity(1, Duration::from_secs(60));
        let place = capacity.take().expect("a free place");
        assert!(capacity.is_full() && capacity.take().is_none());
        let (waited, ()) = tokio::join!(capacity.wait(), async {
            tokio::task::yield_now().await;
            drop(place);
        });
        assert!(waited.is_some());
    }

    #[tokio::test]
    async fn nobody_waits_where_too_many_do() {
        let capacity = capacity(0, Duration::from_secs(60));
        let _place = capacity.take();
        assert!(capacity.wait().await.is_none());
        assert_eq!(capacity.waiting(), 0, "and who was sent away is not counted");
    }

    #[tokio::test]
    async fn nobody_waits_for_too_long() {
        let capacity = capacity(1, Duration::from_millis(10));
        let _place = capacity.take();
        assert!(capacity.wait().await.is_none());
        assert_eq!(capacity.waiting(), 0);
    }
}
