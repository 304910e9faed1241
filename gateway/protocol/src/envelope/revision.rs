//! The revisions of the protocol, and what differs between them for a reader of bodies.

use std::fmt;

/// A revision this gateway knows, from the oldest to the newest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Revision {
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
}

impl Revision {
    pub const ALL: [Revision; 5] = [
        Revision::V2024_11_05,
        Revision::V2025_03_26,
        Revision::V2025_06_18,
        Revision::V2025_11_25,
        Revision::V2026_07_28,
    ];

    /// What a request without `MCP-Protocol-Version` is taken for (MCP 2025-06-18 basic/transports).
    pub const ASSUMED: Revision = Revision::V2025_03_26;

    pub const NEWEST: Revision = Revision::V2026_07_28;

    /// The revision with this name, in its one spelling.
    pub fn named(name: &str) -> Option<Revision> {
        Revision::ALL.into_iter().find(|revision| revision.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Revision::V2024_11_05 => "2024-11-05",
            Revision::V2025_03_26 => "2025-03-26",
            Revision::V2025_06_18 => "2025-06-18",
            Revision::V2025_11_25 => "2025-11-25",
            Revision::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether a body may be an array of messages. 2025-06-18 took batches out.
    pub fn has_batches(self) -> bool {
        self <= Revision::V2025_03_26
    }

    /// Whether headers repeat parts of the body. Before 2026-07-28 such headers are anybody's, and decide nothing.
    pub fn has_headers(self) -> bool {
        self >= Revision::V2026_07_28
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
