//! Whether what is written can be done: to fields that may be changed, each named once, with values that fields can have.

use super::name::{self, Deed, Side};
use super::value::Value;
use super::{Edit, Edits, Headers, Settings};
use crate::settings::findings::{Findings, Once};
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::spelling;

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<Headers> {
    if written.request.is_none() && written.response.is_none() {
        let problem = Problem::error(path.clone(), "this policy changes nothing").at_key();
        findings.add(problem.absent(path.key("request")).help("write `request` or `response`"));
        return None;
    }
    let found = findings.problems.len();
    let mut edits = |written: &Option<Edits>, side: Side| match written {
        Some(written) => check_side(written, side, &path.key(side.key()), findings),
        None => Vec::new(),
    };
    let (request, response) =
        (edits(&written.request, Side::Request), edits(&written.response, Side::Response));
    (findings.problems.len() == found).then_some(Headers { request, response })
}

fn check_side(written: &Edits, side: Side, path: &KeyPath, findings: &mut Findings) -> Vec<Edit> {
    let removed =
        written.remove.iter().enumerate().map(|(index, name)| (Deed::Remove, Some(index), name, None));
    let with_value = |deed: Deed| move |(name, value)| (deed, None, name, Some(value));
    let set = written.set.iter().map(with_value(Deed::Set));
    let appended = written.append.iter().map(with_value(Deed::Append));
    let (mut edits, mut names) = (Vec::new(), Once::default());
    for (deed, index, name, value) in removed.chain(set).chain(appended) {
        let list = path.key(deed.key());
        let place = index.map_or_else(|| list.key(name.as_str()), |index| list.item(index));
        let at_name = |problem: Problem| if index.is_none() { problem.at_key() } else { problem };
        let value = value.map(|value| Value::check(value, &place, findings));
        let checked = match name::check(name.as_str(), side, deed) {
            Ok(checked) => checked,
            Err(refusal) => {
                let problem = at_name(Problem::error(place, refusal.message));
                findings.add(Problem { help: refusal.help, ..problem });
                continue;
            }
        };
        let spelled = if side == Side::Request { spelling::plain(&checked) } else { checked.to_string() };
        if let Some(first) = names.note(spelled, &place) {
            let message = format!("something else becomes of {} already", quoted(checked.as_str()));
            let problem = at_name(Problem::error(place, message)).first(first);
            findings.add(problem.help("name each field once, in one spelling"));
            continue;
        }
        edits.push(Edit { name: checked, deed, value: value.flatten() });
    }
    if written.set.is_empty() && written.append.is_empty() && written.remove.is_empty() {
        let problem = Problem::error(path.clone(), "nothing is changed here").at_key();
        findings.add(problem.absent(path.key("set")).help("write `set`, `append` or `remove`"));
    }
    edits
}
