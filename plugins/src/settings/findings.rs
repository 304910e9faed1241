//! What is found wrong with settings. Nothing stops at the first finding: what parsed is kept beside what did not, so
//! that rules about several values hold for the rest of the file too.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::time::Duration;

use super::key_path::KeyPath;
use super::problem::{Problem, quoted};
use super::text::{Duration as DurationText, Name};
use super::values::{self, Refusal};

/// What was found so far.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
}

impl Findings {
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The value, or a problem at `path`.
    pub fn take<T>(&mut self, path: KeyPath, parsed: Result<T, Refusal>) -> Option<T> {
        parsed
            .map_err(|refusal| {
                let problem = Problem::error(path, refusal.message);
                self.add(Problem { help: refusal.help, ..problem });
            })
            .ok()
    }

    /// Something that can be used but should be looked at.
    pub fn doubt(&mut self, path: KeyPath, doubt: Option<Refusal>) {
        if let Some(doubt) = doubt {
            let problem = Problem::warning(path, doubt.message);
            self.add(Problem { help: doubt.help, ..problem });
        }
    }

    pub fn name(
        &mut self,
        name: &Name,
        path: KeyPath,
        among: &mut Once<String>,
        what: &str,
    ) -> Option<String> {
        let name = self.take(path.clone(), values::name(name.as_str()))?;
        if let Some(first) = among.note(name.clone(), &path) {
            let message = format!("another {what} is called {}", quoted(&name));
            self.add(Problem::error(path, message).first(first).help("give each its own name"));
        }
        Some(name)
    }

    /// A length of time that is not nothing.
    pub fn positive(&mut self, written: Option<&DurationText>, path: KeyPath) -> Option<Duration> {
        let duration = self.take(path.clone(), values::duration(written?.as_str()))?;
        if duration.is_zero() {
            self.add(Problem::error(path, "this cannot be zero").help("write a duration such as `10s`"));
            return None;
        }
        Some(duration)
    }

    pub fn percentage(&mut self, written: Option<u8>, path: KeyPath) -> Option<u8> {
        let percent = written?;
        if percent > 100 {
            let problem = Problem::error(path, format!("`{percent}` is more than all"));
            self.add(problem.help("write at most `100`"));
            return None;
        }
        Some(percent)
    }

    pub fn refuse_empty(&mut self, is_empty: bool, list: &KeyPath, what: &str) {
        if is_empty {
            let message = format!("the list is empty: at least one {what} is needed");
            self.add(Problem::error(list.clone(), message).absent(list.clone()));
        }
    }
}

/// Values that may be used once, with the place where each was.
pub struct Once<T>(HashMap<T, KeyPath>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash> Once<T> {
    /// Notes a use; answers with the place of an earlier one.
    pub fn note(&mut self, value: T, path: &KeyPath) -> Option<KeyPath> {
        match self.0.entry(value) {
            Entry::Occupied(first) => Some(first.get().clone()),
            Entry::Vacant(vacant) => {
                vacant.insert(path.clone());
                None
            }
        }
    }
}
