//! The parts end-to-end tests are made of: the real `tollgate` process, real Node programs, a raw HTTP/1.1
//! client, and upstreams that speak raw bytes for what no real server will do.

pub mod authorization;
pub mod blackhole;
pub mod certificates;
pub mod http;
pub mod nameserver;
pub mod nobody;
pub mod node;
pub mod openmetrics;
pub mod process;
pub mod publisher;
pub mod redis;
pub mod report;
pub mod secured;
pub mod slow;
pub mod tollgate;
pub mod upstream;

use std::time::Duration;

/// How long anything awaited may take before the test says what did not happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
