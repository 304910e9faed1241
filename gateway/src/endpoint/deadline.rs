//! By when the other side of a connection has to do something. The hooks of a request say that something has moved, often;
//! one task looks at all connections, seldom, and it alone reads the clock: so a time that is allowed begins with the
//! first look after it was said, and is never cut short by a look that came late.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Of one connection. Times are in milliseconds of the clock that looks are given.
#[derive(Debug)]
pub struct Deadline {
    /// [`OVER`], or a time and what it means.
    next: AtomicU64,
    /// By when the whole answer must be there.
    all: AtomicU64,
    /// For how long the connection is kept without a request.
    idle: AtomicU64,
}

/// The time of a request has passed: the connection is ended, or about to be. With [`RESTS`], its idle time has, which is
/// nothing to a request whose answer has come and is still passed on.
const OVER: u64 = 0;
/// A span, which begins with the next look.
const SPAN: u64 = 1 << 62;
/// No request is under way.
const RESTS: u64 = 1 << 63;
/// A time that is never reached.
const NEVER: u64 = SPAN - 1;

/// Nothing is due.
impl Default for Deadline {
    fn default() -> Deadline {
        Deadline { next: AtomicU64::new(NEVER), all: AtomicU64::new(NEVER), idle: AtomicU64::new(NEVER) }
    }
}

impl Deadline {
    /// A request begins, whose first move may take so long; behind it the connection may be idle for `idle`. `false` when an
    /// earlier time was over, and the connection cannot be used.
    pub fn begin(&self, limit: Option<Duration>, idle: Duration) -> bool {
        self.all.store(NEVER, Ordering::Relaxed);
        self.idle.store(milliseconds(idle), Ordering::Relaxed);
        self.set(span(limit), |_| true)
    }

    /// Something has moved, and the next may take so long. Behind the end of an answer it changes nothing.
    pub fn moved(&self, limit: Option<Duration>) {
        self.set(span(limit), |now| now & RESTS == 0);
    }

    /// The whole answer must be there by then.
    pub fn must_end_by(&self, at: Option<u64>) {
        self.all.store(at.unwrap_or(NEVER).min(NEVER), Ordering::Relaxed);
    }

    /// The answer is over.
    pub fn rest(&self) {
        self.set(RESTS | SPAN | self.idle.load(Ordering::Relaxed), |_| true);
    }

    /// Whether the time of a request has passed.
    pub fn is_over(&self) -> bool {
        self.next.load(Ordering::Acquire) == OVER
    }

    /// Whether that or the idle time has passed.
    pub fn has_ended(&self) -> bool {
        is_ended(self.next.load(Ordering::Acquire))
    }

    /// Whether no request is under way, so far as the other side is concerned.
    pub fn rests(&self) -> bool {
        self.next.load(Ordering::Acquire) & RESTS != 0
    }

    /// Whether it has passed with this look. Not if the request moves it at this moment.
    pub fn passes(&self, now: u64) -> bool {
        let seen = self.next.load(Ordering::Acquire);
        if is_ended(seen) {
            return false;
        }
        let (rests, time) = (seen & RESTS, seen & NEVER);
        let due = if seen & SPAN == 0 { time } else { now.saturating_add(time).min(NEVER) };
        let all = if rests == 0 { self.all.load(Ordering::Relaxed) } else { NEVER };
        let next = rests | if due.min(all) <= now { OVER } else { due };
        next != seen
            && self.next.compare_exchange(seen, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
            && is_ended(next)
    }

    /// `false` when it is over, which it stays.
    fn set(&self, next: u64, may: impl Fn(u64) -> bool) -> bool {
        let seen = self.next.load(Ordering::Acquire);
        // Most pieces come between two looks, and write nothing that other threads share.
        if seen == next {
            return true;
        }
        let change = |seen: u64| (!is_ended(seen) && may(seen)).then_some(next);
        self.next
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, change)
            .map_or_else(|seen| !is_ended(seen), |_| true)
    }
}

fn is_ended(next: u64) -> bool {
    next & !RESTS == OVER
}

fn span(limit: Option<Duration>) -> u64 {
    limit.map_or(NEVER, |limit| SPAN | milliseconds(limit))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(NEVER).min(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Option<Duration> = Some(Duration::from_secs(1));
    const IDLE: Duration = Duration::from_secs(4);

    fn begun() -> Deadline {
        let deadline = Deadline::default();
        assert!(!deadline.passes(u64::MAX / 8) && deadline.begin(SECOND, IDLE));
        deadline
    }

    #[test]
    fn what_has_passed_once_stays_so() {
        let deadline = begun();
        assert!(!deadline.passes(5000) && !deadline.passes(5999) && !deadline.is_over());
        assert!(deadline.passes(6000) && deadline.is_over());
        deadline.moved(None);
        deadline.rest();
        assert!(!deadline.begin(None, IDLE) && deadline.is_over());
        assert!(!deadline.passes(7000), "it passes once");
    }

    #[test]
    fn a_move_begins_the_time_anew_with_the_look_that_follows() {
        let deadline = begun();
        assert!(!deadline.passes(5000));
        deadline.moved(SECOND);
        // A look that comes late cuts nothing short.
        assert!(!deadline.passes(60_000) && !deadline.passes(60_999) && deadline.passes(61_000));
    }

    #[test]
    fn without_a_limit_nothing_passes_but_the_time_for_all() {
        let deadline = begun();
        deadline.must_end_by(Some(9000));
        deadline.moved(None);
        assert!(!deadline.passes(8999) && deadline.passes(9000));
    }

    #[test]
    fn behind_an_answer_the_connection_is_kept_for_its_idle_time() {
        let deadline = begun();
        deadline.must_end_by(Some(5500));
        deadline.rest();
        // What is left of the request or the answer is passed on later.
        deadline.moved(SECOND);
        assert!(!deadline.passes(5000) && !deadline.passes(8999));
        assert!(deadline.begin(SECOND, IDLE) && !deadline.passes(9000) && deadline.passes(10_000));
        let idle = begun();
        idle.rest();
        assert!(!idle.passes(5000) && idle.passes(9000) && !idle.passes(9001) && !idle.begin(SECOND, IDLE));
        assert!(!idle.is_over(), "the request had its answer in time");
    }
}
