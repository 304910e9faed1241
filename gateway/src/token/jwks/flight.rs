//! One fetch at a time, and not too often.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Bounds;

/// What a fetch is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// There are no keys, or they are due.
    Regular,
    /// A token names a key that is not among them.
    UnknownKey,
}

/// What came of the wish for a fetch.
#[derive(Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is for the caller to run it.
    Here,
    Elsewhere,
    TooSoon,
}

/// The fetches of one issuer.
pub struct Flight {
    state: Mutex<State>,
    landings: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    under_way: bool,
    /// Whether the last one did.
    failed: bool,
    begun: Option<Instant>,
    begun_for_unknown_key: Option<Instant>,
}

impl Default for Flight {
    fn default() -> Self {
        Flight { state: Mutex::default(), landings: watch::Sender::new(0) }
    }
}

impl Flight {
    pub fn begin(&self, purpose: Purpose, now: Instant, bounds: &Bounds) -> Begun {
        let mut state = self.lock();
        if state.under_way {
            return Begun::Elsewhere;
        }
        let within = |since: Option<Instant>, pause: Duration| {
            since.is_some_and(|since| now.saturating_duration_since(since) < pause)
        };
        let too_soon = match purpose {
            Purpose::Regular => state.failed && within(state.begun, bounds.retry_pause),
            Purpose::UnknownKey => within(state.begun_for_unknown_key, bounds.unknown_key_pause),
        };
        if too_soon {
            return Begun::TooSoon;
        }
        if purpose == Purpose::UnknownKey {
            state.begun_for_unknown_key = Some(now);
        }
        state.begun = Some(now);
        state.under_way = true;
        Begun::Here
    }

    /// The end of the first fetch that ends from now on.
    pub fn next_landing(&self) -> impl Future<Output = ()> + use<> {
        let mut landings = self.landings.subscribe();
        async move {
            // The sender lives as long as the keys, which whoever waits here holds.
            let _ = landings.changed().await;
        }
    }

    pub fn has_failed(&self) -> bool {
        self.lock().failed
    }

    /// A panic elsewhere leaves nothing half-done behind this lock, so its poison is no reason to stop.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a fetch, however it ends: those who wait must not wait for nothing.
pub struct Landing<'f> {
    flight: &'f Flight,
    well: bool,
}

impl Landing<'_> {
    pub fn of(flight: &Flight) -> Landing<'_> {
        Landing { flight, well: false }
    }

    pub fn well(mut self) {
        self.well = true;
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        {
            let mut state = self.flight.lock();
            state.under_way = false;
            state.failed = !self.well;
        }
        self.flight.landings.send_modify(|landings| *landings += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        age_min: Duration::ZERO,
        age_max: Duration::ZERO,
        stale: Duration::ZERO,
        unknown_key_pause: Duration::from_secs(30),
        retry_pause: Duration::from_secs(10),
        wait: Duration::ZERO,
    };

    #[test]
    fn there_is_one_fetch_at_a_time_and_after_a_failure_a_pause() {
        let (flight, start) = (Flight::default(), Instant::now());
        let begin = |seconds| flight.begin(Purpose::Regular, start + Duration::from_secs(seconds), &BOUNDS);
        assert_eq!((begin(0), begin(0)), (Begun::Here, Begun::Elsewhere));
        drop(Landing::of(&flight));
        assert!(flight.has_failed());
        assert_eq!((begin(9), begin(10)), (Begun::TooSoon, Begun::Here));
        Landing::of(&flight).well();
        assert_eq!(begin(11), Begun::Here);
    }

    #[test]
    fn unknown_keys_cause_a_fetch_now_and_then_whatever_came_of_the_last_one() {
        let (flight, start) = (Flight::default(), Instant::now());
        let begin =
            |seconds| flight.begin(Purpose::UnknownKey, start + Duration::from_secs(seconds), &BOUNDS);
        assert_eq!(begin(0), Begun::Here);
        Landing::of(&flight).well();
        assert_eq!(begin(29), Begun::TooSoon);
        assert_eq!(flight.begin(Purpose::Regular, start + Duration::from_secs(29), &BOUNDS), Begun::Here);
        drop(Landing::of(&flight));
        assert_eq!((begin(29), begin(30)), (Begun::TooSoon, Begun::Here));
    }
}
