//! Which of several equal endpoints the next request goes to.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::Endpoint;
use super::lease::Lease;

/// How the turn goes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    RoundRobin,
    Random,
    /// The one with fewer requests under way of two drawn at random.
    LeastRequests,
}

/// Endpoints that share the load by their weights.
#[derive(Default)]
pub struct Tier {
    endpoints: Vec<Arc<Endpoint>>,
    /// Positions in `endpoints`, each as often as its weight says and as evenly spread as that allows.
    order: Vec<usize>,
    turn: AtomicUsize,
}

impl Tier {
    pub fn new(endpoints: Vec<Arc<Endpoint>>) -> Tier {
        let weights: Vec<_> = endpoints.iter().map(|endpoint| endpoint.settings.weight).collect();
        Tier { order: spread(&weights), endpoints, turn: AtomicUsize::new(0) }
    }

    pub fn endpoints(&self) -> &[Arc<Endpoint>] {
        &self.endpoints
    }

    /// The endpoint whose turn it is among those that take requests and are not in `tried`.
    pub fn pick(&self, strategy: Strategy, tried: &[Arc<Endpoint>], now: Instant) -> Option<Lease> {
        // A second choice takes nobody's turn: else, of two endpoints, the one that fails would get all first ones.
        let drawn = self.draw(if tried.is_empty() { strategy } else { Strategy::Random })?;
        let lease = |endpoint: &Arc<Endpoint>| match is_among(endpoint, tried) {
            true => None,
            false => Lease::take(endpoint, now),
        };
        let mut candidates = self.from(drawn);
        let first = candidates.next()?;
        if strategy == Strategy::LeastRequests {
            // The other one drawn, if it is another: the next from a place of its own.
            let second =
                self.from(fastrand::usize(..self.order.len())).find(|other| !Arc::ptr_eq(other, first));
            let busier = second.filter(|second| is_less_busy(second, first));
            if let Some(lease) = busier.and_then(lease) {
                return Some(lease);
            }
        }
        lease(first).or_else(|| candidates.find_map(lease))
    }

    fn draw(&self, strategy: Strategy) -> Option<usize> {
        match (self.order.len(), strategy) {
            (0, _) => None,
            (1, _) => Some(0),
            (length, Strategy::RoundRobin) => Some(self.turn.fetch_add(1, Ordering::Relaxed) % length),
            (length, Strategy::Random | Strategy::LeastRequests) => Some(fastrand::usize(..length)),
        }
    }

    /// All of the order, from one place on.
    fn from(&self, start: usize) -> impl Iterator<Item = &Arc<Endpoint>> {
        let (before, after) = self.order.split_at(start.min(self.order.len()));
        after.iter().chain(before).filter_map(|position| self.endpoints.get(*position))
    }
}

pub fn is_among(endpoint: &Arc<Endpoint>, tried: &[Arc<Endpoint>]) -> bool {
    tried.iter().any(|other| Arc::ptr_eq(other, endpoint))
}

/// Fewer requests under way for its weight.
fn is_less_busy(one: &Endpoint, other: &Endpoint) -> bool {
    let load = |endpoint: &Endpoint, weight: NonZeroU32| {
        (endpoint.in_flight() as u64 + 1).saturating_mul(weight.get().into())
    };
    load(one, other.settings.weight) < load(other, one.settings.weight)
}

/// Each position as often as its weight says, spread out: at each step everyone gains its weight, and the one that
/// has gained most pays for the step with the sum of all (smooth weighted round robin).
fn spread(weights: &[NonZeroU32]) -> Vec<usize> {
    let divisor = weights.iter().fold(0, |divisor, weight| greatest_common_divisor(divisor, weight.get()));
    let weights: Vec<i64> = weights.iter().map(|weight| i64::from(weight.get() / divisor.max(1))).collect();
    let sum: i64 = weights.iter().sum();
    let mut gained = vec![0; weights.len()];
    let mut order = Vec::new();
    for _ in 0..sum {
        for (gained, weight) in gained.iter_mut().zip(&weights) {
            *gained += weight;
        }
        // The first of those that have gained most: `max_by_key` would take the last.
        let most = gained.iter().enumerate().rev().max_by_key(|(_, gained)| **gained);
        let Some(next) = most.map(|(position, _)| position) else { break };
        if let Some(gained) = gained.get_mut(next) {
            *gained -= sum;
        }
        order.push(next);
    }
    order
}

fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::endpoint::breaker::Failure;
    use crate::endpoint::testing;
    use tollgate_protocol::url::HttpUrl;

    fn weights(weights: &[u32]) -> Vec<NonZeroU32> {
        weights.iter().map(|weight| NonZeroU32::new(*weight).expect("positive")).collect()
    }

    fn tier(weights: &[u32]) -> Tier {
        let endpoint = |(number, weight): (usize, &u32)| {
            let url = HttpUrl::parse(&format!("http://up{number}.example/")).expect("a valid URL");
            let weight = NonZeroU32::new(*weight).expect("positive");
            let settings = config::Endpoint { weight, ..config::Endpoint::at(url) };
            Arc::new(testing::with(settings))
        };
        Tier::new(weights.iter().enumerate().map(endpoint).collect())
    }

    fn position(tier: &Tier, lease: &Lease) -> usize {
        let at = |endpoint: &Arc<Endpoint>| Arc::ptr_eq(endpoint, lease.endpoint());
        tier.endpoints().iter().position(at).expect("one of the tier's")
    }

    fn picks(tier: &Tier, strategy: Strategy, times: usize) -> Vec<usize> {
        let now = Instant::now();
        let mut counts = vec![0; tier.endpoints().len()];
        for _ in 0..times {
            counts[position(tier, &tier.pick(strategy, &[], now).expect("one is available"))] += 1;
        }
        counts
    }

    #[test]
    fn turns_are_spread_by_weight() {
        assert_eq!(spread(&weights(&[1, 1])), [0, 1]);
        assert_eq!(spread(&weights(&[5, 1, 1])), [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(spread(&weights(&[200, 100])), [0, 1, 0]);
        assert_eq!(spread(&[]), [0; 0]);
    }

    #[test]
    fn round_robin_keeps_the_weights_exactly_and_random_about() {
        assert_eq!(picks(&tier(&[3, 1]), Strategy::RoundRobin, 400), [300, 100]);
        let random = picks(&tier(&[3, 1]), Strategy::Random, 4000);
        assert!((2700..3300).contains(&random[0]), "{random:?}");
    }

    #[test]
    fn least_requests_prefers_the_less_busy_for_its_weight() {
        let tier = tier(&[1, 1]);
        let now = Instant::now();
        let busy: Vec<_> = (0..9).filter_map(|_| Lease::take(&tier.endpoints()[0], now)).collect();
        assert_eq!(picks(&tier, Strategy::LeastRequests, 50), [0, 50]);
        drop(busy);
        let shared = picks(&tier, Strategy::LeastRequests, 1000);
        assert!(shared.iter().all(|count| *count > 200), "{shared:?}");
    }

    #[test]
    fn endpoints_that_are_ejected_or_were_tried_lose_their_turn_to_others() {
        for strategy in [Strategy::RoundRobin, Strategy::Random, Strategy::LeastRequests] {
            let tier = tier(&[1, 1, 1]);
            let now = Instant::now();
            for _ in 0..5 {
                let mut lease = Lease::take(&tier.endpoints()[0], now).expect("not ejected yet");
                lease.failed(Failure::Silent, now, || true);
            }
            let tried = [tier.endpoints()[1].clone()];
            for _ in 0..20 {
                assert_eq!(position(&tier, &tier.pick(strategy, &tried, now).expect("one is left")), 2);
            }
            let tried = [tried[0].clone(), tier.endpoints()[2].clone()];
            assert!(tier.pick(strategy, &tried, now).is_none());
        }
    }
}
