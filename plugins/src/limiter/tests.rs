//! What a request is told, and what a reload keeps.

mod room;

use std::num::NonZeroU64;
use std::time::Duration;

use super::*;

/// Any time of day.
const NOW: u64 = 1_700_000_000_123;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const MONTH: u64 = 30 * 24 * 60 * MINUTE;

/// Pairs of requests and milliseconds.
pub fn windows(all: &[(u64, u64)]) -> Windows {
    let window = |(requests, millis): &(u64, u64)| Window {
        requests: NonZeroU64::new(*requests).expect("some"),
        per: Duration::from_millis(*millis),
    };
    Windows::new(&all.iter().map(window).collect::<Vec<_>>()).expect("usable")
}

pub fn some(keys: usize) -> NonZeroUsize {
    NonZeroUsize::new(keys).expect("some")
}

pub fn key(name: &str) -> Key {
    Key::of([("consumer", name)])
}

fn limiter(all: &[(u64, u64)]) -> Limiter {
    Limiter::new(windows(all), some(1000))
}

fn wait(millis: u64) -> Verdict {
    Verdict::RetryAfter(Duration::from_millis(millis))
}

/// What is left in each window, and in how many milliseconds it resets.
fn standing(taken: &Taken) -> Vec<(u64, u128)> {
    taken.windows.iter().map(|window| (window.left, window.resets_in.as_millis())).collect()
}

#[test]
fn a_window_begins_with_the_first_request_and_the_next_one_when_it_has_ended() {
    let (limiter, acme) = (limiter(&[(2, MINUTE)]), key("acme"));
    let first = limiter.take(&acme, 1, NOW);
    assert!(first.allowed());
    assert_eq!(standing(&first), [(1, 60_000)]);
    assert_eq!((first.windows[0].limit, first.windows[0].per), (2, Duration::from_secs(60)));
    assert_eq!(standing(&limiter.take(&acme, 1, NOW + 10)), [(0, 59_990)]);
    let refused = limiter.take(&acme, 1, NOW + MINUTE - 1);
    assert_eq!((refused.verdict, standing(&refused)), (wait(1), vec![(0, 1)]));
    assert!(limiter.take(&key("other"), 1, NOW + MINUTE - 1).allowed());
    let next = limiter.take(&acme, 1, NOW + MINUTE);
    assert_eq!((next.allowed(), standing(&next)), (true, vec![(1, 60_000)]));
}

#[test]
fn all_windows_are_charged_or_none_and_the_longest_wait_counts() {
    let (limiter, acme) = (limiter(&[(3, SECOND), (5, MINUTE), (100, MONTH)]), key("acme"));
    assert!(limiter.take(&acme, 3, NOW).allowed());
    let refused = limiter.take(&acme, 1, NOW + 100);
    assert_eq!(refused.verdict, wait(900));
    assert_eq!(refused.windows.iter().map(|window| window.left).collect::<Vec<_>>(), [0, 2, 97]);
    assert_eq!(limiter.take(&acme, 3, NOW + 100).verdict, wait(59_900));
    let allowed = limiter.take(&acme, 2, NOW + SECOND);
    assert_eq!(standing(&allowed)[..2], [(1, 1000), (0, 59_000)]);
}

#[test]
fn a_cost_of_nothing_tells_the_standing_and_changes_none() {
    let (limiter, acme) = (limiter(&[(2, MINUTE)]), key("acme"));
    let unknown = limiter.take(&acme, 0, NOW);
    assert_eq!((unknown.allowed(), standing(&unknown), limiter.keys()), (true, vec![(2, 0)], 0));
    limiter.take(&acme, 2, NOW);
    let spent = limiter.take(&acme, 0, NOW + 1);
    assert_eq!((spent.allowed(), standing(&spent)), (true, vec![(0, 59_999)]));
    assert_eq!(standing(&limiter.take(&acme, 0, NOW + MINUTE)), [(2, 0)]);
}

#[test]
fn what_costs_more_than_a_window_has_is_never_allowed_and_leaves_no_trace() {
    let (limiter, acme) = (limiter(&[(2, SECOND), (10, MINUTE)]), key("acme"));
    for cost in [3, u64::MAX] {
        assert_eq!(limiter.take(&acme, cost, NOW).verdict, Verdict::Never);
    }
    assert_eq!(limiter.keys(), 0);
    limiter.take(&acme, 2, NOW);
    assert_eq!(limiter.take(&acme, 11, NOW).verdict, Verdict::Never);
}

#[test]
fn a_clock_that_is_set_back_extends_a_window_by_no_more_than_its_time() {
    let (limiter, acme) = (limiter(&[(1, MINUTE)]), key("acme"));
    limiter.take(&acme, 1, NOW);
    let back = NOW - 60 * MINUTE;
    assert_eq!(limiter.take(&acme, 1, back).verdict, wait(MINUTE));
    // The refused request is enough for the new time to hold.
    assert_eq!(limiter.take(&acme, 1, back + MINUTE - 1).verdict, wait(1));
    assert!(limiter.take(&acme, 1, back + MINUTE).allowed());
    for extreme in [0, u64::MAX, 0, NOW] {
        limiter.take(&acme, 1, extreme);
    }
}

#[test]
fn a_reload_that_changes_the_requests_keeps_what_was_counted() {
    let old = limiter(&[(100, MINUTE), (1000, MONTH)]);
    let acme = key("acme");
    old.take(&acme, 80, NOW);
    // In another order: windows are known by their time.
    let new = old.with(windows(&[(2000, MONTH), (200, MINUTE)]), some(1000), NOW + 1);
    assert_eq!(standing(&new.take(&acme, 20, NOW + 1))[0], (100, 59_999));
    // A request under way with the old settings is counted with the others.
    assert_eq!(old.take(&acme, 1, NOW + 2).windows[0].left, 0);
    let lower = new.with(windows(&[(50, MINUTE), (1000, MONTH)]), some(1000), NOW + 3);
    let refused = lower.take(&acme, 1, NOW + 3);
    assert_eq!((refused.verdict, standing(&refused)[0].0), (wait(59_997), 0));
}

#[test]
fn a_reload_that_changes_the_windows_keeps_the_counts_of_those_that_stay() {
    let old = limiter(&[(10, MINUTE), (1000, MONTH)]);
    let acme = key("acme");
    old.take(&acme, 5, NOW);
    old.take(&key("no longer"), 1, NOW - MONTH);
    let added = windows(&[(10, SECOND), (1000, MONTH)]);
    assert!(
        !old.same_shape(&added, some(1000))
            && old.same_shape(&windows(&[(1, MINUTE), (1, MONTH)]), some(1000))
    );
    assert!(!old.same_shape(old.windows(), some(999)));
    let new = old.with(added, some(5000), NOW + 10);
    assert_eq!(new.keys(), 1);
    assert_eq!(standing(&new.take(&acme, 1, NOW + 10)), [(9, 1000), (994, u128::from(MONTH) - 10)]);
    assert_eq!(old.with(windows(&[(1, SECOND)]), some(1000), NOW + 10).keys(), 0);
}
