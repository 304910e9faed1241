//! What becomes of a request: the one rule of all stores of counts, and how a key then stands.

use std::ops::Deref;
use std::time::Duration;

use super::windows::{WINDOWS_MAX, Windows};

/// What a store has counted in one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    pub used: u64,
    /// Zero where no window is under way: then `used` says nothing.
    pub ends_in: Duration,
}

/// Whether a request is allowed. The greater, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Allowed,
    /// Every window that refuses will have ended after this time, which is not zero.
    RetryAfter(Duration),
    /// It costs more than a whole window has.
    Never,
}

/// What became of a request, and how its key stands afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub verdict: Verdict,
    /// In the order of [`Windows`].
    pub windows: Standings,
}

/// How a key stands in one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub limit: u64,
    pub per: Duration,
    pub left: u64,
    /// Zero where no window is under way.
    pub resets_in: Duration,
}

/// A standing for each window, in place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standings {
    all: [Standing; WINDOWS_MAX],
    len: usize,
}

impl Taken {
    pub fn allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

impl Deref for Standings {
    type Target = [Standing];

    fn deref(&self) -> &[Standing] {
        &self.all[..self.len]
    }
}

impl Counted {
    fn used(self) -> u64 {
        if self.ends_in.is_zero() { 0 } else { self.used }
    }
}

impl Windows {
    /// Judges a request by what was counted before it, a count for each window. If it is allowed, the standing is the one
    /// after it was charged, which the store has to do.
    pub fn judge(&self, counted: &[Counted], cost: u64) -> Taken {
        let counted = || counted.iter().copied().chain(std::iter::repeat(Counted::default()));
        let refusals = self.iter().zip(counted()).map(|(window, counted)| {
            let limit = window.requests.get();
            if cost > limit {
                Verdict::Never
            } else if cost > limit.saturating_sub(counted.used()) {
                Verdict::RetryAfter(counted.ends_in)
            } else {
                Verdict::Allowed
            }
        });
        let verdict = refusals.max().unwrap_or(Verdict::Allowed);
        let charged = if verdict == Verdict::Allowed { cost } else { 0 };
        let mut standings = Standings { len: self.len(), ..Standings::default() };
        for (standing, (window, counted)) in standings.all.iter_mut().zip(self.iter().zip(counted())) {
            let limit = window.requests.get();
            let begins = charged > 0 && counted.ends_in.is_zero();
            *standing = Standing {
                limit,
                per: window.per,
                // Less than nothing is left where the limit was lowered.
                left: limit.saturating_sub(counted.used()).saturating_sub(charged),
                resets_in: if begins { window.per } else { counted.ends_in },
            };
        }
        Taken { verdict, windows: standings }
    }
}
