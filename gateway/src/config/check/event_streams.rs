//! What is done for event streams that are silent.

use super::Findings;
use crate::config::EventStreams;
use crate::config::document::EventStreams as Written;
use crate::config::key_path::KeyPath;

pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> EventStreams {
    EventStreams {
        keep_alive: findings.positive(written.keep_alive.as_ref(), path.key("keep_alive")),
        first_comment: written.first_comment,
    }
}
