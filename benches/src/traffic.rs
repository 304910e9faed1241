//! The kinds of traffic there are, and one round of each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::contestant::Contestant;
use crate::figures::quantile::Quantiles;
use crate::figures::{Figure, Round};
use crate::lab::Lab;
use crate::parts::load::connection::Plain;
use crate::parts::load::exchange::Request;
use crate::parts::load::pace::Pace;
use crate::parts::load::{self, Latencies, Shape};
use crate::parts::sampler::{Reading, Tree, Used};
use crate::parts::{events, http2, idle};
use crate::targets::Site;

/// How a workload asks.
#[derive(Clone, Copy, Debug)]
pub enum Traffic {
    /// On connections that are kept.
    Requests { pace: Pace, connections: usize },
    /// Each on a connection of its own.
    Handshakes { connections: usize },
    /// Each request there is, once.
    Once { connections: usize },
    /// Over HTTP/2, on connections that are kept.
    Http2 { connections: usize, streams: usize },
    /// Ten events a second on each stream.
    Events { streams: usize },
    /// Nothing, on connections and streams that are open.
    Idle { connections: usize, streams: usize },
    /// None but the first request.
    Start,
}

/// How often a configuration is read anew under load.
const BETWEEN_RELOADS: Duration = Duration::from_millis(200);
/// How long requests may take that are sent once.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a request is sent that is the only one, beside others with many.
const AS_MANY: u64 = 600;

impl Traffic {
    /// What one request or the like is called.
    pub fn unit(self) -> &'static str {
        match self {
            Traffic::Events { .. } => "event",
            _ => "request",
        }
    }

    /// Whether each round starts a process of its own.
    pub fn starts_anew(self) -> bool {
        matches!(self, Traffic::Idle { .. } | Traffic::Start)
    }

    /// What takes long and varies little is not repeated as often.
    pub fn most_rounds(self) -> usize {
        if self.starts_anew() { 3 } else { usize::MAX }
    }

    /// Measures a target for so long.
    ///
    /// # Errors
    /// When it has answered wrongly, or not at all.
    pub fn round(self, lab: &Lab, one: &Contestant, site: &Site, length: Duration) -> Result<Round, String> {
        match self {
            Traffic::Requests { pace, connections } => {
                requests(lab, one, site, Shape { pace, connections, length, most: u64::MAX, fresh: false })
            }
            Traffic::Handshakes { connections } => {
                let pace = Pace::Saturated;
                requests(lab, one, site, Shape { pace, connections, length, most: u64::MAX, fresh: true })
            }
            Traffic::Once { connections } => {
                let (pace, length) = (Pace::Saturated, PATIENCE);
                requests(lab, one, site, Shape { pace, connections, length, most: 0, fresh: false })
            }
            Traffic::Http2 { connections, streams } => {
                let shape = http2::Shape { connections, streams, length };
                let (client, begin) = (lab.client(b"h2")?, || Reading::new(site.pid));
                let (reading, latencies) = http2::run(shape, site.address, &client, begin)?;
                of_requests(latencies, &reading.since(), site)
            }
            Traffic::Events { streams } => events(site, streams, length),
            Traffic::Idle { connections, streams } => idle(lab, one, site, connections, streams),
            Traffic::Start => start(lab, one),
        }
    }
}

fn requests(lab: &Lab, one: &Contestant, site: &Site, shape: Shape) -> Result<Round, String> {
    let exchange = (one.exchange)(site.address)?;
    // The last request has been sent by then, to open the connections.
    let most = match exchange.requests.len() as u64 - 1 {
        _ if shape.most > 0 => shape.most,
        0 => AS_MANY,
        others => others,
    };
    let target = one.connect(lab, site.address)?;
    let (over, reloaded) = (AtomicBool::new(false), site.process.as_ref().filter(|_| one.reloads));
    let (reading, latencies) = std::thread::scope(|scope| {
        let over = &over;
        scope.spawn(move || {
            while let (Some(process), false) = (reloaded, over.load(Ordering::Relaxed)) {
                std::thread::sleep(BETWEEN_RELOADS);
                process.signal(Signal::SIGHUP);
            }
        });
        let outcome =
            load::run(Shape { most, ..shape }, target.as_ref(), &exchange, || Reading::new(site.pid));
        over.store(true, Ordering::Relaxed);
        outcome
    })?;
    of_requests(latencies, &reading.since(), site)
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

fn events(site: &Site, streams: usize, length: Duration) -> Result<Round, String> {
    let request = Request::get(site.address, "/open", "Accept: text/event-stream\r\n");
    let begin = || Reading::new(site.pid);
    let (reading, received) = events::run(&Plain(site.address), &request, streams, length, begin)?;
    let used = reading.since();
    let events = received.delays.len() as f64;
    if events == 0.0 {
        return Err("no event has come".to_owned());
    }
    let (delays, first_bytes) = (Quantiles::of(received.delays), Quantiles::of(received.first_bytes));
    let mut round = vec![
        (Figure::Delay50, microseconds(delays.p50)),
        (Figure::Delay99, microseconds(delays.p99)),
        (Figure::FirstByte, microseconds(first_bytes.p50)),
        (Figure::Foreign, used.foreign * 100.0),
    ];
    round.extend(cpu(&used, events)?);
    round.extend(memory(site));
    Ok(round)
}

fn idle(
    lab: &Lab,
    one: &Contestant,
    site: &Site,
    connections: usize,
    streams: usize,
) -> Result<Round, String> {
    let exchange = (one.exchange)(site.address)?;
    let (at_rest, connection) =
        growth(site, connections, || idle::connections(site.address, &exchange, connections))?;
    // Memory that is given back is used again: streams are held by a process that has held nothing yet.
    let site = one.start(lab)?;
    let request = Request::get(site.address, "/open/silent", "Accept: text/event-stream\r\n");
    let (_, stream) = growth(&site, streams, || idle::streams(site.address, &request, streams))?;
    Ok(vec![
        (Figure::AtRest, at_rest / 1e6),
        (Figure::PerConnection, connection / 1000.0),
        (Figure::PerStream, stream / 1000.0),
    ])
}

/// The memory of a target at rest, and for each of so many things that are held open.
fn growth<H>(
    site: &Site,
    count: usize,
    hold: impl FnOnce() -> Result<H, String>,
) -> Result<(f64, f64), String> {
    let tree = Tree::of(site.pid.ok_or("it has no process of its own")?);
    let before = tree.memory();
    let held = hold()?;
    let grown = tree.memory().saturating_sub(before);
    drop(held);
    Ok((before as f64, grown as f64 / count as f64))
}

fn start(lab: &Lab, one: &Contestant) -> Result<Round, String> {
    let begun = Instant::now();
    let site = one.start(lab)?;
    let started = begun.elapsed();
    let mut round = vec![(Figure::Start, milliseconds(started))];
    round.extend(one.target.check(&site)?.map(|checked| (Figure::Check, milliseconds(checked))));
    round.extend(memory(&site));
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

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
