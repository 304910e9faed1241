//! The clock that all processes of the machine have in common.

use std::time::{SystemTime, UNIX_EPOCH};

/// In nanoseconds.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
