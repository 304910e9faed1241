//! Plans: how callers of an API prove who they are. Only `keyless` exists so far: it admits everyone and
//! leaves authorization to the upstream, which owns it in relay mode.

/// A keyless plan: everyone, without a credential of the gateway's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What the access log calls it.
    pub name: String,
}
