//! The workloads, in the order they are run. A new one is a few lines of data, and says who takes part.

mod relay;

use crate::contestant::Contestant;
use crate::lab::Lab;
use crate::parts::load::pace::Pace;
use crate::traffic::Traffic;

pub struct Workload {
    pub id: &'static str,
    pub what: &'static str,
    pub traffic: Traffic,
    /// Whether it is part of a quick run.
    pub quick: bool,
    /// The row that ratios are to.
    pub base: &'static str,
    /// Who takes part, or why it cannot be measured here.
    pub contestants: fn(&Lab) -> Result<Vec<Contestant<'_>>, String>,
}

const RATE: Traffic = Traffic::Requests { pace: Pace::Rate(2000), connections: 32 };
const SATURATED: Traffic = Traffic::Requests { pace: Pace::Saturated, connections: 32 };

pub const ALL: &[Workload] = &[
    Workload {
        id: "W1",
        what: "`tools/call` relayed with its token, 1 KB there and 2 KB back, 2,000 a second",
        traffic: RATE,
        quick: true,
        base: "floor",
        contestants: relay::call,
    },
    Workload {
        id: "W1s",
        what: "the same, as fast as 32 connections go",
        traffic: SATURATED,
        quick: true,
        base: "floor",
        contestants: relay::call,
    },
    Workload {
        id: "W2",
        what: "a call without a token: 401, and the gateway rewrites the challenge",
        traffic: SATURATED,
        quick: true,
        base: "floor",
        contestants: relay::challenge,
    },
    Workload {
        id: "W3",
        what: "metadata of the protected resource; the gateway has it checked and kept, the others relay it",
        traffic: SATURATED,
        quick: true,
        base: "floor",
        contestants: relay::metadata,
    },
];
