//! Whether a limit makes sense: whom it is by, what calls cost, and windows each of which refuses something.

mod weights;
mod windows;

use std::num::NonZeroUsize;

use super::RateLimit;
use super::key::{self, Part};
use super::settings::{By, Key, Settings};
use crate::expression::{Expression, Sight};
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};

const KEYS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<RateLimit> {
    let by = check_by(&written.by, &path.key("by"), findings);
    let windows = windows::check(&written.windows, &path.key("windows"), findings);
    let weights = weights::check(written, windows.as_ref(), &path.key("weights"), findings);
    let max_keys = written.max_keys.map_or(Some(KEYS), |keys| NonZeroUsize::new(keys as usize));
    if max_keys.is_none() {
        let problem = Problem::error(path.key("max_keys"), "nobody could be remembered");
        findings.add(problem.help(format!("write a number such as `{KEYS}`, or remove the line")));
    }
    Some(RateLimit {
        by: by?,
        count: written.count,
        weights,
        windows: windows?,
        max_keys: max_keys?,
        headers: written.headers.unwrap_or(true),
    })
}

fn check_by(written: &By, path: &KeyPath, findings: &mut Findings) -> Option<Vec<Part>> {
    let keys = match written {
        By::One(key) => return check_key(key, path, findings).map(|part| vec![part]),
        By::Several(keys) => keys,
    };
    findings.refuse_empty(keys.is_empty(), path, "thing to count by");
    let (mut parts, mut places) = (Vec::new(), Vec::new());
    for (index, key) in keys.iter().enumerate() {
        let place = path.item(index);
        let Some(part) = check_key(key, &place, findings) else { continue };
        if let Some(first) = parts.iter().position(|other| *other == part) {
            let problem = Problem::error(place.clone(), "this is in the list twice");
            findings.add(problem.first(path.item(places[first])).help("remove one of the two"));
        }
        parts.push(part);
        places.push(index);
    }
    (parts.len() == keys.len() && !keys.is_empty()).then_some(parts)
}

fn check_key(written: &Key, path: &KeyPath, findings: &mut Findings) -> Option<Part> {
    match written {
        Key::Word(word) => {
            let known = Part::WORDS.into_iter().find(|(known, _)| known == word);
            if known.is_none() {
                let known = Part::WORDS.map(|(known, _)| format!("`{known}`")).join(", ");
                let problem = Problem::error(path.clone(), format!("nothing is counted by {}", quoted(word)));
                findings.add(problem.help(format!("write one of {known}, or `{{ cel: 'claims.tenant' }}`")));
            }
            known.map(|(_, part)| Part::Known(part))
        }
        Key::Cel(written) => {
            let parsed = Expression::parse(written.cel.as_str(), Sight::Message, key::fits);
            let parsed = parsed.map_err(|why| {
                let problem = Problem::error(path.key("cel"), format!("nothing is counted by this: {why}"));
                findings.add(problem.help("write it in CEL, such as `claims.tenant`"));
            });
            parsed.ok().map(Part::Cel)
        }
    }
}
