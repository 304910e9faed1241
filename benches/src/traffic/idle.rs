//! The memory of connections and streams on which nothing happens.

use crate::contestant::Contestant;
use crate::figures::{Figure, Round};
use crate::lab::Lab;
use crate::parts::idle;
use crate::parts::load::exchange::Request;
use crate::parts::sampler::Tree;
use crate::targets::Site;

pub fn round(
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
