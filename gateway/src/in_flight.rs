//! Requests that are under way, counted so that a stopping process knows when the last one has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The count of one process.
#[derive(Default)]
pub struct InFlight {
    requests: AtomicUsize,
    ended: Notify,
}

/// Counts as one request until dropped.
pub struct InFlightRequest(Arc<InFlight>);

impl InFlight {
    /// Counts a request in.
    pub fn enter(self: &Arc<Self>) -> InFlightRequest {
        self.requests.fetch_add(1, Ordering::AcqRel);
        InFlightRequest(self.clone())
    }

    /// How many there are now.
    pub fn count(&self) -> usize {
        self.requests.load(Ordering::Acquire)
    }

    /// Resolves once there is none.
    pub async fn none_left(&self) {
        loop {
            // Registered before the look, so that an end in between wakes it.
            let ended = self.ended.notified();
            if self.count() == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        // Whoever waits does so for the last one, and telling them takes a lock.
        if self.0.requests.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_wait_ends_with_the_last_request() {
        let in_flight = Arc::new(InFlight::default());
        let (first, second) = (in_flight.enter(), in_flight.enter());
        let waiting = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.none_left().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.expect("the wait ends");
    }
}
