//! Whether an endpoint is healthy, as far as asking it regularly tells. Requests say more and sooner (see
//! [`super::breaker`]); this tells about endpoints that get none.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use tollgate_protocol::url::HttpUrl;

use crate::fetch::{FetchError, Fetched, Probe};

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
    /// A `ping` without credentials, answered as an MCP server would.
    Mcp(HttpUrl),
}

impl Protocol {
    /// The request to send, where connecting is not enough.
    pub fn request(&self) -> Option<(&HttpUrl, Probe)> {
        match self {
            Protocol::Tcp => None,
            Protocol::Http(url) => Some((url, Probe::Get)),
            Protocol::Mcp(url) => Some((url, Probe::Ping)),
        }
    }

    /// What is wrong with an answer.
    ///
    /// # Errors
    /// The reason, for the log.
    pub fn judge(&self, answer: Result<Fetched, FetchError>) -> Result<(), String> {
        let Fetched { status, headers, .. } = answer.map_err(|error| error.to_string())?;
        let is_well = match self {
            Protocol::Tcp => true,
            Protocol::Http(_) => (200..400).contains(&status.as_u16()),
            Protocol::Mcp(_) => is_an_mcp_servers(status, &headers),
        };
        if is_well { Ok(()) } else { Err(format!("it answered with the status {}", status.as_u16())) }
    }
}

/// A server asks for a token, or says in JSON-RPC what it thinks of a `ping` outside a session. A 404 that is a JSON-RPC
/// error is how 2026-07-28 says that there is no such method.
fn is_an_mcp_servers(status: StatusCode, headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|value| value.starts_with("application/json"));
    let is_stream = content_type.is_some_and(|value| value.starts_with("text/event-stream"));
    match status.as_u16() {
        200..300 => is_json || is_stream || status == StatusCode::ACCEPTED,
        401 | 403 => true,
        400 | 404 => is_json,
        _ => false,
    }
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
    fn an_mcp_server_is_known_by_how_it_answers_a_ping_of_nobody() {
        let answered = |status: u16, content_type: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a value"));
            is_an_mcp_servers(StatusCode::from_u16(status).expect("a status"), &headers)
        };
        assert!(answered(401, "text/plain") && answered(403, "text/plain"));
        assert!(answered(200, "application/json; charset=utf-8") && answered(200, "text/event-stream"));
        assert!(answered(400, "application/json") && answered(404, "application/json"));
        assert!(!answered(200, "text/html") && !answered(404, "text/html") && !answered(400, "text/html"));
        assert!(!answered(500, "application/json") && !answered(302, "text/html"));
    }
}
