//! Tests of the `tollgate` program as its users run it: a process, a configuration file, real clients and servers.
#![allow(clippy::unwrap_used, clippy::panic)]

mod config;
mod docs;
mod flow;
mod hosts;
mod keepalive;
mod keys;
mod mount;
mod support;
mod wire;
