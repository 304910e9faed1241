//! When a connection is given up whose answers do not come in time: after several in a row and some time, as one alone may
//! be due to a pause on either side.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const LATE_MAX: u32 = 5;
const SILENCE: Duration = Duration::from_millis(50);

/// With one connection.
#[derive(Default)]
pub struct Patience(Mutex<Option<Silence>>);

/// Since the last answer.
#[derive(Clone, Copy)]
struct Silence {
    /// When it was noticed.
    since: Instant,
    /// How many answers were late.
    late: u32,
}

impl Patience {
    pub fn answered(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// An answer was late; whether that is the end.
    pub fn is_over(&self, now: Instant) -> bool {
        let mut silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let silence = silence.get_or_insert(Silence { since: now, late: 0 });
        silence.late += 1;
        silence.late >= LATE_MAX && now.saturating_duration_since(silence.since) >= SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_given_up_after_several_late_answers_and_some_time() {
        let (patience, start) = (Patience::default(), Instant::now());
        let late = |millis| patience.is_over(start + Duration::from_millis(millis));
        assert!(!(0..100).any(|_| late(0)), "all at once");
        patience.answered();
        assert_eq!([100, 200, 300, 400, 500].map(late), [false, false, false, false, true]);
        patience.answered();
        assert_eq!([600, 610, 620, 630, 640, 650].map(late), [false, false, false, false, false, true]);
    }
}
