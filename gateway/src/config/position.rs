//! Where in the text each value of the document stands, and what is wrong with the text as YAML.
//!
//! serde keeps no positions, so an error found after reading (a wrong type, a path used twice) has only a key path.
//! [`Index`] turns that path into a line and a column. It is built from the events of a second YAML parser, which
//! also lets it see what the first one hides or trips over: a key set twice, an alias that repeats itself without end.

mod builder;

use self::builder::Builder;
use super::key_path::{KeyPath, Step};

/// A stretch of one line of the text. Lines and columns count from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    /// Characters, at least one; a value of several lines is marked on its first.
    pub length: usize,
}

/// Something wrong with the text itself, found before any value is read.
#[derive(Debug)]
pub struct Fault {
    pub place: Place,
    pub path: KeyPath,
    pub message: String,
    pub help: Option<String>,
    /// Where the same key was set first.
    pub first: Option<Place>,
}

/// The positions of every key and value of one document.
#[derive(Debug)]
pub struct Index {
    root: Node,
}

#[derive(Debug)]
struct Node {
    place: Place,
    children: Children,
}

#[derive(Debug)]
enum Children {
    /// A scalar, or an alias: what it stands for is written elsewhere.
    None,
    List(Vec<Node>),
    Mapping(Vec<(String, Place, Node)>),
}

impl Index {
    /// Indexes `text`. The faults that leave the document readable are returned beside the index, in the order of
    /// the text; the first that does not is returned as the error.
    pub fn build(text: &str) -> Result<(Self, Vec<Fault>), Box<Fault>> {
        let mut builder = Builder::new(text);
        let root = builder.document()?;
        Ok((Self { root }, builder.faults))
    }

    /// The place of the value at `path`, or of the nearest one around it that is written in the text, and the path of
    /// what was found.
    pub fn value(&self, path: &KeyPath) -> (Place, KeyPath) {
        let (node, _, found) = self.find(path);
        (node.place, found)
    }

    /// The same for the key that the value at `path` is set with; a list item has none and is answered as a value.
    pub fn key(&self, path: &KeyPath) -> (Place, KeyPath) {
        let (node, key, found) = self.find(path);
        (key.unwrap_or(node.place), found)
    }

    fn find(&self, path: &KeyPath) -> (&Node, Option<Place>, KeyPath) {
        let (mut node, mut key) = (&self.root, None);
        for (depth, step) in path.steps().iter().enumerate() {
            (node, key) = match node.step(step) {
                Some(next) => next,
                None => return (node, key, path.steps()[..depth].iter().cloned().collect()),
            };
        }
        (node, key, path.clone())
    }

    /// Every path of the document, for the test that compares the two parsers.
    #[cfg(test)]
    pub fn paths(&self) -> Vec<KeyPath> {
        fn walk(node: &Node, path: KeyPath, all: &mut Vec<KeyPath>) {
            match &node.children {
                Children::None => {}
                Children::List(items) => {
                    items.iter().enumerate().for_each(|(i, item)| walk(item, path.item(i), all));
                }
                Children::Mapping(entries) => {
                    entries.iter().for_each(|(key, _, value)| walk(value, path.key(key), all));
                }
            }
            all.push(path);
        }
        let mut all = Vec::new();
        walk(&self.root, KeyPath::root(), &mut all);
        all.sort();
        all
    }
}

impl Node {
    fn step(&self, step: &Step) -> Option<(&Node, Option<Place>)> {
        match (&self.children, step) {
            (Children::List(items), Step::Item(index)) => items.get(*index).map(|item| (item, None)),
            (Children::Mapping(entries), Step::Key(wanted)) => {
                entries.iter().find(|(key, ..)| key == wanted).map(|(_, place, value)| (value, Some(*place)))
            }
            _ => None,
        }
    }
}
