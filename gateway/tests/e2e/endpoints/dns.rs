//! Names of endpoints: looked up beside the requests, again when their time is over, and never forgotten.

mod addresses;
mod failures;
mod freshness;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Instant;

use super::asked;
use crate::support::PATIENCE;
use crate::support::nameserver::Nameserver;
use crate::support::tollgate::{Tollgate, api_with, config};
use crate::support::upstream::{Upstream, response};

/// APIs without sessions, each at `/NAME/mcp` with an endpoint at this URL, with names from this server and further keys of `dns`.
fn with_names(from: &Nameserver, keys: &str, apis: &[(&str, String)]) -> String {
    let apis: String = apis
        .iter()
        .map(|(name, url)| api_with(name, &format!("/{name}/mcp"), url, "balance: round_robin"))
        .collect();
    let separator = if keys.is_empty() { "" } else { ", " };
    format!("dns: {{ servers: [\"{}\"]{separator}{keys} }}\n{}", from.address, config(&apis))
}

/// The URL of a name at a port.
fn url(name: &str, port: u16) -> String {
    format!("http://{name}:{port}/mcp")
}

/// Listeners at these addresses, all on the same port.
fn neighbours(ips: &[&str]) -> Vec<TcpListener> {
    let bind_all = || -> Option<Vec<TcpListener>> {
        let mut port = 0;
        let bind = |ip: &&str| {
            let ip: IpAddr = ip.parse().expect("an address");
            let listener = TcpListener::bind(SocketAddr::new(ip, port)).ok()?;
            port = listener.local_addr().ok()?.port();
            Some(listener)
        };
        ips.iter().map(bind).collect()
    };
    (0..64).find_map(|_| bind_all()).expect("a port that is free at all addresses")
}

/// An upstream at each of these addresses, on the same port, that answers with its address.
fn hosts<const N: usize>(ips: [&'static str; N]) -> ([Upstream; N], u16) {
    let mut listeners = neighbours(&ips).into_iter();
    let upstreams = ips.map(|ip| {
        let listener = listeners.next().expect("one for each");
        Upstream::start_on(listener, move |_| response("200 OK", &[], ip))
    });
    let port = upstreams[0].address.port();
    (upstreams, port)
}

/// Asks until the answer is this; every other answer must be one of `before`.
fn becomes(gateway: &Tollgate, answer: &str, before: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match asked(gateway) {
            is if is == answer => return,
            is => assert!(before.contains(&is.as_str()), "{is}"),
        }
        assert!(Instant::now() < deadline, "no answer is {answer}");
    }
}
