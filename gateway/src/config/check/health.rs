//! How endpoints are asked whether they are well.

use tollgate_protocol::url::HttpUrl;

use super::{Findings, values};
use crate::config::document::{HealthCheck as Written, HealthCheckProtocol};
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;
use crate::endpoint::health::{HealthCheck, Protocol};
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(3);
const UNHEALTHY_THRESHOLD: u32 = 3;
const HEALTHY_THRESHOLD: u32 = 2;

/// What was written once for all endpoints; the URL to ask is each one's own.
pub struct Checked {
    protocol: HealthCheckProtocol,
    path: Option<String>,
    interval: Duration,
    timeout: Duration,
    unhealthy_threshold: u32,
    healthy_threshold: u32,
}

pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> Checked {
    refuse_wrong_path(written, path, findings);
    let asked = written.path.as_ref().filter(|_| written.protocol != HealthCheckProtocol::Tcp);
    let asked = asked.and_then(|asked| findings.take(path.key("path"), values::path(asked.as_str())));
    let mut threshold = |written: Option<u32>, key, default| {
        if written == Some(0) {
            let problem = Problem::error(path.key(key), "no check would ever count");
            findings.add(problem.help("write at least `1`"));
        }
        written.unwrap_or(default)
    };
    let unhealthy_threshold =
        threshold(written.unhealthy_threshold, "unhealthy_threshold", UNHEALTHY_THRESHOLD);
    let healthy_threshold = threshold(written.healthy_threshold, "healthy_threshold", HEALTHY_THRESHOLD);
    Checked {
        protocol: written.protocol,
        path: asked,
        interval: findings.positive(written.interval.as_ref(), path.key("interval")).unwrap_or(INTERVAL),
        timeout: findings.positive(written.timeout.as_ref(), path.key("timeout")).unwrap_or(TIMEOUT),
        unhealthy_threshold,
        healthy_threshold,
    }
}

fn refuse_wrong_path(written: &Written, path: &KeyPath, findings: &mut Findings) {
    match (written.protocol, &written.path) {
        (HealthCheckProtocol::Http, None) => {
            let problem = Problem::error(path.key("protocol"), "an HTTP check asks for a path");
            findings.add(problem.help("add `path`, such as `path: /healthz`"));
        }
        (HealthCheckProtocol::Tcp, Some(_)) => {
            let problem = Problem::error(path.key("path"), "a TCP check only connects and asks for no path");
            findings.add(problem.help("remove it, or write `protocol: http`"));
        }
        _ => {}
    }
}

impl Checked {
    /// The check of one endpoint.
    pub fn of(&self, endpoint: &HttpUrl) -> HealthCheck {
        let url = match &self.path {
            Some(path) => HttpUrl::parse(&format!("{}{path}", endpoint.origin())).ok(),
            None => None,
        };
        let url = url.unwrap_or_else(|| endpoint.clone());
        HealthCheck {
            protocol: match self.protocol {
                HealthCheckProtocol::Tcp => Protocol::Tcp,
                HealthCheckProtocol::Http => Protocol::Http(url),
                HealthCheckProtocol::Mcp => Protocol::Mcp(url),
            },
            interval: self.interval,
            timeout: self.timeout,
            unhealthy_threshold: self.unhealthy_threshold,
            healthy_threshold: self.healthy_threshold,
        }
    }
}
