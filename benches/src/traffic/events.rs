//! Event streams, and what their events are late by.

use std::time::Duration;

use super::{cpu, memory, microseconds};
use crate::figures::quantile::Quantiles;
use crate::figures::{Figure, Round};
use crate::parts::events;
use crate::parts::load::connection::Plain;
use crate::parts::load::exchange::Request;
use crate::parts::sampler::Reading;
use crate::targets::Site;

pub fn round(site: &Site, streams: usize, length: Duration) -> Result<Round, String> {
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
