//! Where a value stands in the configuration: `apis[2].endpoints[0].url`.

use std::fmt;

/// A way from the root of the document to one of its values. Ordered and compared step by step.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(Vec<Step>);

/// One step of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a mapping, by key.
    Key(String),
    /// Into a list, by position from zero.
    Item(usize),
}

impl KeyPath {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of `key` in the mapping this path names.
    pub fn key(&self, key: &str) -> Self {
        self.join(Step::Key(key.to_owned()))
    }

    /// The item at `index` of the list this path names.
    pub fn item(&self, index: usize) -> Self {
        self.join(Step::Item(index))
    }

    /// This path and one step more.
    pub fn join(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The mapping or list this value stands in, and the step that leads from there to it.
    pub fn split(&self) -> Option<(Self, &Step)> {
        let (last, parents) = self.0.split_last()?;
        Some((Self(parents.to_vec()), last))
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is `other` or a value inside it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl FromIterator<Step> for KeyPath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_plain(key) && position == 0 => f.write_str(key)?,
                Step::Key(key) if is_plain(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a key can stand in a path without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_the_way_one_would_say_it() {
        let path = KeyPath::root().key("apis").item(2).key("endpoints").item(0).key("url");
        assert_eq!(path.to_string(), "apis[2].endpoints[0].url");
    }

    #[test]
    fn a_key_that_could_be_mistaken_for_a_path_is_quoted() {
        assert_eq!(KeyPath::root().key("log").key("a.b").to_string(), "log[\"a.b\"]");
    }

    #[test]
    fn a_value_is_within_itself_and_its_parents_only() {
        let api = KeyPath::root().key("apis").item(1);
        assert!(api.key("path").is_within(&api));
        assert!(api.is_within(&api));
        assert!(!KeyPath::root().key("apis").item(10).is_within(&api));
    }
}
