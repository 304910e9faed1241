//! Tollgate: an edge gateway that exposes secured MCP servers through one public URL.
//!
//! # The life of a request
//!
//! 1. [`listener`]: a connection is accepted and handed to Pingora, which parses the head.
//! 2. [`proxy`]: `impl ProxyHttp`, one hook after the other; the steps below are called from there by name.
//! 3. [`canonical`] and [`minted`]: the head is checked and read in its one normal form, or refused.
//! 4. [`to_https`], [`origin`] and [`cors`]: the `Host` selects a public origin of a closed set, to redirect to where
//!    that is all the listener does; a web page's origin is checked.
//! 5. [`request`]: metadata, preflight, or the API that [`route`] finds; its [`plan`]s [`admit`] the caller.
//! 6. [`allow`]: what the caller may do, as the [`policies`] of the plan say by the head and by the [`message`].
//! 7. [`hop`] and [`affinity`]: the [`endpoint`] it goes to, an address of that, a pooled connection;
//!    [`upstream_head`] makes its request head.
//! 8. [`protect`] where the gateway answers for who may call, else [`relay`]: challenges, redirects and legacy event
//!    streams are rewritten; everything else streams through. Where something is hidden from the caller, [`lists`] lose it.
//! 9. [`failure`] and [`respond`]: what the gateway answers itself, each with a slug of [`reason`].
//! 10. [`access_log`] and [`audit`]: one line for the request, and a record for each call where that is wanted.
//! 11. [`metrics`]: it is counted.
//!
//! A request sees one [`gateway::Gateway`] from first to last byte. [`config`] reads and checks the file and
//! builds the next one; [`reload`] swaps it; [`server`] is the process around all this, [`control`] what runs
//! beside the requests, [`admin`] what orchestrators ask. [`token`] verifies access tokens.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod access_log;
pub mod admin;
pub mod admit;
pub mod affinity;
pub mod allow;
pub mod answer_head;
pub mod answer_limits;
pub mod audit;
pub mod buffers;
pub mod canonical;
pub mod cli;
pub mod config;
pub mod context;
pub mod control;
pub mod cors;
pub mod edge;
pub mod endpoint;
pub mod failure;
pub mod fetch;
pub mod gateway;
pub mod handover;
pub mod hop;
pub mod in_flight;
pub mod limits;
pub mod line_writer;
pub mod listener;
pub mod lists;
pub mod log_output;
pub mod logging;
pub mod message;
pub mod metrics;
pub mod minted;
pub mod oauth;
pub mod origin;
pub mod plan;
pub mod policies;
pub mod protect;
pub mod proxy;
pub mod rate;
pub mod reason;
pub mod relay;
pub mod reload;
pub mod request;
pub mod respond;
pub mod route;
pub mod server;
pub mod to_https;
mod together;
pub mod token;
pub mod tools;
mod upstream_head;
pub mod watch;
