//! What the gateway counts: each family moves when what it is about really happens, and nothing a client or
//! an upstream sends becomes part of it.

mod bounds;
mod exposition;
mod process;
mod requests;
mod upstreams;

use std::io::Write;

use crate::support::nobody;
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Gate, Upstream, pass, response};

/// A gateway whose API `a` at `/a/mcp` has these endpoints (YAML list items) and further keys.
fn fleet(endpoints: &[String], keys: &str) -> Tollgate {
    let comma = if keys.is_empty() { "" } else { ", " };
    let endpoints = endpoints.join(", ");
    started(&format!(
        "  - {{ name: a, path: /a/mcp, endpoints: [{endpoints}], plans: [keyless]{comma}{keys} }}\n"
    ))
}

fn started(apis: &str) -> Tollgate {
    Tollgate::start(&config(apis))
}

const MAIN: &str = "name: main, address: \"127.0.0.1:0\"";

/// A configuration with these listeners (keys of each), an admin listener and these APIs (YAML list items).
fn configured(listeners: &[&str], apis: &str) -> String {
    let listeners: String = listeners.iter().map(|keys| format!("  - {{ {keys} }}\n")).collect();
    format!("listeners:\n{listeners}admin: {{ address: \"127.0.0.1:0\" }}\napis:\n{apis}\n")
}

fn alone(upstream: &Upstream) -> Tollgate {
    started(&api("a", "/a/mcp", &upstream.url("/mcp")))
}

/// Answers each request once the gate is opened for it.
fn gated() -> (Gate, Upstream) {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::with_stream(move |_, stream| {
        pass(&gated) && stream.write_all(&response("200 OK", &[], "held")).is_ok()
    });
    (gate, upstream)
}

fn ok() -> Upstream {
    Upstream::start(|_| response("200 OK", &[], "ok"))
}
