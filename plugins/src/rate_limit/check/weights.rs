//! What calls cost.

use super::super::settings::{Count, Settings, Weights};
use crate::limiter::Windows;
use crate::pattern::Pattern;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};

pub fn check(
    written: &Settings,
    windows: Option<&Windows>,
    path: &KeyPath,
    findings: &mut Findings,
) -> Vec<(Pattern, u64)> {
    let Some(Weights(weights)) = &written.weights else { return Vec::new() };
    if written.count != Count::ToolCalls {
        let problem = Problem::error(path.clone(), "weights are for calls of tools").at_key();
        findings.add(problem.help("add `count: tools/call`, or remove the line"));
    }
    let least = windows.and_then(|windows| windows.iter().map(|window| window.requests.get()).min());
    let mut checked: Vec<(Pattern, u64)> = Vec::new();
    for (text, weight) in weights {
        let path = path.key(text);
        if text.is_empty() {
            let problem = Problem::error(path.clone(), "no tool is called like this").at_key();
            findings.add(problem.help("write a name such as `search`, or `*` for every tool"));
        }
        if let Some(least) = least.filter(|least| weight > least) {
            let problem = Problem::error(path.clone(), format!("a call for `{weight}` could never be made"));
            findings.add(problem.help(format!("the smallest window has `{least}`: write at most that")));
        }
        // A `*` of the later one is a character that only a `*` of the earlier one fits: so it fits whatever stands for it.
        let earlier = checked.iter().position(|(pattern, _)| pattern.fits(text));
        if let Some((first, _)) = earlier.and_then(|earlier| weights.get(earlier)) {
            let message = format!("{} comes first, and fits every such tool", quoted(first));
            findings
                .add(Problem::warning(path, message).at_key().help("write this one before it, or remove it"));
        }
        checked.push((Pattern::parse(text), *weight));
    }
    checked
}
