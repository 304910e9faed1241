//! Plans: how callers of an API prove who they are. Only `keyless` exists so far: it admits everyone and
//! leaves authorization to the upstream, which owns it in relay mode.

/// How callers of an API prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Everyone, without a credential of the gateway's.
    Keyless,
}

impl Plan {
    /// The name the access log shows.
    pub fn name(&self) -> &'static str {
        match self {
            Plan::Keyless => "keyless",
        }
    }
}
