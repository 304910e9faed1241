//! Several endpoints of one API: which of them a request goes to, and what happens when one fails.

mod balance;
mod capacity;
mod dns;
mod failover;
mod health;
mod outliers;
mod pool;
mod sealed;
mod sessions;
mod timeouts;
mod tls;

use serde_json::Value;

use crate::support::nobody;
use crate::support::tollgate::{Tollgate, config};
use crate::support::upstream::{Upstream, response};

/// A configuration with one API `a` at `/a/mcp`, these endpoints and further keys.
fn fleet(endpoints: &[String], keys: &str) -> String {
    config(&format!(
        "  - {{ name: a, path: /a/mcp, endpoints: [{}], plans: [keyless]{}{keys} }}\n",
        endpoints.join(", "),
        if keys.is_empty() { "" } else { ", " }
    ))
}

/// One endpoint with further keys.
fn endpoint(upstream: &Upstream, keys: &str) -> String {
    format!("{{ url: \"{}\"{}{keys} }}", upstream.url("/mcp"), if keys.is_empty() { "" } else { ", " })
}

/// Answers everything with its name.
fn named(name: &'static str) -> Upstream {
    Upstream::start(move |_| response("200 OK", &[], name))
}

/// The endpoint that answered a message, by its name, or the reason there was none.
fn asked(gateway: &Tollgate) -> String {
    let answer = gateway.connect().post_json("/a/mcp", &[], "{}");
    if answer.status == 200 { answer.text().to_string() } else { answer.reason() }
}

/// The first line of an event, from a line of the log on.
fn event(gateway: &mut Tollgate, from: usize, name: &str) -> Value {
    gateway.process.wait_for(from, name, |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["event"] == name).then_some(line)
    })
}
