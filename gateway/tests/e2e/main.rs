//! Tests of the `tollgate` program as its users run it: a process, a configuration file, real clients and servers.
#![allow(clippy::unwrap_used, clippy::panic)]

mod browser;
mod challenges;
mod config;
mod discovery;
mod docs;
mod endpoints;
mod failures;
mod flow;
mod forwarding;
mod freshness;
mod guard;
mod hosts;
mod keepalive;
mod keys;
mod lifecycle;
mod logs;
mod metadata;
mod mount;
mod proxy_protocol;
mod reload;
mod streams;
mod support;
mod tls;
mod to_https;
mod wire;
