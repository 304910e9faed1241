//! What the gateway puts up with from clients it knows nothing about: slow ones, silent ones, too many.

mod answers;
mod bodies;
mod caps;
mod early_replies;
mod heads;
mod http2;
mod misuse;
mod resources;

use crate::support::tollgate::Tollgate;

/// A gateway whose listener has these `limits`, with one API `a` at `/a/mcp`.
pub fn limited(limits: &str, endpoint: &str) -> Tollgate {
    Tollgate::start(&limited_yaml(limits, endpoint))
}

pub fn limited_yaml(limits: &str, endpoint: &str) -> String {
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", limits: {{ {limits} }} }}\n\
         admin: {{ address: \"127.0.0.1:0\" }}\napis:\n  \
         - {{ name: a, path: /a/mcp, endpoints: [\"{endpoint}\"], plans: [keyless] }}\n"
    )
}

pub const NOWHERE: &str = "http://127.0.0.1:9/mcp";

/// Waits for the line about connections refused for this reason; returns its count.
pub fn refused(gateway: &mut Tollgate, reason: &str) -> u64 {
    gateway.process.wait_for(0, reason, |line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let found = line["event"] == "connection_refused" && line["reason"] == reason;
        found.then(|| line["count"].as_u64())?
    })
}
