//! Tests of the `tollgate` program as its users run it: a process, a configuration file, real clients and servers.
#![allow(clippy::unwrap_used, clippy::panic)]

mod challenges;
mod config;
mod discovery;
mod docs;
mod flow;
mod freshness;
mod hosts;
mod keepalive;
mod keys;
mod metadata;
mod mount;
mod support;
mod wire;
