//! How the requests of an API are spread over its endpoints, and how many are sent again.

use std::path::Path;

use super::{Findings, seal_keys};
use crate::config::document::{Api as Written, Balance};
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;
use crate::config::{RetryBudget, SessionBounds, Sessions};

/// What concerns all endpoints of an API together.
pub struct Checked {
    pub sessions: Sessions,
    pub retry_budget: RetryBudget,
}

pub fn check(api: &Written, path: &KeyPath, folder: &Path, findings: &mut Findings) -> Checked {
    Checked {
        sessions: sessions(api, path, folder, findings),
        retry_budget: retry_budget(api, &path.key("upstream").key("retry_budget"), findings),
    }
}

fn sessions(api: &Written, api_path: &KeyPath, folder: &Path, findings: &mut Findings) -> Sessions {
    let path = api_path.key("sessions");
    let written = &api.sessions;
    let is_sealed = !written.seal_keys.is_empty();
    let is_bounded = written.max.is_some() || written.idle_timeout.is_some();
    if (is_sealed || is_bounded) && api.balance != Balance::Session {
        let problem = Problem::error(path.clone(), "sessions are followed only with `balance: session`");
        findings.add(problem.at_key().first(api_path.key("balance")).help("remove one of the two"));
    }
    if !is_sealed {
        return Sessions::Remembered(bounds(api, &path, findings));
    }
    for (key, is_written) in
        [("max", written.max.is_some()), ("idle_timeout", written.idle_timeout.is_some())]
    {
        if is_written {
            let problem =
                Problem::error(path.key(key), "sessions with sealed ids are not remembered").at_key();
            findings.add(problem.first(path.key("seal_keys")).help("remove one of the two"));
        }
    }
    Sessions::Sealed(seal_keys::read(&written.seal_keys, &path.key("seal_keys"), folder, findings))
}

fn bounds(api: &Written, path: &KeyPath, findings: &mut Findings) -> SessionBounds {
    let written = &api.sessions;
    let default = SessionBounds::default();
    if written.max == Some(0) {
        let help = "write at least `1`, or `balance: round_robin` to follow no session";
        findings.add(Problem::error(path.key("max"), "no session would be followed").help(help));
    }
    let idle_timeout = findings.positive(written.idle_timeout.as_ref(), path.key("idle_timeout"));
    SessionBounds {
        max: written.max.unwrap_or(default.max),
        idle_timeout: idle_timeout.unwrap_or(default.idle_timeout),
    }
}

fn retry_budget(api: &Written, path: &KeyPath, findings: &mut Findings) -> RetryBudget {
    let written = &api.upstream.retry_budget;
    let default = RetryBudget::default();
    RetryBudget {
        percent: findings.percentage(written.percent, path.key("percent")).unwrap_or(default.percent),
        min_per_second: written.min_per_second.unwrap_or(default.min_per_second),
    }
}
