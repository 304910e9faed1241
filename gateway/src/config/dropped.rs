//! Which values of the file were refused and taken out, so that the rest can be read and checked all the same.
//!
//! One run reports every error of a file. serde stops at its first, so the loader takes the refused value out and
//! reads again; this record keeps the paths of what follows true to the file, and keeps a consequence of a refusal
//! ("`path` is missing", after a `path` of the wrong type) from being reported as a second error.

use std::collections::{BTreeMap, BTreeSet};

use super::key_path::{KeyPath, Step};

/// The values taken out, by their paths in the file.
#[derive(Debug, Default)]
pub struct Dropped {
    values: BTreeSet<KeyPath>,
    /// For each list that lost items, where those that are left stood.
    remaining: BTreeMap<KeyPath, Vec<usize>>,
}

impl Dropped {
    /// The path in the file of the value that is now at `path`.
    pub fn original(&self, path: &KeyPath) -> KeyPath {
        path.steps().iter().fold(KeyPath::root(), |list, step| {
            let step = match step {
                Step::Item(index) => Step::Item(self.original_item(&list, *index)),
                key => key.clone(),
            };
            list.join(step)
        })
    }

    fn original_item(&self, list: &KeyPath, index: usize) -> usize {
        self.remaining.get(list).and_then(|left| left.get(index)).copied().unwrap_or(index)
    }

    /// Notes that the value now at `path` is being taken out; `siblings` is the length of its list, if it is in one.
    pub fn record(&mut self, path: &KeyPath, siblings: Option<usize>) {
        self.values.insert(self.original(path));
        if let (Some((list, Step::Item(index))), Some(siblings)) = (path.split(), siblings) {
            let left = self.remaining.entry(self.original(&list)).or_insert_with(|| (0..siblings).collect());
            left.remove(*index);
        }
    }

    /// Notes that the value at `path` (as it stands in the file) is missing for a reason that is reported.
    pub fn excuse(&mut self, path: KeyPath) {
        self.values.insert(path);
    }

    /// Whether the value at `path` (as it stands in the file) is no longer what the file says.
    pub fn covers(&self, path: &KeyPath) -> bool {
        self.values.iter().any(|value| path.is_within(value))
    }

    /// Whether a value that is missing at `path` (as it stands in the file), or part of it, was taken out.
    pub fn explains(&self, path: &KeyPath) -> bool {
        self.values.iter().any(|value| value.is_within(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_the_numbers_they_have_in_the_file() {
        let apis = KeyPath::root().key("apis");
        let mut dropped = Dropped::default();
        dropped.record(&apis.item(1), Some(4));
        dropped.record(&apis.item(1), Some(3));
        assert_eq!(dropped.original(&apis.item(0).key("path")), apis.item(0).key("path"));
        assert_eq!(dropped.original(&apis.item(1).key("path")), apis.item(3).key("path"));
        assert!(dropped.explains(&apis.item(2)));
        assert!(dropped.explains(&apis));
        assert!(!dropped.explains(&apis.item(0)));
    }
}
