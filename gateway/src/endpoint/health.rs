//! Whether an endpoint is healthy, as far as asking it regularly tells. Requests say more and sooner (see
//! [`super::breaker`]); this tells about endpoints that get none.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use tollgate_protocol::url::HttpUrl;

use crate::fetch::{Fetched, Probe};

/// How an endpoint is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    pub protocol: Protocol,
    /// From the end of one check to the next, up to a tenth shorter or longer.
    pub interval: Duration,
    pub timeout: Duration,
    /// Failures in a row that make it unhealthy.
    pub unhealthy_threshold: u32,
    /// Successes in a row that make it healthy again.
    pub healthy_threshold: u32,
}

/// What is asked, and of which URL.
#[derive(Debug, Clone, PartialEq)]
pub enum Protocol {
    /// Whether it takes a connection.
    Tcp,
    /// A GET that is answered with a status of 200 to 399.
    Http(HttpUrl),
    /// A message without credentials, answered as an MCP server would.
    Mcp(HttpUrl),
}

/// What an answer says about the endpoint.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Well,
    /// There is an MCP server, but not for this message: one of another revision, perhaps, or a gateway before it whose
    /// upstream is gone.
    NotUnderstood,
    Unwell,
}

impl Protocol {
    /// What to ask first, and of which URL, where connecting is not enough.
    pub fn first(&self) -> Option<(&HttpUrl, Probe)> {
        match self {
            Protocol::Tcp => None,
            Protocol::Http(url) => Some((url, Probe::Get)),
            Protocol::Mcp(url) => Some((url, Probe::Ping)),
        }
    }
}

/// A GET is well with a status of 200 to 399. A message is well where a server asks for a token or answers; one that
/// knows no such method, or has no such session, says so in JSON: 404 in 2026-07-28, 400 before.
pub fn judge(probe: Probe, Fetched { status, headers, .. }: &Fetched) -> Verdict {
    let is_well = match (probe, status.as_u16()) {
        (Probe::Get, 200..400) => true,
        (Probe::Get, _) => false,
        (_, 400 | 404) if is_json(headers) => return Verdict::NotUnderstood,
        (_, 200..300) => is_json(headers) || is_stream(headers) || *status == StatusCode::ACCEPTED,
        (_, 401 | 403) => true,
        _ => false,
    };
    if is_well { Verdict::Well } else { Verdict::Unwell }
}

/// The other message that a server which did not understand this one may.
pub fn other(probe: Probe) -> Probe {
    if probe == Probe::Ping { Probe::Discover } else { Probe::Ping }
}

fn is_json(headers: &HeaderMap) -> bool {
    has_type(headers, "application/json")
}

fn is_stream(headers: &HeaderMap) -> bool {
    has_type(headers, "text/event-stream")
}

fn has_type(headers: &HeaderMap, name: &str) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with(name))
}

/// What the checks of one endpoint have shown. Healthy until they show otherwise, so that nothing waits for them.
#[derive(Debug, Default)]
pub struct Health {
    unhealthy: AtomicBool,
    /// Checks in a row that speak against its present state.
    against: AtomicU32,
    /// Whether a task asks it.
    pub is_watched: AtomicBool,
}

impl Health {
    pub fn is_healthy(&self) -> bool {
        !self.unhealthy.load(Ordering::Acquire)
    }

    /// The outcome of one check. Returns whether the endpoint has become healthy or unhealthy by it.
    pub fn learn(&self, passed: bool, check: &HealthCheck) -> bool {
        if passed == self.is_healthy() {
            self.against.store(0, Ordering::Relaxed);
            return false;
        }
        let threshold = if passed { check.healthy_threshold } else { check.unhealthy_threshold };
        let turned = self.against.fetch_add(1, Ordering::Relaxed) + 1 >= threshold;
        if turned {
            self.against.store(0, Ordering::Relaxed);
            self.unhealthy.store(!passed, Ordering::Release);
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> HealthCheck {
        HealthCheck {
            protocol: Protocol::Tcp,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(3),
            unhealthy_threshold: 3,
            healthy_threshold: 2,
        }
    }

    #[test]
    fn it_takes_several_checks_in_a_row_to_turn_either_way() {
        let (health, check) = (Health::default(), check());
        let learn = |passed| health.learn(passed, &check);
        assert!(!learn(false) && !learn(false) && !learn(true), "a success in between begins anew");
        assert!(!learn(false) && !learn(false) && learn(false) && !health.is_healthy());
        assert!(!learn(true) && !learn(false) && !learn(true) && !health.is_healthy());
        assert!(learn(true) && health.is_healthy());
    }

    #[test]
    fn an_mcp_server_is_known_by_how_it_answers_nobody() {
        let answered = |status: u16, content_type: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a value"));
            let status = StatusCode::from_u16(status).expect("a status");
            judge(Probe::Ping, &Fetched { status, headers, body: Default::default() })
        };
        let all = |verdict: Verdict, cases: &[(u16, &str)]| {
            assert!(cases.iter().all(|(status, kind)| answered(*status, kind) == verdict), "{verdict:?}");
        };
        all(Verdict::Well, &[(401, "text/plain"), (403, "text/plain"), (200, "text/event-stream")]);
        all(Verdict::Well, &[(200, "application/json; charset=utf-8"), (202, "text/plain")]);
        all(Verdict::NotUnderstood, &[(400, "application/json"), (404, "application/json")]);
        all(Verdict::Unwell, &[(200, "text/html"), (404, "text/html"), (400, "text/html")]);
        all(Verdict::Unwell, &[(500, "application/json"), (302, "text/html")]);
    }
}
