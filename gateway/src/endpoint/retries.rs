//! How many requests of an API may be sent again: a share of all, so that retries never become a storm that keeps a
//! failing upstream down.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What one retry costs; a request pays in `percent` tenths.
const RETRY: i64 = 1000;
/// What a quiet time may save up.
const SAVINGS_MAX: i64 = 100 * RETRY;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Retries for each hundred requests.
    pub percent: u8,
    /// Allowed each second whatever the share says, for an API with few requests.
    pub min_per_second: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { percent: 20, min_per_second: 10 }
    }
}

/// The budget of one API.
pub struct Retries {
    budget: Budget,
    savings: AtomicI64,
    this_second: Mutex<(Instant, u32)>,
}

impl Retries {
    pub fn new(budget: Budget) -> Retries {
        Retries { budget, savings: AtomicI64::new(0), this_second: Mutex::new((Instant::now(), 0)) }
    }

    /// A request pays in.
    pub fn request(&self) {
        if self.savings.load(Ordering::Relaxed) < SAVINGS_MAX {
            self.savings.fetch_add(i64::from(self.budget.percent) * RETRY / 100, Ordering::Relaxed);
        }
    }

    /// Takes a retry out; `false` when there is none left.
    pub fn take(&self, now: Instant) -> bool {
        let mut second = self.this_second.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(second.0) >= Duration::from_secs(1) {
            *second = (now, 0);
        }
        let saved = self.savings.load(Ordering::Relaxed);
        // The minimum is borrowed from the share, not added to it: what is owed is what a second may allow at most.
        let owed_at_most = -RETRY * i64::from(self.budget.min_per_second);
        if saved < RETRY && second.1 >= self.budget.min_per_second {
            return false;
        }
        second.1 += 1;
        self.savings.store((saved - RETRY).max(owed_at_most), Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_share_of_the_requests() {
        let retries = Retries::new(Budget { percent: 20, min_per_second: 0 });
        let now = Instant::now();
        let sent = (0..1000).filter(|_| {
            retries.request();
            retries.take(now)
        });
        assert_eq!(sent.count(), 200);
    }

    #[test]
    fn an_api_with_few_requests_may_still_retry_and_the_next_second_again() {
        let retries = Retries::new(Budget { percent: 0, min_per_second: 3 });
        let now = Instant::now();
        let taken = |at| (0..10).filter(|_| retries.take(at)).count();
        assert_eq!(taken(now), 3);
        assert_eq!(taken(now + Duration::from_secs(1)), 3);
    }

    #[test]
    fn the_minimum_is_no_addition_to_the_share() {
        let retries = Retries::new(Budget { percent: 20, min_per_second: 10 });
        let start = Instant::now();
        let sent = (0..3000).filter(|number| {
            retries.request();
            retries.take(start + Duration::from_millis(*number))
        });
        // A thousand a second: the share alone allows two hundred of them.
        assert!((590..=610).contains(&sent.count()));
    }

    #[test]
    fn a_long_quiet_time_saves_up_only_so_much() {
        let retries = Retries::new(Budget { percent: 100, min_per_second: 0 });
        for _ in 0..100_000 {
            retries.request();
        }
        let now = Instant::now();
        assert!((0..100_000).filter(|_| retries.take(now)).count() <= 101);
    }
}
