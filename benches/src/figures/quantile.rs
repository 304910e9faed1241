//! Latencies of an open loop as quantiles.

/// The latencies that half, 99 of 100 and 999 of 1,000 requests kept to, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    pub p50: u64,
    pub p99: u64,
    pub p999: u64,
}

impl Quantiles {
    pub fn of(mut latencies: Vec<u64>) -> Quantiles {
        latencies.sort_unstable();
        Quantiles { p50: at(&latencies, 500), p99: at(&latencies, 990), p999: at(&latencies, 999) }
    }
}

/// The least of them that so many of a thousand do not exceed (the nearest rank).
fn at(sorted: &[u64], of_a_thousand: usize) -> u64 {
    let rank = (sorted.len() * of_a_thousand).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_latencies_that_were_measured() {
        let quantiles = Quantiles::of((1..=1000).rev().collect());
        assert_eq!(quantiles, Quantiles { p50: 500, p99: 990, p999: 999 });
        assert_eq!(Quantiles::of(vec![7]), Quantiles { p50: 7, p99: 7, p999: 7 });
        assert_eq!(Quantiles::of(Vec::new()), Quantiles { p50: 0, p99: 0, p999: 0 });
    }

    #[test]
    fn a_stall_is_seen_by_all_requests_that_were_due_meanwhile() {
        // A thousand requests a second for a second; answers take no time, but for one that stalls 100 of them.
        let stall = (0..100).map(|late| (100 - late) * 1_000_000);
        let quantiles = Quantiles::of(stall.chain(std::iter::repeat_n(0, 900)).collect());
        assert_eq!((quantiles.p50, quantiles.p99, quantiles.p999), (0, 90_000_000, 99_000_000));
    }
}
