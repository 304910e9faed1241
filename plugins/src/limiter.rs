//! How much may be asked for within a time: counts by key, in the memory of this process.
//!
//! Windows are fixed: one begins with the first request that is counted for a key, and ends `per` later. Within a window
//! the limit is exact, however many ask at once. The price is known: who spends a whole limit at the end of one
//! window and another at the beginning of the next has got up to twice the limit in a time shorter than `per`. A second,
//! shorter window keeps such spikes down.
//!
//! Counts are apart from limits, so that a reload that changes how many `requests` are allowed forgets nothing.

mod counts;
mod fields;
mod key;
mod order;
mod shard;
mod table;
mod taken;
mod text;
mod windows;

#[cfg(test)]
mod conservation;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;

pub use fields::{WindowNames, retry_after};
pub use key::{Key, KeyHasher};
pub use taken::{Counted, Standing, Standings, Taken, Verdict};
pub use text::key_text;
pub use windows::{Unusable, WINDOWS_MAX, Window, Windows};

use counts::Counts;

/// Limits, and what has been counted against them.
pub struct Limiter {
    windows: Windows,
    counts: Arc<Counts>,
}

impl Limiter {
    /// Remembers at most `max_keys` keys, each in up to 130 bytes and 32 for every window. As they are spread over shards by
    /// chance, some may be forgotten when there are nine tenths of that many.
    pub fn new(windows: Windows, max_keys: NonZeroUsize) -> Limiter {
        let counts = Arc::new(Counts::new(&windows, max_keys));
        Limiter { windows, counts }
    }

    /// Charges the cost to all windows of this key, or, where one has less than that left, to none. A cost of 0 charges
    /// nothing, begins no window, and tells how the key stands.
    ///
    /// `now` is in milliseconds since the Unix epoch. Each time that clock is set back, a window lasts `per` longer at most.
    /// Nothing is allocated for a key that is known.
    pub fn take(&self, key: &Key, cost: u64, now: u64) -> Taken {
        self.counts.shard(key).take(&self.windows, key, cost, now)
    }

    /// The limiter that follows this one when settings have changed; windows are the same if their `per` is.
    ///
    /// With the same shape, both count together from here on. Otherwise what this one has counted up to `now` is copied,
    /// requests that are still charged to it are unknown to the new one, and [`Limiter::forgotten`] begins at 0.
    pub fn with(&self, windows: Windows, max_keys: NonZeroUsize, now: u64) -> Limiter {
        if self.same_shape(&windows, max_keys) {
            return Limiter { windows, counts: Arc::clone(&self.counts) };
        }
        let next = Limiter::new(windows, max_keys);
        next.counts.adopt(&self.counts, now);
        next
    }

    /// Whether settings differ from this limiter's in nothing but how many `requests` are allowed, if at all.
    pub fn same_shape(&self, windows: &Windows, max_keys: NonZeroUsize) -> bool {
        self.counts.is_for(windows, max_keys)
    }

    /// In order: as those of [`Taken`].
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Keys that are remembered. Those without a window under way stay until their place is needed.
    pub fn keys(&self) -> usize {
        self.counts.keys()
    }

    /// How often a key was forgotten in the middle of a window to make room for another: who it stood for may spend
    /// that window's limit again.
    pub fn forgotten(&self) -> u64 {
        self.counts.forgotten()
    }
}
