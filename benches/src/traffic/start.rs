//! How long a target takes until it answers, and to check its configuration.

use std::time::{Duration, Instant};

use super::memory;
use crate::contestant::Contestant;
use crate::figures::{Figure, Round};
use crate::lab::Lab;

pub fn round(lab: &Lab, one: &Contestant) -> Result<Round, String> {
    let begun = Instant::now();
    let site = one.start(lab)?;
    let started = begun.elapsed();
    let mut round = vec![(Figure::Start, milliseconds(started))];
    round.extend(one.target.check(&site)?.map(|checked| (Figure::Check, milliseconds(checked))));
    round.extend(memory(&site));
    Ok(round)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
