//! The limiter, for a key that it knows.

use std::hint::black_box;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use tollgate_plugins::limiter::{Key, Limiter, Window, Windows};

use crate::Step;

const KEYS_MAX: usize = 10_000;
const NOW: u64 = 1_000_000_000_000;

pub fn steps() -> Vec<Step> {
    let Some(limiter) = limiter() else { return Vec::new() };
    let key = Key::of([("consumer", "acme"), ("tool", "read_page")]);
    vec![Step::new("count against a limit in memory", move || {
        black_box(limiter.take(black_box(&key), 1, NOW));
    })]
}

/// A spike of a second and a quota of a month, both out of reach.
fn limiter() -> Option<Limiter> {
    let requests = NonZeroU64::MAX;
    let windows = [1, 30 * 24 * 3600].map(|seconds| Window { requests, per: Duration::from_secs(seconds) });
    Some(Limiter::new(Windows::new(&windows).ok()?, NonZeroUsize::new(KEYS_MAX)?))
}
