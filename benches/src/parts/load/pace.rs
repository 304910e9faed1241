//! When requests are due. In an open loop that is known beforehand and owes nothing to the answers: a target that stalls
//! makes the requests behind it late, and each of them says so (no coordinated omission).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many a second, whatever the answers do.
    Rate(u32),
    /// The next as soon as the answer before it is there, on every connection.
    Saturated,
}

/// The requests of one run, which all its connections share: whichever is free takes the next.
pub struct Schedule {
    pace: Pace,
    start: Instant,
    length: Duration,
    most: u64,
    next: AtomicU64,
}

pub struct Turn {
    pub number: u64,
    /// From when on its answer is waited for.
    pub due: Instant,
}

impl Schedule {
    /// For so long, or as many requests as there are at most, whichever ends first.
    pub fn new(pace: Pace, length: Duration, most: u64) -> Schedule {
        Schedule { pace, start: Instant::now(), length, most, next: AtomicU64::new(0) }
    }

    /// The next request, once it is due.
    pub fn turn(&self) -> Option<Turn> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let due = self.due(number)?;
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            std::thread::sleep(early);
        }
        Some(Turn { number, due })
    }

    fn due(&self, number: u64) -> Option<Instant> {
        let due = match self.pace {
            Pace::Rate(per_second) => {
                self.start + Duration::from_secs(1).mul_f64(number as f64 / f64::from(per_second))
            }
            Pace::Saturated => Instant::now(),
        };
        (number < self.most && due < self.start + self.length).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_a_rate_requests_are_due_whether_or_not_those_before_are_answered() {
        let schedule = Schedule::new(Pace::Rate(1000), Duration::from_millis(10), u64::MAX);
        let dues: Vec<_> = (0..12).filter_map(|number| schedule.due(number)).collect();
        assert_eq!(dues.len(), 10);
        assert_eq!(dues[9] - dues[0], Duration::from_millis(9));
    }

    #[test]
    fn a_run_ends_with_the_last_request_there_is() {
        let schedule = Schedule::new(Pace::Saturated, Duration::from_secs(60), 3);
        assert_eq!(
            std::iter::from_fn(|| schedule.turn()).map(|turn| turn.number).collect::<Vec<_>>(),
            [0, 1, 2]
        );
    }
}
