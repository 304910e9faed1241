//! How many requests endpoints are sent at the same time.

use std::time::Duration;

use super::Findings;
use crate::config::UpstreamLimits;
use crate::config::document::UpstreamLimits as Written;
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;

const MAX_QUEUE: u32 = 100;
const QUEUE_TIMEOUT: Duration = Duration::from_secs(1);

pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> UpstreamLimits {
    if written.max_requests == 0 {
        let problem = Problem::error(path.key("max_requests"), "no request would ever be sent");
        findings.add(problem.help("write at least `1`, or remove `limits`"));
    }
    if written.max_queue == Some(0) && written.queue_timeout.is_some() {
        let problem =
            Problem::error(path.key("queue_timeout"), "nothing ever waits in a queue of 0").at_key();
        findings.add(problem.first(path.key("max_queue")).help("remove it"));
    }
    let queue_timeout = findings.positive(written.queue_timeout.as_ref(), path.key("queue_timeout"));
    UpstreamLimits {
        max_requests: written.max_requests,
        max_queue: written.max_queue.unwrap_or(MAX_QUEUE),
        queue_timeout: queue_timeout.unwrap_or(QUEUE_TIMEOUT),
    }
}
