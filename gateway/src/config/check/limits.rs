//! The limits of a listener: each of them possible, and no two that contradict each other.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Findings, values};
use crate::config::Limits;
use crate::config::document::Limits as Written;
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;
use crate::config::text::Duration as DurationText;

pub fn check(written: &Written, limits: &KeyPath, findings: &mut Findings) -> Limits {
    let default = Limits::default();
    let mut duration =
        |written: &Option<DurationText>, key| positive(written.as_ref(), limits.key(key), findings);
    let head_timeout = duration(&written.head_timeout, "head_timeout");
    let body_timeout = duration(&written.body_timeout, "body_timeout");
    let min_rate_grace = duration(&written.min_rate_grace, "min_rate_grace");
    let handshake_timeout = duration(&written.handshake_timeout, "handshake_timeout");
    let idle_timeout = duration(&written.idle_timeout, "idle_timeout");
    refuse_parts_of_a_second(idle_timeout, &limits.key("idle_timeout"), findings);
    let misuse_pause = written
        .misuse_pause
        .as_ref()
        .and_then(|pause| findings.take(limits.key("misuse_pause"), values::duration(pause.as_str())));
    let mut count = |written: Option<u32>, key| at_least_one(written, limits.key(key), findings);
    let connections = count(written.connections, "connections");
    let connections_per_client = count(written.connections_per_client, "connections_per_client");
    let connection_rate_per_client = count(written.connection_rate_per_client, "connection_rate_per_client");
    let requests_per_connection = count(written.requests_per_connection, "requests_per_connection");
    refuse_grace_of_no_rate(written, limits, findings);
    refuse_more_for_one_than_for_all(written, limits, findings);

    let rate = |written: Option<u32>, default| written.map_or(default, NonZeroU32::new);
    let connections = connections.unwrap_or(default.connections);
    Limits {
        head_timeout: head_timeout.unwrap_or(default.head_timeout),
        body_timeout,
        min_request_rate: rate(written.min_request_rate, default.min_request_rate),
        min_response_rate: rate(written.min_response_rate, default.min_response_rate),
        min_rate_grace: min_rate_grace.unwrap_or(default.min_rate_grace),
        handshake_timeout: handshake_timeout.unwrap_or(default.handshake_timeout),
        idle_timeout: idle_timeout.unwrap_or(default.idle_timeout),
        requests_per_connection: requests_per_connection.unwrap_or(default.requests_per_connection),
        connections,
        connections_per_client,
        connection_rate_per_client,
        misuse_pause: misuse_pause.unwrap_or(default.misuse_pause),
    }
}

fn positive(written: Option<&DurationText>, path: KeyPath, findings: &mut Findings) -> Option<Duration> {
    let duration = findings.take(path.clone(), values::duration(written?.as_str()))?;
    if duration.is_zero() {
        findings
            .add(Problem::error(path, "no client could be in time").help("write a duration such as `10s`"));
        return None;
    }
    Some(duration)
}

/// Pingora counts the time of idle connections in seconds.
fn refuse_parts_of_a_second(duration: Option<Duration>, path: &KeyPath, findings: &mut Findings) {
    if duration.is_some_and(|duration| duration.subsec_nanos() > 0) {
        let problem = Problem::error(path.clone(), "an idle time is counted in whole seconds");
        findings.add(problem.help("write a duration such as `60s`"));
    }
}

fn at_least_one(written: Option<u32>, path: KeyPath, findings: &mut Findings) -> Option<NonZeroU32> {
    let number = NonZeroU32::new(written?);
    if number.is_none() {
        findings.add(Problem::error(path, "no client could connect").help("write at least `1`"));
    }
    number
}

fn refuse_grace_of_no_rate(written: &Written, limits: &KeyPath, findings: &mut Findings) {
    let off = (written.min_request_rate, written.min_response_rate) == (Some(0), Some(0));
    if off && written.min_rate_grace.is_some() {
        let message = "there is no minimum rate to fall behind: both are 0";
        let first = limits.key("min_request_rate");
        let help = "remove this, or set a rate";
        findings.add(Problem::error(limits.key("min_rate_grace"), message).first(first).help(help));
    }
}

fn refuse_more_for_one_than_for_all(written: &Written, limits: &KeyPath, findings: &mut Findings) {
    let (Some(all), Some(one)) = (written.connections, written.connections_per_client) else { return };
    if one > all && all > 0 {
        let message = format!("one client may have {one} connections and all together {all}");
        let first = limits.key("connections");
        let help = format!("write at most `{all}`, or raise `connections`");
        findings.add(Problem::error(limits.key("connections_per_client"), message).first(first).help(help));
    }
}
