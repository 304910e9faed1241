//! Which endpoint minted which MCP session: learnt from the answer that brought a session's id, so that later
//! requests of the session follow it.
//!
//! The table is bounded in number and in time. A session it has forgotten is answered 404, at which a client begins a
//! new one (MCP 2025-11-25, Session Management).

use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

/// An id is visible ASCII without a limit of its own; a longer one is neither remembered nor sealed.
pub const ID_BYTES_MAX: usize = 1024;

/// How much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// At the same time; beyond it, those whose last request is longest ago are forgotten.
    pub max: u32,
    /// Since the session's last request.
    pub idle_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { max: 100_000, idle_timeout: Duration::from_secs(24 * 3600) }
    }
}

/// The sessions of one API.
pub struct Sessions {
    pub bounds: Bounds,
    /// By id, the URL of the endpoint. Ids are as good as credentials: they are never logged.
    by_id: Cache<String, Arc<str>>,
}

impl Sessions {
    pub fn new(bounds: Bounds) -> Sessions {
        // By default a full cache would rather turn away a newcomer.
        let by_id = Cache::builder()
            .max_capacity(bounds.max.into())
            .time_to_idle(bounds.idle_timeout)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Sessions { bounds, by_id }
    }

    /// The URL of the endpoint that minted a session.
    pub fn endpoint_of(&self, id: &str) -> Option<Arc<str>> {
        self.by_id.get(id)
    }

    pub fn learn(&self, id: &str, endpoint: &Arc<str>) {
        if id.len() <= ID_BYTES_MAX && !self.by_id.contains_key(id) {
            self.by_id.insert(id.to_string(), endpoint.clone());
        }
    }

    /// How many are remembered.
    pub fn count(&self) -> u64 {
        self.by_id.run_pending_tasks();
        self.by_id.entry_count()
    }

    pub fn forget(&self, id: &str) {
        self.by_id.invalidate(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_from_when_it_was_learnt_until_it_is_forgotten() {
        let sessions = Sessions::new(Bounds::default());
        let endpoint: Arc<str> = "http://up.example/".into();
        assert_eq!(sessions.endpoint_of("s"), None);
        sessions.learn("s", &endpoint);
        assert_eq!(sessions.endpoint_of("s"), Some(endpoint.clone()));
        sessions.forget("s");
        assert_eq!(sessions.endpoint_of("s"), None);
        sessions.learn(&"s".repeat(ID_BYTES_MAX + 1), &endpoint);
        assert_eq!(sessions.endpoint_of(&"s".repeat(ID_BYTES_MAX + 1)), None);
    }

    #[test]
    fn only_so_many_sessions_are_remembered() {
        let sessions = Sessions::new(Bounds { max: 10, ..Bounds::default() });
        for id in 0..1000 {
            sessions.learn(&id.to_string(), &"http://up.example/".into());
        }
        sessions.by_id.run_pending_tasks();
        assert!(sessions.by_id.entry_count() <= 10);
    }
}
