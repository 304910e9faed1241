//! Whether a peer keeps up a minimum rate. Only the time it is waited for counts: a pause of the gateway's own,
//! or of the other side, costs it nothing, and neither does having nothing to do.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// What a timer may be late by on a busy machine; a byte that arrives meanwhile is late as well.
const A_TIMERS_DELAY: Duration = Duration::from_secs(1);

/// A bucket of time: waiting empties it, every byte refills it by its share of a second, up to the grace. What was
/// sent fast long ago is therefore no credit for a stall.
#[derive(Debug)]
pub struct Pace {
    rate: Option<NonZeroU32>,
    grace: Duration,
    left: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    pub fn new(rate: Option<NonZeroU32>, grace: Duration) -> Pace {
        Pace { rate, grace, left: grace, waiting_since: None }
    }

    pub fn reset(&mut self) {
        self.left = self.grace;
        self.waiting_since = None;
    }

    /// The peer is being waited for: until when it may take.
    pub fn wait(&mut self, now: impl FnOnce() -> Instant) -> Option<Instant> {
        self.rate?;
        Some(*self.waiting_since.get_or_insert_with(now) + self.left)
    }

    /// The wait is over and this many bytes have moved.
    pub fn moved(&mut self, bytes: usize, now: impl FnOnce() -> Instant) {
        let Some(rate) = self.rate else { return };
        if let Some(since) = self.waiting_since.take() {
            let waited = now().saturating_duration_since(since);
            self.left = match waited.checked_sub(self.left) {
                // Long past its end without a cut: it was the gateway that did not look, so the peer starts afresh.
                Some(late) if late > A_TIMERS_DELAY => self.grace,
                _ => self.left.saturating_sub(waited),
            };
        }
        if self.left < self.grace {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            self.left = (self.left + Duration::from_secs(1) * bytes / rate.get()).min(self.grace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    /// Seconds until a peer that sends `bytes` each second is cut, if it is within an hour.
    fn cut_after(pace: &mut Pace, bytes: usize) -> Option<u64> {
        let start = Instant::now();
        (0..3600).find(|second| {
            let asked = start + Duration::from_secs(*second);
            let arrives = asked + Duration::from_secs(1);
            let cut = pace.wait(|| asked).expect("a rate is set") < arrives;
            pace.moved(bytes, || arrives);
            cut
        })
    }

    #[test]
    fn below_the_rate_the_grace_runs_out_and_at_the_rate_it_does_not() {
        let pace = || Pace::new(NonZeroU32::new(500), GRACE);
        assert_eq!(cut_after(&mut pace(), 0), Some(10));
        assert_eq!(cut_after(&mut pace(), 1), Some(10));
        assert_eq!(cut_after(&mut pace(), 250), Some(19));
        assert_eq!(cut_after(&mut pace(), 500), None);
    }

    #[test]
    fn what_was_sent_before_is_no_credit_for_a_stall() {
        let mut pace = Pace::new(NonZeroU32::new(500), GRACE);
        let now = Instant::now();
        pace.moved(1 << 30, || now);
        assert_eq!(pace.wait(|| now), Some(now + GRACE));
    }

    #[test]
    fn a_pause_of_the_gateways_own_costs_the_peer_nothing() {
        let mut pace = Pace::new(NonZeroU32::new(500), GRACE);
        let now = Instant::now();
        pace.wait(|| now);
        let later = now + GRACE * 5;
        pace.moved(1, || later);
        assert_eq!(pace.wait(|| later), Some(later + GRACE));
    }

    #[test]
    fn a_byte_that_comes_just_after_the_end_does_not_begin_the_time_anew() {
        let mut pace = Pace::new(NonZeroU32::new(500), GRACE);
        let now = Instant::now();
        pace.wait(|| now);
        let late = now + GRACE + Duration::from_millis(3);
        pace.moved(1, || late);
        assert_eq!(pace.wait(|| late), Some(late + Duration::from_millis(2)));
    }

    #[test]
    fn without_a_rate_there_is_no_end() {
        let mut pace = Pace::new(None, GRACE);
        assert_eq!(pace.wait(Instant::now), None);
    }
}
