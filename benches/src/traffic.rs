//! The kinds of traffic there are, and one round of each.

mod events;
mod idle;
mod requests;
mod start;

use std::time::Duration;

use crate::contestant::Contestant;
use crate::figures::{Figure, Round};
use crate::lab::Lab;
use crate::parts::http2;
use crate::parts::load::Shape;
use crate::parts::load::pace::Pace;
use crate::parts::sampler::{Tree, Used};
use crate::targets::Site;

/// How a workload asks.
#[derive(Clone, Copy, Debug)]
pub enum Traffic {
    /// On connections that are kept.
    Requests { pace: Pace, connections: usize },
    /// All requests of the exchange, one after another, on connections that are kept.
    Sessions { connections: usize },
    /// Each on a connection of its own.
    Handshakes { connections: usize },
    /// Each request there is, once.
    Once { connections: usize },
    /// Over HTTP/2, on connections that are kept.
    Http2 { load: http2::Load, connections: usize },
    /// Ten events a second on each stream.
    Events { streams: usize },
    /// Nothing, on connections and streams that are open.
    Idle { connections: usize, streams: usize },
    /// None but the first request.
    Start,
}

impl Traffic {
    /// What one request or the like is called.
    pub fn unit(self) -> &'static str {
        match self {
            Traffic::Events { .. } => "event",
            Traffic::Sessions { .. } => "session",
            _ => "request",
        }
    }

    /// Whether each round starts a process of its own.
    pub fn starts_anew(self) -> bool {
        matches!(self, Traffic::Idle { .. } | Traffic::Start)
    }

    /// What takes long, however short a turn is, is not repeated as often.
    pub fn most_rounds(self) -> usize {
        match self {
            Traffic::Once { .. } => 7,
            _ if self.starts_anew() => 3,
            _ => usize::MAX,
        }
    }

    /// How long a turn is. At a rate there are few requests, and one in a thousand is looked for.
    fn length(self, turn: Duration) -> Duration {
        match self {
            Traffic::Requests { pace: Pace::Rate(_), .. }
            | Traffic::Http2 { load: http2::Load::Rate(_), .. } => turn * 2,
            _ => turn,
        }
    }

    /// Measures a target for one turn.
    ///
    /// # Errors
    /// When it has answered wrongly, or not at all.
    pub fn round(self, lab: &Lab, one: &Contestant, site: &Site, turn: Duration) -> Result<Round, String> {
        let length = self.length(turn);
        let ask = |pace, connections, fresh| {
            let shape = Shape { pace, connections, length, most: u64::MAX, fresh };
            requests::round(lab, one, site, shape)
        };
        match self {
            Traffic::Requests { pace, connections } => ask(pace, connections, false),
            Traffic::Sessions { connections } => ask(Pace::Saturated, connections, false),
            Traffic::Handshakes { connections } => ask(Pace::Saturated, connections, true),
            Traffic::Once { connections } => requests::once(lab, one, site, connections),
            Traffic::Http2 { load, connections } => {
                requests::http2(lab, site, http2::Shape { load, connections, length })
            }
            Traffic::Events { streams } => events::round(site, streams, length),
            Traffic::Idle { connections, streams } => idle::round(lab, one, site, connections, streams),
            Traffic::Start => start::round(lab, one),
        }
    }
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
