//! What callers may do that were let in.

mod acl;
mod audit;
mod concurrency;
mod cors;
mod headers;
mod ip_filter;
mod levels;
mod lists;
mod messages;
mod rate_limit;
mod requests_of_servers;
mod size_limits;
mod tools;

use serde_json::{Value, json};

use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// A gateway before an upstream, with one API `a` at `/a/mcp`, and policies (YAML list items) for it.
fn start(upstream: &Upstream, policies: &str) -> Tollgate {
    Tollgate::start(&yaml(upstream, policies, ""))
}

/// The same with further keys of the whole file.
fn yaml(upstream: &Upstream, policies: &str, keys: &str) -> String {
    let url = upstream.url("/mcp");
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\n{keys}apis:\n  - {{ name: a, path: /a/mcp, \
         endpoints: [\"{url}\"], plans: [keyless], policies: [{policies}] }}\n"
    )
}

/// Answers whatever it is asked.
fn reached() -> Upstream {
    Upstream::start(|_| response("200 OK", &["Content-Type: application/json"], "\"reached\""))
}

fn message(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": "seven", "method": method, "params": params })
}

fn call(tool: &str) -> Value {
    message("tools/call", &json!({ "name": tool, "arguments": {} }))
}

fn post(gateway: &Tollgate, message: &Value) -> Response {
    gateway.connect().post_json("/a/mcp", &[], &message.to_string())
}
