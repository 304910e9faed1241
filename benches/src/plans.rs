//! What a plan or a policy costs the gateway's processor, as a ratio to a request that nothing is asked of:
//! `cargo run --release -p tollgate-benches --bin plans [PATH OF tollgate]`.
//!
//! It speaks HTTP to a running gateway and never links it. Rounds of each kind follow one another, each with as many
//! requests; what the gateway used of the processor meanwhile is read from the system. The figure is the median of the
//! ratios of neighbouring rounds, so that other work on the machine is in both.

mod gateway;
mod issuer;
mod load;
mod upstream;

use std::error::Error;

use gateway::Gateway;
use issuer::Issuer;
use upstream::Upstream;

const ROUNDS: usize = 9;
const REQUESTS: usize = 20_000;

/// A kind of request: what it is called, the API, and the fields it has.
type Kind = (&'static str, &'static str, String);

fn main() -> Result<(), Box<dyn Error>> {
    let binary = std::env::args().nth(1).unwrap_or_else(|| "target/release/tollgate".to_owned());
    let issuer = Issuer::new()?;
    let upstream = Upstream::start(&issuer)?;
    let gateway = Gateway::start(&binary, &upstream)?;
    let token = issuer.token(&upstream.url())?;
    let kinds: [Kind; 9] = [
        ("API key", "/keys", "x-api-key: benchmark\r\n".to_owned()),
        ("JWT, seen before", "/jwt", format!("Authorization: Bearer {token}\r\n")),
        ("opaque token, asked about before", "/opaque", "Authorization: Bearer opaque\r\n".to_owned()),
        ("JWT, seen before, with operations", "/operations", format!("Authorization: Bearer {token}\r\n")),
        ("`mcp_acl`", "/acl", String::new()),
        ("`mcp_acl` with a condition", "/condition", String::new()),
        ("`rate_limit` in memory", "/limit", String::new()),
        ("`concurrency`", "/concurrency", String::new()),
        ("`audit`", "/audit", String::new()),
    ];
    println!("| plan or policy | processor, µs a request | to keyless |\n|---|---|---|");
    for kind in &kinds {
        let (cost, ratio) = compare(&gateway, kind)?;
        println!("| {} | {cost:.1} | {ratio:.2} |", kind.0);
    }
    Ok(())
}

/// The processor's time for a request of this kind, and its ratio to that for a keyless one.
fn compare(gateway: &Gateway, (_, path, fields): &Kind) -> Result<(f64, f64), Box<dyn Error>> {
    // What is looked up once is not what is measured.
    load::run(gateway.address(), path, fields, 200)?;
    let (mut costs, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let keyless = cost(gateway, "/keyless", "")?;
        let own = cost(gateway, path, fields)?;
        costs.push(own);
        ratios.push(own / keyless);
    }
    Ok((median(&mut costs), median(&mut ratios)))
}

/// In microseconds.
fn cost(gateway: &Gateway, path: &str, fields: &str) -> Result<f64, Box<dyn Error>> {
    let before = gateway.processor_seconds()?;
    load::run(gateway.address(), path, fields, REQUESTS)?;
    Ok((gateway.processor_seconds()? - before) * 1e6 / REQUESTS as f64)
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
