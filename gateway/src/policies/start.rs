//! Policies are started, each with what the same one remembers in the configuration that runs.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_plugins::audit::{Sink, Target};
use tollgate_plugins::catalogue::Checked;
use tollgate_plugins::policy::{Memory, OnFailure, Policy, Services};

use crate::audit;

/// A policy that runs, with its name.
pub type Started = (Arc<str>, Arc<dyn Policy>);

/// What policies remember, by their place in the configuration.
pub type Memories = HashMap<String, Memory>;

/// Starts policies, each with what the same one remembers in the configuration that runs.
#[derive(Default)]
pub struct Starter<'r> {
    running: Option<&'r Memories>,
    /// What is done without the store of limits, where there is one.
    on_failure: Option<OnFailure>,
    pub memories: Memories,
}

impl<'r> Starter<'r> {
    pub fn after(running: Option<&'r Memories>, on_failure: Option<OnFailure>) -> Starter<'r> {
        Starter { running, on_failure, memories: Memories::new() }
    }

    /// Those of one list; `place` is whose it is.
    ///
    /// # Errors
    /// When one of them lacks what it needs outside of this process.
    pub fn start(&mut self, place: &str, checked: &[Checked]) -> Result<Vec<Started>, String> {
        let start = |policy: &Checked| {
            let place = format!("{place}/{}", policy.name);
            let before = self.running.and_then(|running| running.get(&place)).cloned();
            let start = Start { memory: before, place: &place, on_failure: self.on_failure };
            let started = policy.start(&start).map_err(|error| format!("policy {}: {error}", policy.name))?;
            self.memories.extend(started.memory().map(|memory| (place, memory)));
            Ok((policy.name.as_str().into(), started))
        };
        checked.iter().map(start).collect()
    }
}

/// What one policy starts with.
struct Start<'s> {
    memory: Option<Memory>,
    place: &'s str,
    on_failure: Option<OnFailure>,
}

impl Services for Start<'_> {
    fn memory(&self) -> Option<Memory> {
        self.memory.clone()
    }

    fn place(&self) -> &str {
        self.place
    }

    fn shared_limits(&self) -> Option<OnFailure> {
        self.on_failure
    }

    fn sink(&self, target: &Target) -> Result<Arc<dyn Sink>, String> {
        audit::sink(target)
    }
}
