//! Whether an endpoint is sent requests, judged by what became of earlier ones: after several failures in a row it is
//! ejected, and after a while one request at a time tries it again (a circuit breaker: closed, open, half-open).
//!
//! While nothing fails, a request costs one look at a flag.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When an endpoint is ejected, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutlierDetection {
    /// In a row.
    pub consecutive_failures: u32,
    /// The first ejection; each one that follows without recovery in between lasts twice as long.
    pub base_ejection_time: Duration,
    pub max_ejection_time: Duration,
    /// Share of an API's endpoints that may be ejected for what they answer; for not answering, all may be.
    pub max_ejection_percent: u8,
}

impl Default for OutlierDetection {
    fn default() -> Self {
        OutlierDetection {
            consecutive_failures: 5,
            base_ejection_time: Duration::from_secs(10),
            max_ejection_time: Duration::from_secs(300),
            max_ejection_percent: 50,
        }
    }
}

/// How a request failed, as far as its endpoint is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection. Asking again soon costs little, and sending requests gains nothing.
    Unreachable,
    /// A connection, and no answer on it. A message that is sent to find out more may be lost.
    Silent,
    /// An answer with a status of 500 or more.
    Status,
}

static UNREACHABLE: AtomicU64 = AtomicU64::new(0);

/// How often an endpoint of this process was ejected for taking no connection.
pub fn unreachable_so_far() -> u64 {
    UNREACHABLE.load(Ordering::Acquire)
}

/// What the breaker of one endpoint has seen.
#[derive(Debug)]
pub struct Breaker {
    settings: OutlierDetection,
    /// Whether `state` is anything but a clean slate.
    disturbed: AtomicBool,
    /// Whether it is ejected: for other endpoints, which ask while they hold their own lock.
    open: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// In a row too: how often it was ejected since it last worked.
    ejections: u32,
    ejected: Option<Ejected>,
}

#[derive(Debug)]
struct Ejected {
    kind: Failure,
    until: Instant,
    /// The one request that tries it is under way.
    probing: bool,
}

/// Leave to send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Normal,
    /// The request that shows whether the endpoint works again; what becomes of it must be told.
    Probe,
}

