//! The kinds of traffic there are, and one round of each.

use std::time::Duration;

use crate::contestant::Contestant;
use crate::figures::quantile::Quantiles;
use crate::figures::{Figure, Round};
use crate::parts::load::connection::Plain;
use crate::parts::load::pace::Pace;
use crate::parts::load::{self, Shape};
use crate::parts::sampler::{Reading, Tree, Used};
use crate::targets::Site;

/// How a workload asks.
#[derive(Clone, Copy, Debug)]
pub enum Traffic {
    /// On connections that are kept.
    Requests { pace: Pace, connections: usize },
}

impl Traffic {
    /// What one request or the like is called.
    pub fn unit(self) -> &'static str {
        match self {
            Traffic::Requests { .. } => "request",
        }
    }

    /// Measures a target for so long.
    ///
    /// # Errors
    /// When it has answered wrongly, or not at all.
    pub fn round(self, contestant: &Contestant, site: &Site, length: Duration) -> Result<Round, String> {
        match self {
            Traffic::Requests { pace, connections } => {
                let exchange = (contestant.exchange)(site.address)?;
                let shape = Shape { pace, connections, length, most: u64::MAX, fresh: false };
                let begin = || Reading::new(site.pid);
                let (reading, latencies) = load::run(shape, &Plain(site.address), &exchange, begin)?;
                let used = reading.since();
                let mut round = of_requests(latencies, &used)?;
                round.extend(memory(site));
                Ok(round)
            }
        }
    }
}

fn of_requests(latencies: Vec<u64>, used: &Used) -> Result<Round, String> {
    let requests = latencies.len() as f64;
    if requests == 0.0 {
        return Err("nothing was answered".to_owned());
    }
    let quantiles = Quantiles::of(latencies);
    let mut round = vec![
        (Figure::Rate, requests / used.elapsed.as_secs_f64()),
        (Figure::P50, microseconds(quantiles.p50)),
        (Figure::P99, microseconds(quantiles.p99)),
        (Figure::P999, microseconds(quantiles.p999)),
        (Figure::Foreign, used.foreign * 100.0),
    ];
    round.extend(cpu(used, requests)?);
    Ok(round)
}

/// The processor time for each of so many, where the target has any.
fn cpu(used: &Used, count: f64) -> Result<Option<(Figure, f64)>, String> {
    match used.target {
        Some(Duration::ZERO) => Err("its processor time cannot be read".to_owned()),
        time => Ok(time.map(|time| (Figure::Cpu, time.as_secs_f64() * 1e6 / count))),
    }
}

fn memory(site: &Site) -> Option<(Figure, f64)> {
    site.pid.map(|pid| (Figure::Memory, Tree::of(pid).memory() as f64 / 1e6))
}

fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}
