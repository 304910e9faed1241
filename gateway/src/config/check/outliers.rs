//! When an endpoint that fails is ejected.

use std::time::Duration;

use super::Findings;
use crate::config::OutlierDetection;
use crate::config::document::OutlierDetection as Written;
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;

pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> OutlierDetection {
    let default = OutlierDetection::default();
    if written.consecutive_failures == Some(0) {
        let problem =
            Problem::error(path.key("consecutive_failures"), "no endpoint would ever be sent a request");
        findings.add(problem.help("write at least `1`"));
    }
    let base = findings.positive(written.base_ejection_time.as_ref(), path.key("base_ejection_time"));
    let max = findings.positive(written.max_ejection_time.as_ref(), path.key("max_ejection_time"));
    let base = base.unwrap_or(default.base_ejection_time);
    if let Some(max) = max.filter(|max| *max < base) {
        refuse_shorter(base, max, written, path, findings);
    }
    let percent = findings.percentage(written.max_ejection_percent, path.key("max_ejection_percent"));
    OutlierDetection {
        consecutive_failures: written.consecutive_failures.unwrap_or(default.consecutive_failures),
        base_ejection_time: base,
        // A longer first ejection than the longest by default is meant.
        max_ejection_time: max.unwrap_or(default.max_ejection_time.max(base)),
        max_ejection_percent: percent.unwrap_or(default.max_ejection_percent),
    }
}

fn refuse_shorter(base: Duration, max: Duration, written: &Written, path: &KeyPath, findings: &mut Findings) {
    let message = format!("the longest ejection, {max:?}, is shorter than the first, {base:?}");
    let mut problem = Problem::error(path.key("max_ejection_time"), message);
    if written.base_ejection_time.is_some() {
        problem = problem.first(path.key("base_ejection_time"));
    }
    findings.add(problem.help("make it at least as long"));
}
