//! How much of messages is read.

use super::Findings;
use crate::config::MessageBounds;
use crate::config::document::Messages;
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;

pub fn check(written: &Messages, path: &KeyPath, findings: &mut Findings) -> MessageBounds {
    let defaults = MessageBounds::default();
    let mut bytes = |written: Option<u32>, key: &str, default: usize| {
        if written == Some(0) {
            let problem = Problem::error(path.key(key), "nothing fits into no bytes");
            findings.add(problem.help(format!("write a number such as `{default}`, or remove the line")));
        }
        written.map_or(default, |bytes| bytes as usize)
    };
    let message = bytes(written.max_bytes, "max_bytes", defaults.message);
    let together = bytes(written.buffer_bytes, "buffer_bytes", defaults.together.max(message));
    if together < message {
        let problem = Problem::error(path.key("buffer_bytes"), "a message of `max_bytes` would never fit");
        let problem = problem.first(path.key("max_bytes"));
        findings.add(problem.help(format!("write at least `{message}`")));
    }
    MessageBounds { message, together, observe: written.observe }
}