impl Breaker {
    pub fn new(settings: OutlierDetection) -> Breaker {
        Breaker {
            settings,
            disturbed: AtomicBool::new(false),
            open: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Whether [`Breaker::admit`] would say yes, without taking the place of the request that tries.
    pub fn would_admit(&self, now: Instant) -> bool {
        !self.disturbed.load(Ordering::Acquire)
            || self.lock().ejected.as_ref().is_none_or(|ejected| ejected.admits_probe(now))
    }

    /// Asks for leave to send a request.
    pub fn admit(&self, now: Instant) -> Option<Admission> {
        if !self.disturbed.load(Ordering::Acquire) {
            return Some(Admission::Normal);
        }
        match &mut self.lock().ejected {
            None => Some(Admission::Normal),
            Some(ejected) if ejected.admits_probe(now) => {
                ejected.probing = true;
                Some(Admission::Probe)
            }
            Some(_) => None,
        }
    }

    /// A request was answered. Only a probe ends an ejection: others may have begun before it.
    ///
    /// Returns whether it did.
    pub fn succeeded(&self, admission: Admission) -> bool {
        if !self.disturbed.load(Ordering::Acquire) {
            return false;
        }
        let mut state = self.lock();
        if state.ejected.is_some() && admission == Admission::Normal {
            return false;
        }
        let readmitted = state.ejected.is_some();
        *state = State::default();
        self.open.store(false, Ordering::Release);
        self.disturbed.store(false, Ordering::Release);
        readmitted
    }

    /// A request failed. `may_eject` is asked only when this failure is one too many; the lock is held meanwhile.
    ///
    /// Returns for how long the endpoint is ejected, if it now is.
    pub fn failed(
        &self,
        admission: Admission,
        kind: Failure,
        now: Instant,
        may_eject: impl FnOnce() -> bool,
    ) -> Option<Duration> {
        let mut state = self.lock();
        self.disturbed.store(true, Ordering::Release);
        if state.ejected.is_some() && admission == Admission::Normal {
            return None;
        }
        state.failures = state.failures.saturating_add(1);
        let probed = admission == Admission::Probe;
        if !probed && (state.failures < self.settings.consecutive_failures || !may_eject()) {
            return None;
        }
        let lasting = self.ejection_time(state.ejections);
        state.ejections = state.ejections.saturating_add(1);
        state.ejected = Some(Ejected { kind, until: now + lasting, probing: false });
        self.open.store(true, Ordering::Release);
        if kind == Failure::Unreachable {
            UNREACHABLE.fetch_add(1, Ordering::AcqRel);
        }
        Some(lasting)
    }

    /// A probe ended without showing anything, such as when its client went away.
    pub fn gave_up(&self) {
        if let Some(ejected) = &mut self.lock().ejected {
            ejected.probing = false;
        }
    }

    /// The endpoint takes connections again: the next request may try it at once.
    pub fn reachable(&self, now: Instant) {
        if let Some(ejected) =
            self.lock().ejected.as_mut().filter(|ejected| ejected.kind == Failure::Unreachable)
        {
            ejected.until = ejected.until.min(now);
        }
    }

    /// Whether it was ejected because it took no connection, and is not tried yet.
    pub fn is_unreachable(&self, now: Instant) -> bool {
        self.disturbed.load(Ordering::Acquire)
            && self.lock().ejected.as_ref().is_some_and(|ejected| {
                ejected.kind == Failure::Unreachable && !ejected.probing && ejected.until > now
            })
    }

    pub fn is_ejected(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// When the next request may try it.
    pub fn until(&self) -> Option<Instant> {
        self.lock().ejected.as_ref().map(|ejected| ejected.until)
    }

    fn ejection_time(&self, before: u32) -> Duration {
        let factor = 1_u32.checked_shl(before).unwrap_or(u32::MAX);
        self.settings.base_ejection_time.saturating_mul(factor).min(self.settings.max_ejection_time)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ejected {
    fn admits_probe(&self, now: Instant) -> bool {
        !self.probing && now >= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: OutlierDetection = OutlierDetection {
        consecutive_failures: 3,
        base_ejection_time: Duration::from_secs(10),
        max_ejection_time: Duration::from_secs(25),
        max_ejection_percent: 50,
    };

    /// A breaker ejected at `now`.
    fn ejected(kind: Failure, now: Instant) -> Breaker {
        let breaker = Breaker::new(SETTINGS);
        for _ in 0..3 {
            breaker.failed(Admission::Normal, kind, now, || true);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_eject_and_an_answer_in_between_begins_anew() {
        let (breaker, now) = (Breaker::new(SETTINGS), Instant::now());
        let fail = || breaker.failed(Admission::Normal, Failure::Silent, now, || true);
        assert_eq!([fail(), fail()], [None, None]);
        breaker.succeeded(Admission::Normal);
        assert_eq!([fail(), fail(), fail()], [None, None, Some(SETTINGS.base_ejection_time)]);
        assert_eq!(breaker.admit(now), None);
        assert!(!breaker.would_admit(now) && breaker.is_ejected());
    }

    #[test]
    fn an_ejected_endpoint_is_tried_by_one_request_at_a_time() {
        let now = Instant::now();
        let breaker = ejected(Failure::Silent, now);
        let later = now + SETTINGS.base_ejection_time;
        assert_eq!(breaker.admit(later), Some(Admission::Probe));
        assert_eq!(breaker.admit(later), None, "while the first is under way");
        breaker.gave_up();
        assert_eq!(breaker.admit(later), Some(Admission::Probe));
        assert!(!breaker.succeeded(Admission::Normal), "one that began before the ejection says nothing");
        assert!(breaker.succeeded(Admission::Probe));
        assert_eq!(breaker.admit(later), Some(Admission::Normal));
    }

    #[test]
    fn each_failed_probe_doubles_the_ejection_up_to_a_bound() {
        let mut now = Instant::now();
        let breaker = ejected(Failure::Status, now);
        for seconds in [20, 25, 25] {
            now += SETTINGS.max_ejection_time;
            assert_eq!(breaker.admit(now), Some(Admission::Probe));
            let lasting = breaker.failed(Admission::Probe, Failure::Status, now, || false);
            assert_eq!(lasting, Some(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn an_endpoint_that_may_not_be_ejected_stays_and_goes_once_it_may() {
        let (breaker, now) = (Breaker::new(SETTINGS), Instant::now());
        for _ in 0..10 {
            assert_eq!(breaker.failed(Admission::Normal, Failure::Status, now, || false), None);
        }
        assert_eq!(breaker.admit(now), Some(Admission::Normal));
        assert!(breaker.failed(Admission::Normal, Failure::Status, now, || true).is_some());
    }

    #[test]
    fn an_endpoint_that_takes_connections_again_is_tried_at_once_but_one_that_failed_on_connections_is_not() {
        let now = Instant::now();
        let gone = ejected(Failure::Unreachable, now);
        let others = [Failure::Silent, Failure::Status].map(|kind| ejected(kind, now));
        assert!(gone.is_unreachable(now) && others.iter().all(|other| !other.is_unreachable(now)));
        gone.reachable(now);
        others.iter().for_each(|other| other.reachable(now));
        assert!(gone.would_admit(now) && others.iter().all(|other| !other.would_admit(now)));
        assert!(!gone.is_unreachable(now), "there is nothing left to find out");
    }

    #[test]
    fn however_many_threads_ask_one_gets_to_try() {
        let now = Instant::now();
        let breaker = ejected(Failure::Silent, now);
        let later = now + SETTINGS.base_ejection_time;
        let admitted: usize = std::thread::scope(|scope| {
            let ask = || scope.spawn(|| usize::from(breaker.admit(later).is_some()));
            let asking: Vec<_> = (0..16).map(|_| ask()).collect();
            asking.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(admitted, 1);
    }
}
