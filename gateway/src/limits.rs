//! A store in which several gateways count together what policies limit.
//!
//! A request waits for it no longer than its timeout, and not at all while it is known to be down: then the policy decides,
//! by what the operator has said ([`OnFailure`]). It is connected to beside the requests.

mod keeper;
mod link;
mod patience;
mod redis;
mod script;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tollgate_plugins::limiter::Taken;
use tollgate_plugins::policy::{Charge, OnFailure};

pub use self::redis::Redis;
use crate::config::{CertificateAuthorities, Secret};

/// Where it is counted.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Charges all windows or none, as `Windows::judge` says. `None` without an answer in time, or with one that is no
    /// count: it may have been charged all the same.
    async fn take(&self, charge: &Charge) -> Option<Taken>;
}

/// How the store is reached, and what is done without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// A name or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    pub tls: Option<Tls>,
    /// The number of its database.
    pub database: u32,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// For each request.
    pub timeout: Duration,
    pub on_failure: OnFailure,
}

/// TLS to the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// Absent: the authorities of the platform.
    pub ca: Option<CertificateAuthorities>,
}

impl Settings {
    pub const TIMEOUT: Duration = Duration::from_millis(5);
}

/// As it is called in logs.
impl fmt::Display for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(out, "[{}]:{}", self.host, self.port),
            false => write!(out, "{}:{}", self.host, self.port),
        }
    }
}
