//! How long endpoints may take, and no two limits of which one could never be reached.

use std::time::Duration;

use super::Findings;
use crate::config::document::{Pool as WrittenPool, Timeouts as Written};
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;
use crate::config::text::Duration as DurationText;
use crate::config::{Pool, Timeouts};

/// What is not written is taken from `default`.
pub fn check(written: &Written, path: &KeyPath, default: Timeouts, findings: &mut Findings) -> Timeouts {
    let mut take = |written: &Option<DurationText>, key| findings.positive(written.as_ref(), path.key(key));
    let checked = Timeouts {
        connect: take(&written.connect, "connect").unwrap_or(default.connect),
        tls_handshake: take(&written.tls_handshake, "tls_handshake").unwrap_or(default.tls_handshake),
        first_byte: take(&written.first_byte, "first_byte").unwrap_or(default.first_byte),
        body_idle: take(&written.body_idle, "body_idle").unwrap_or(default.body_idle),
        stream_idle: take(&written.stream_idle, "stream_idle").or(default.stream_idle),
        total: take(&written.total, "total").or(default.total),
    };
    let parts = [
        ("first_byte", written.first_byte.is_some(), checked.first_byte),
        ("body_idle", written.body_idle.is_some(), checked.body_idle),
    ];
    for (key, is_written, part) in parts {
        if let Some(total) = checked.total.filter(|total| is_written && *total <= part) {
            refuse_unreachable(key, part, total, written, path, findings);
        }
    }
    checked
}

pub fn check_pool(written: &WrittenPool, path: &KeyPath, findings: &mut Findings) -> Pool {
    let default = Pool::default();
    let idle_timeout = findings.positive(written.idle_timeout.as_ref(), path.key("idle_timeout"));
    let max_lifetime = findings.positive(written.max_lifetime.as_ref(), path.key("max_lifetime"));
    Pool {
        idle_timeout: idle_timeout.unwrap_or(default.idle_timeout),
        max_lifetime: max_lifetime.unwrap_or(default.max_lifetime),
    }
}

/// Over HTTP/2 many requests share a connection, which cannot be ended for the sake of one.
pub fn refuse_without_effect(written: &Written, path: &KeyPath, findings: &mut Findings) {
    for (key, is_written) in [("body_idle", written.body_idle.is_some()), ("total", written.total.is_some())]
    {
        if is_written {
            let problem = Problem::error(path.key(key), "this limit is not kept over HTTP/2").at_key();
            findings.add(
                problem.help("remove it, or `http2`; `first_byte` bounds each wait for a piece of an answer"),
            );
        }
    }
}

fn refuse_unreachable(
    key: &str,
    part: Duration,
    total: Duration,
    written: &Written,
    path: &KeyPath,
    findings: &mut Findings,
) {
    let message =
        format!("this limit, {part:?}, is never reached: after {total:?} in total the answer is cut");
    let mut problem = Problem::error(path.key(key), message);
    if written.total.is_some() {
        problem = problem.first(path.key("total"));
    }
    findings.add(problem.help("make it shorter, or `total` longer"));
}
