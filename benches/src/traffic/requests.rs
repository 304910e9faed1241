//! Requests, and how long their answers took.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{cpu, memory, microseconds};
use crate::contestant::Contestant;
use crate::figures::quantile::Quantiles;
use crate::figures::{Figure, Round};
use crate::lab::Lab;
use crate::parts::http2;
use crate::parts::load::exchange::Exchange;
use crate::parts::load::pace::Pace;
use crate::parts::load::{self, Latencies, Shape};
use crate::parts::sampler::{Reading, Used};
use crate::targets::Site;

/// How often a configuration is read anew under load.
const BETWEEN_RELOADS: Duration = Duration::from_millis(200);
/// How long requests may take that are sent once.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a request is sent that is the only one, beside others with many.
const AS_MANY: u64 = 600;

pub fn round(lab: &Lab, one: &Contestant, site: &Site, shape: Shape) -> Result<Round, String> {
    ask(lab, one, site, &(one.exchange)(site.address)?, shape)
}

/// Sends each request there is once: all but the last, with which the connections are opened.
pub fn once(lab: &Lab, one: &Contestant, site: &Site, connections: usize) -> Result<Round, String> {
    let exchange = (one.exchange)(site.address)?;
    let most = match exchange.requests.len() as u64 - 1 {
        0 => AS_MANY,
        others => others,
    };
    let shape = Shape { pace: Pace::Saturated, connections, length: PATIENCE, most, fresh: false };
    ask(lab, one, site, &exchange, shape)
}

fn ask(lab: &Lab, one: &Contestant, site: &Site, exchange: &Exchange, shape: Shape) -> Result<Round, String> {
    let target = one.connect(lab, site.address)?;
    let (over, reloaded) = (AtomicBool::new(false), site.process.as_ref().filter(|_| one.reloads));
    let (used, latencies) = std::thread::scope(|scope| {
        let over = &over;
        scope.spawn(move || {
            let Some(process) = reloaded else { return };
            std::thread::sleep(BETWEEN_RELOADS / 2);
            while !over.load(Ordering::Relaxed) {
                process.signal(Signal::SIGHUP);
                std::thread::sleep(BETWEEN_RELOADS);
            }
        });
        let outcome = load::run(shape, target.as_ref(), exchange, || Reading::new(site.pid));
        let used = outcome.map(|(reading, latencies)| (reading.since(), latencies));
        over.store(true, Ordering::Relaxed);
        used
    })?;
    of_requests(latencies, &used, site)
}

fn of_requests(latencies: Latencies, used: &Used, site: &Site) -> Result<Round, String> {
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
    round.extend(memory(site));
    Ok(round)
}

/// Calls a tool over HTTP/2.
pub fn http2(lab: &Lab, site: &Site, shape: http2::Shape) -> Result<Round, String> {
    let client = lab.client(b"h2")?;
    let (reading, latencies) = http2::run(shape, site.address, &client, || Reading::new(site.pid))?;
    of_requests(latencies, &reading.since(), site)
}
