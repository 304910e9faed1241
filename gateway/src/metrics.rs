//! What is counted, for Prometheus. `docs/metrics.md` is the list.
//!
//! What belongs to the process as a whole is counted in [`process`], what belongs to a listener, an API or an
//! endpoint in [`counts`], which the snapshot of the configuration holds: a request counts without looking a
//! name up, and what a reload has removed is no longer shown. What can be looked at is not counted:
//! [`present`] looks when it is asked.
//!
//! A label's value is a name of the configuration or a word of this source code, never anything a client has sent;
//! [`labels`] makes the few words of methods and statuses. Of what an upstream has sent there are the names of
//! [tools](crate::tools) it lists: plain, and not more than so many.

pub mod counts;
mod families;
pub mod labels;
mod present;
pub mod process;

use std::fmt;
use std::sync::Arc;

use once_cell::sync::Lazy;
use pingora_proxy::Session;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;

use self::counts::{Outcome, RequestCounts};
use self::labels::Code;
pub use self::process::PROCESS;
use crate::context::Context;
use crate::edge::Edge;
use crate::listener::refused::REFUSED;
use crate::reason;

/// What the names of all families begin with.
const PREFIX: &str = "tollgate";

/// The format of [`exposition`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Requests that were for no API.
static UNROUTED: Lazy<RequestCounts> = Lazy::new(RequestCounts::default);

/// Everything as of now, as OpenMetrics text.
///
/// # Errors
/// Never, as far as is known: the text is written to memory.
pub fn exposition(edge: &Arc<Edge>) -> Result<String, fmt::Error> {
    // Its tallies are shown before the first connection is refused.
    Lazy::force(&REFUSED);
    let mut present = Registry::with_prefix(PREFIX);
    present.register_collector(Box::new(present::Present::of(edge.clone())));
    let mut text = String::new();
    encode_registry(&mut text, &PROCESS.registry)?;
    encode_registry(&mut text, &present)?;
    encode_eof(&mut text)?;
    Ok(text)
}

/// Counts a request that has ended.
pub fn record(session: &Session, context: &Context, listener: usize) {
    let counts = context.route.as_ref().map_or(&*UNROUTED, |route| &*route.api.counts.requests);
    let status = session.response_written().map_or(0, |response| response.status.as_u16());
    let method = labels::method(&session.req_header().method);
    let plan = context.plan().map(|plan| plan.name.clone());
    counts.outcomes.count(Outcome { listener, plan, method, code: Code::of(status) });
    counts.duration.observe(context.started.elapsed().as_secs_f64());
    counts.request_bytes.inc_by(u64::try_from(session.body_bytes_read()).unwrap_or(u64::MAX));
    counts.response_bytes.inc_by(u64::try_from(session.body_bytes_sent()).unwrap_or(u64::MAX));
    if let Some(call) = &context.call {
        let outcome = if context.is_held_up { "refused" } else { "passed" };
        counts.messages.count((labels::rpc_method(&call.method), outcome));
        if let (Some(route), "tools/call", Some(name)) = (&context.route, &*call.method, &call.name) {
            route.api.tools.count(name, context.is_held_up);
        }
    }
    if let Some(reason) = context.reason {
        PROCESS.rejected.count(reason);
        if reason == reason::UPSTREAM_OVERLOADED.slug {
            counts.overloaded.inc();
        }
    }
    if let Some(endpoint) = context.endpoint_counts() {
        endpoint.requests.count(Code::of(context.upstream_status.unwrap_or(0)));
    }
}
