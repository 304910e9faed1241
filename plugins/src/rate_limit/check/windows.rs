//! The windows of a limit.

use std::num::NonZeroU64;
use std::time::Duration;

use super::super::settings::Window as Written;
use crate::limiter::{WINDOWS_MAX, Window, Windows};
use crate::settings::findings::{Findings, Once};
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::settings::values;

/// The greatest number that the fields of an answer can hold. A shared store counts exactly up to there.
const REQUESTS_MAX: u64 = 999_999_999_999_999;

pub fn check(written: &[Written], list: &KeyPath, findings: &mut Findings) -> Option<Windows> {
    findings.refuse_empty(written.is_empty(), list, "window");
    if written.len() > WINDOWS_MAX {
        let message = format!("a limit has at most {WINDOWS_MAX} windows");
        findings.add(Problem::error(list.clone(), message).help("remove some, or write two policies"));
    }
    let mut times = Once::default();
    let mut windows = Vec::new();
    for (index, written) in written.iter().enumerate() {
        let path = list.item(index);
        let requests = requests(written.requests, path.key("requests"), findings);
        let per = per(written, path.key("per"), &mut times, findings);
        windows.extend(requests.zip(per).map(|(requests, per)| Found {
            window: Window { requests, per },
            per: written.per.as_str(),
            path: path.key("requests"),
        }));
    }
    warn_about_useless(&windows, findings);
    let all: Vec<_> = windows.iter().map(|found| found.window).collect();
    Windows::new(&all).ok().filter(|_| all.len() == written.len())
}

/// One that can be used.
struct Found<'w> {
    window: Window,
    /// As it was written.
    per: &'w str,
    /// Of its `requests`.
    path: KeyPath,
}

fn requests(written: u64, path: KeyPath, findings: &mut Findings) -> Option<NonZeroU64> {
    if written == 0 {
        let problem = Problem::error(path, "nothing would ever be allowed");
        findings.add(problem.help("write at least `1`; a plan with `state: closed` lets nobody in"));
        return None;
    }
    if written > REQUESTS_MAX {
        let problem = Problem::error(path, format!("this is more than `{REQUESTS_MAX}`"));
        findings.add(problem.help("write less, or remove the window"));
        return None;
    }
    NonZeroU64::new(written)
}

fn per(
    written: &Written,
    path: KeyPath,
    times: &mut Once<Duration>,
    findings: &mut Findings,
) -> Option<Duration> {
    let per = findings.take(path.clone(), values::period(written.per.as_str()))?;
    if per.is_zero() {
        findings.add(Problem::error(path, "this cannot be zero").help("write a duration such as `1m`"));
        return None;
    }
    if let Some(first) = times.note(per, &path) {
        let message = format!("another window lasts {} too", quoted(written.per.as_str()));
        findings.add(Problem::error(path, message).first(first).help("keep the one with fewer requests"));
        return None;
    }
    Some(per)
}

/// Windows that refuse what another one does not only by chance: where that one's time does not begin together with theirs.
fn warn_about_useless(windows: &[Found<'_>], findings: &mut Findings) {
    for Found { window, path, .. } in windows {
        let others = windows.iter().filter(|other| other.window.per != window.per);
        let tightest =
            others.map(|other| (most(&other.window, window.per), other)).min_by_key(|(most, _)| *most);
        if let Some((most, other)) = tightest
            && most <= u128::from(window.requests.get())
        {
            let (requests, per) = (other.window.requests, other.per);
            let message = format!(
                "this refuses hardly anything: `{requests}` per `{per}` are {most} in its time at most"
            );
            let problem = Problem::warning(path.clone(), message).first(other.path.clone());
            findings.add(problem.help("write less, or remove the window"));
        }
    }
}

/// What a window allows in some time that begins with it.
fn most(window: &Window, time: Duration) -> u128 {
    time.as_millis().div_ceil(window.per.as_millis()) * u128::from(window.requests.get())
}
