//! From a text to a [`Document`]: the only place that knows the YAML crate.
//!
//! The text is read twice: by the parser behind [`Index`], which knows where everything stands and refuses what is
//! dangerous (aliases without end, depth), then by `serde_yaml`, which knows what everything is. Every error is
//! collected: a value that is refused is taken out and the rest is read again.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde_path_to_error::{Segment, Track};
use serde_yaml::value::{Mapping, Value};
use serde_yaml::with::singleton_map_recursive;

use super::document::Document;
use super::dropped::Dropped;
use super::key_path::{KeyPath, Step};
use super::position::Place;
use super::problem::Problem;
use super::wording;

/// Errors reported for one file; a file with more is not the configuration anyone meant.
const MAX_PROBLEMS: usize = 100;

/// What became of a text: the document, if enough of it is right, and everything that is wrong.
#[derive(Debug)]
pub struct Read<T = Document> {
    pub document: Option<T>,
    /// Their paths are those of the file.
    pub problems: Vec<Problem>,
    pub dropped: Dropped,
}

/// Reads a text that the index was built from. The error is one about YAML that the index's parser did not see.
pub fn read_document<T: DeserializeOwned>(text: &str) -> Result<Read<T>, (Option<Place>, String)> {
    let Tree(root) = serde_yaml::from_str(text).map_err(|error| {
        let place = error.location().map(|at| Place { line: at.line(), column: at.column(), length: 1 });
        (place, error.to_string())
    })?;
    let mut draft = Draft { root, problems: Vec::new(), dropped: Dropped::default(), filled: Vec::new() };
    draft.drop_empty_values();
    let document = draft.read();
    Ok(Read { document, problems: draft.problems, dropped: draft.dropped })
}

/// The tree of values on its way to a document, losing what is refused.
struct Draft {
    root: Value,
    problems: Vec<Problem>,
    dropped: Dropped,
    /// Where something of the right kind was put in, by the paths in the file.
    filled: Vec<KeyPath>,
}

impl Draft {
    /// A key without a value is most often one that was meant to get a value, or to be commented out as well.
    fn drop_empty_values(&mut self) {
        while self.problems.len() < MAX_PROBLEMS
            && let Some(path) = first_null(&self.root, KeyPath::root())
        {
            let problem = Problem::error(path.clone(), "there is no value here").at_key();
            self.report(problem.help("write a value, or remove the line"));
            if !self.drop_value(&path) {
                return;
            }
        }
    }

    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        while self.problems.len() < MAX_PROBLEMS {
            let mut track = Track::new();
            let tracked = serde_path_to_error::Deserializer::new(&self.root, &mut track);
            let error = match singleton_map_recursive::deserialize(tracked) {
                Ok(document) => return Some(document),
                Err(error) => error.to_string(),
            };
            let problem = wording::problem(&error, &key_path(&track.path()));
            let (refused, absent) = (problem.path.clone(), problem.absent.clone());
            if self.filled.contains(&self.dropped.original(&refused)) {
                // No text is right there, so what it belongs to cannot be read at all.
                match refused.split() {
                    Some((whole, _)) if self.drop_value(&whole) => continue,
                    _ => return None,
                }
            }
            self.report(problem);
            let filled = absent.is_some_and(|absent| self.fill(&absent));
            if !filled && !self.drop_value(&refused) {
                return None;
            }
        }
        None
    }

    fn report(&mut self, mut problem: Problem) {
        problem.path = self.dropped.original(&problem.path);
        let consequence = problem
            .absent
            .as_ref()
            .is_some_and(|absent| self.dropped.explains(&self.dropped.original(absent)));
        if let Some(meant) = &problem.meant {
            self.dropped.excuse(self.dropped.original(meant));
        }
        if !consequence {
            self.problems.push(problem);
        }
    }

    /// Puts something of the right kind where a required value is missing, so that its neighbours are checked all the
    /// same; `false` if there is something already.
    fn fill(&mut self, path: &KeyPath) -> bool {
        let Some((parent, Step::Key(key))) = path.split() else { return false };
        let Some(Value::Mapping(entries)) = descend(&mut self.root, &parent) else { return false };
        let is_list = matches!(
            key.as_str(),
            "listeners" | "apis" | "consumers" | "endpoints" | "plans" | "certificates" | "windows"
        );
        let value = if is_list { Value::Sequence(Vec::new()) } else { Value::String(String::new()) };
        let original = self.dropped.original(path);
        self.dropped.excuse(original.clone());
        self.filled.push(original);
        entries.insert(Value::String(key.clone()), value).is_none()
    }

    /// Takes a value out; `false` if it is the document itself.
    fn drop_value(&mut self, path: &KeyPath) -> bool {
        let Some((parent, step)) = path.split() else { return false };
        match (descend(&mut self.root, &parent), step) {
            (Some(Value::Mapping(entries)), Step::Key(key)) => {
                self.dropped.record(path, None);
                entries.shift_remove(key.as_str()).is_some()
            }
            (Some(Value::Sequence(items)), Step::Item(index)) if *index < items.len() => {
                self.dropped.record(path, Some(items.len()));
                items.remove(*index);
                true
            }
            _ => false,
        }
    }
}

fn descend<'v>(root: &'v mut Value, path: &KeyPath) -> Option<&'v mut Value> {
    path.steps().iter().try_fold(root, |value, step| match (value, step) {
        (Value::Mapping(entries), Step::Key(key)) => entries.get_mut(key.as_str()),
        (Value::Sequence(items), Step::Item(index)) => items.get_mut(*index),
        _ => None,
    })
}

fn first_null(value: &Value, path: KeyPath) -> Option<KeyPath> {
    match value {
        Value::Null => Some(path),
        Value::Sequence(items) => {
            items.iter().enumerate().find_map(|(index, item)| first_null(item, path.item(index)))
        }
        Value::Mapping(entries) => entries
            .iter()
            .find_map(|(key, value)| first_null(value, path.key(key.as_str().unwrap_or_default()))),
        _ => None,
    }
}

fn key_path(path: &serde_path_to_error::Path) -> KeyPath {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Any YAML value, read more kindly than [`Value`] reads itself: of a key set twice the first stays (the index
/// reports the second), a key that is not text becomes text, and a tag is ignored (the index reports it).
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Tree)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Tree(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Mapping::new();
        while let Some((Tree(key), Tree(value))) = map.next_entry()? {
            let key = match key {
                Value::String(key) => key,
                Value::Bool(key) => key.to_string(),
                Value::Number(key) => key.to_string(),
                Value::Null => "~".to_owned(),
                _ => return Err(A::Error::custom("a key must be plain text")),
            };
            entries.entry(Value::String(key)).or_insert(value);
        }
        Ok(Value::Mapping(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (Tree(_tag), value) = tagged.variant()?;
        value.newtype_variant().map(|Tree(value)| value)
    }
}

#[cfg(test)]
mod tests;
