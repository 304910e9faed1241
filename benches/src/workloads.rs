//! The workloads, in the order they are run. A new one is a few lines of data, and says who takes part.

mod life;
mod plans;
mod policies;
mod relay;

use crate::contestant::Contestant;
use crate::lab::Lab;
use crate::parts::http2::Load;
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
const LARGE: Traffic = Traffic::Requests { pace: Pace::Saturated, connections: 4 };
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
    Workload {
        id: "W4",
        what: "events relayed on 200 streams, 10 a second on each",
        traffic: Traffic::Events { streams: 200 },
        quick: true,
        base: "floor",
        contestants: relay::events,
    },
    Workload {
        id: "W5",
        what: "the call with a JWT that was seen before",
        traffic: SATURATED,
        quick: true,
        base: "tollgate, W1s",
        contestants: plans::seen,
    },
    Workload {
        id: "W5c",
        what: "the call with a JWT that was never seen before",
        traffic: Traffic::Once { connections: 8 },
        quick: false,
        base: "tollgate, W1s",
        contestants: plans::new,
    },
    Workload {
        id: "W6",
        what: "the call over TLS 1.3 and HTTP/1.1, on connections that are kept",
        traffic: SATURATED,
        quick: false,
        base: "floor",
        contestants: relay::tls,
    },
    Workload {
        id: "W6h2",
        what: "the call over TLS 1.3 and HTTP/2, 16 at a time on each of 2 connections",
        traffic: Traffic::Http2 { load: Load::Streams(16), connections: 2 },
        quick: false,
        base: "floor",
        contestants: relay::tls,
    },
    Workload {
        id: "W6r",
        what: "the call over TLS 1.3 and HTTP/1.1, 2,000 a second",
        traffic: RATE,
        quick: false,
        base: "floor",
        contestants: relay::tls,
    },
    Workload {
        id: "W6h2r",
        what: "the call over TLS 1.3 and HTTP/2, 2,000 a second on 2 connections",
        traffic: Traffic::Http2 { load: Load::Rate(2000), connections: 2 },
        quick: false,
        base: "floor",
        contestants: relay::tls,
    },
    Workload {
        id: "W6n",
        what: "the call over TLS 1.3 and HTTP/1.1, each with a handshake",
        traffic: Traffic::Handshakes { connections: 8 },
        quick: false,
        base: "floor",
        contestants: relay::tls,
    },
    Workload {
        id: "W7",
        what: "the call with an API key, with a token that was asked about, or within a rate limit",
        traffic: SATURATED,
        quick: true,
        base: "tollgate, W1s",
        contestants: plans::keys_and_limits,
    },
    Workload {
        id: "W8",
        what: "9,000 connections and 2,000 streams on which nothing happens",
        traffic: Traffic::Idle { connections: 9000, streams: 2000 },
        quick: false,
        base: "floor",
        contestants: relay::idle,
    },
    Workload {
        id: "W9",
        what: "the call by one of 1, 1,000 or 10,000 APIs",
        traffic: SATURATED,
        quick: false,
        base: "tollgate, 1 API",
        contestants: life::many,
    },
    Workload {
        id: "W9t",
        what: "the start with 1, 1,000 or 10,000 APIs",
        traffic: Traffic::Start,
        quick: false,
        base: "tollgate, 1 API",
        contestants: life::many,
    },
    Workload {
        id: "W10d",
        what: "10 MB from the server",
        traffic: LARGE,
        quick: false,
        base: "floor",
        contestants: relay::download,
    },
    Workload {
        id: "W10u",
        what: "10 MB to the server",
        traffic: LARGE,
        quick: false,
        base: "floor",
        contestants: relay::upload,
    },
    Workload {
        id: "W11",
        what: "the call under a policy, or with `messages.observe`; a list that loses what the caller may not use",
        traffic: SATURATED,
        quick: true,
        base: "tollgate, W1s",
        contestants: policies::policies,
    },
    Workload {
        id: "W12",
        what: "a whole session: initialize, initialized, tools/list, tools/call, DELETE; all figures are of sessions, not of \
               their 5 requests",
        traffic: Traffic::Sessions { connections: 32 },
        quick: false,
        base: "floor",
        contestants: life::session,
    },
    Workload {
        id: "W13",
        what: "W1, the configuration read anew five times a second",
        traffic: RATE,
        quick: false,
        base: "tollgate",
        contestants: life::reload,
    },
    Workload {
        id: "W14",
        what: "requests that are refused: a path in two spellings, a foreign host, a foreign page, a token in the URL",
        traffic: SATURATED,
        quick: false,
        base: "tollgate, W1s",
        contestants: life::hostile,
    },
];
