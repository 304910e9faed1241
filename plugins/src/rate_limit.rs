//! `rate_limit`: how much a caller may ask for within a time.
//!
//! What is counted together has the same [key](key::Key); what a request lacks of it, its client's address stands for. All
//! windows of a limit are charged or none. A request that later policies refuse, or a batch whose next message is refused,
//! has been counted.
//!
//! Where gateways share a store that decides; without its answer in time it is [`OnFailure`](crate::policy::OnFailure) that does.

mod check;
mod fields;
mod key;
mod running;
mod settings;

#[cfg(test)]
mod checks;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use tollgate_protocol::envelope::{Message, Target};

pub use self::check::check;
use self::key::Part;
pub use self::running::Running;
pub use self::settings::{Count, Settings};
use crate::limiter::Windows;
use crate::pattern::Pattern;
use crate::policy::Services;

/// A limit that can be started.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimit {
    by: Vec<Part>,
    count: Count,
    /// The first that fits says what a call costs.
    weights: Vec<(Pattern, u64)>,
    windows: Windows,
    max_keys: NonZeroUsize,
    /// Whether clients are told how they stand.
    headers: bool,
}

impl RateLimit {
    pub fn start(&self, services: &dyn Services) -> Running {
        Running::new(self, services)
    }

    /// Whether what is counted only shows in messages.
    fn reads_messages(&self) -> bool {
        self.count == Count::ToolCalls || self.by.iter().any(Part::is_in_messages)
    }

    fn cost(&self, message: &Message<'_>) -> u64 {
        match self.count {
            Count::Requests => 1,
            Count::ToolCalls if message.method() != Some("tools/call") => 0,
            Count::ToolCalls => {
                let name = if let Target::Tool(name) = &message.target { name.as_ref() } else { "" };
                let weight = self.weights.iter().find(|(pattern, _)| pattern.fits(name));
                weight.map_or(1, |(_, weight)| *weight)
            }
        }
    }
}
