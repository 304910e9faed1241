//! What a token must have for some of the operations of an API, besides what it must have for all of them.

use std::borrow::Cow;

use tollgate_plugins::pattern::Pattern;
use tollgate_protocol::envelope::{Message, Target};

/// Operations, and the scopes they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Of JSON-RPC, exactly.
    pub method: String,
    /// Absent: whatever the method acts on.
    pub name: Option<Pattern>,
    /// At least one.
    pub scopes: Vec<String>,
}

impl Operation {
    /// Whether a message is one.
    pub fn is(&self, message: &Message<'_>) -> bool {
        if message.method() != Some(self.method.as_str()) {
            return false;
        }
        match (&self.name, target(message)) {
            (None, _) => true,
            (Some(pattern), Some(name)) => pattern.fits(name),
            // What it acts on has no name here, so it may be any.
            (Some(_), None) => true,
        }
    }
}

fn target<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    match &message.target {
        Target::None => None,
        Target::Tool(name)
        | Target::Prompt(name)
        | Target::Resource(name)
        | Target::Template(name)
        | Target::Task(name) => Some(Cow::as_ref(name)),
    }
}
