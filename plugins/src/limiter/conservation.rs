//! That no limit is ever exceeded, nor anything refused that it allows: by many threads at once, and against a model.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use proptest::prelude::*;

use super::tests::{key, some, windows};
use super::*;

const NOW: u64 = 1_700_000_000_000;
const THREADS: usize = 8;

/// Every thread offers each cost at the same time as the others, to one limiter or to several that belong together. What
/// was accepted, all together.
fn offer(limiters: &[&Limiter], name: &str, costs: &[u64], now: u64) -> u64 {
    let (accepted, start) = (AtomicU64::new(0), Barrier::new(THREADS));
    thread::scope(|scope| {
        for limiter in limiters.iter().cycle().take(THREADS) {
            scope.spawn(|| {
                start.wait();
                for cost in costs {
                    if limiter.take(&key(name), *cost, now).allowed() {
                        accepted.fetch_add(*cost, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    accepted.into_inner()
}

#[test]
fn of_ten_thousand_requests_at_once_exactly_the_limit_is_accepted_in_each_window() {
    let limiter = Limiter::new(windows(&[(2500, 1000)]), some(10_000));
    for round in 0..4 {
        assert_eq!(offer(&[&limiter], "acme", &[1; 10_000 / THREADS], NOW + round * 1000), 2500);
    }
}

#[test]
fn limits_hold_while_other_keys_flood_the_shards() {
    let limiter = Limiter::new(windows(&[(500, 60_000)]), some(100_000));
    let (first, second) = thread::scope(|scope| {
        let flood = |from: u64| {
            let limiter = &limiter;
            move || {
                for n in from..from + 20_000 {
                    assert!(limiter.take(&key(&n.to_string()), 1, NOW).allowed());
                }
            }
        };
        scope.spawn(flood(0));
        scope.spawn(flood(20_000));
        (offer(&[&limiter], "acme", &[1; 200], NOW), offer(&[&limiter], "acme", &[1; 200], NOW + 1))
    });
    assert_eq!((first + second, limiter.forgotten(), limiter.keys()), (500, 0, 40_001));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_accepted_is_the_lesser_of_limit_and_offer(limit in 1..600_u64, offers in 0..100_usize) {
        let limiter = Limiter::new(windows(&[(limit, 1000)]), some(100));
        let accepted = offer(&[&limiter], "acme", &vec![1; offers], NOW);
        prop_assert_eq!(accepted, limit.min((offers * THREADS) as u64));
    }

    #[test]
    fn of_different_costs_as_much_is_accepted_as_fits(
        limit in 5..200_u64,
        costs in prop::collection::vec(1..5_u64, 1..50),
    ) {
        let limiter = Limiter::new(windows(&[(limit, 1000), (limit + 3, 5000)]), some(100));
        let offered = costs.iter().sum::<u64>() * THREADS as u64;
        let accepted = offer(&[&limiter], "acme", &costs, NOW);
        prop_assert!(accepted <= limit.min(offered));
        // Whatever was refused would have been too much; the dearest costs 4.
        prop_assert!(accepted == offered || accepted + 4 > limit);
        prop_assert_eq!(limiter.take(&key("acme"), 0, NOW).windows[0].left, limit - accepted);
    }

    #[test]
    fn limiters_before_and_after_a_reload_count_together(old in 1..400_u64, new in 1..400_u64) {
        let before = Limiter::new(windows(&[(old, 1000)]), some(100));
        let spent = offer(&[&before], "acme", &[1; 20], NOW);
        let after = before.with(windows(&[(new, 1000)]), some(100), NOW);
        let more = offer(&[&before, &after], "acme", &[1; 100], NOW + 1);
        // Each half of the threads offers more than either limit has left.
        prop_assert_eq!(spent + more, old.max(new).max(spent).min(spent + 800));
    }

    #[test]
    fn every_window_holds_and_nothing_is_refused_without_need(
        limits in prop::collection::vec((1..12_u64, 1..40_u64), 1..=4),
        asked in prop::collection::vec((0..15_u64, 0..4_u64), 1..200),
    ) {
        let mut limits = limits;
        limits.sort_by_key(|(_, per)| *per);
        limits.dedup_by_key(|(_, per)| *per);
        let limiter = Limiter::new(windows(&limits), some(3));
        // The model keeps all that was accepted and finds the windows in it anew each time.
        let (mut log, mut now) = (Vec::<(u64, u64)>::new(), NOW);
        for (later, cost) in asked {
            now += later;
            let used = limits.iter().map(|(_, per)| under_way(&log, *per, now));
            let fits = used.zip(&limits).all(|(used, (limit, _))| used + cost <= *limit);
            let taken = limiter.take(&key("acme"), cost, now);
            prop_assert_eq!(taken.allowed(), fits);
            if fits && cost > 0 {
                log.push((now, cost));
            }
            for (standing, (limit, per)) in taken.windows.iter().zip(&limits) {
                prop_assert_eq!(standing.left, limit - under_way(&log, *per, now));
            }
            if let Verdict::RetryAfter(wait) = taken.verdict {
                let wait = u64::try_from(wait.as_millis()).expect("short");
                let fits_at = |at| limits.iter().all(|(limit, per)| under_way(&log, *per, at) + cost <= *limit);
                prop_assert!(fits_at(now + wait) && !fits_at(now + wait - 1));
            }
        }
    }
}

/// What was accepted in the window of this time that is under way.
fn under_way(log: &[(u64, u64)], per: u64, now: u64) -> u64 {
    let mut window = None;
    for (at, cost) in log {
        match &mut window {
            Some((begin, used)) if at - *begin < per => *used += cost,
            _ => window = Some((*at, *cost)),
        }
    }
    window.filter(|(begin, _)| now - begin < per).map_or(0, |(_, used)| used)
}
