//! What a token must have for some of the operations of an API, besides what it must have for all of them.

use std::borrow::Cow;

use tollgate_protocol::envelope::{Message, Target};

/// Operations, and the scopes they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Of JSON-RPC, exactly.
    pub method: String,
    /// Absent: whatever the method acts on.
    pub name: Option<Pattern>,
    /// At least one.
    pub scopes: Vec<String>,
}

impl Operation {
    /// Whether a message is one.
    pub fn is(&self, message: &Message<'_>) -> bool {
        if message.method() != Some(self.method.as_str()) {
            return false;
        }
        match (&self.name, target(message)) {
            (None, _) => true,
            (Some(pattern), Some(name)) => pattern.fits(name),
            // What it acts on has no name here, so it may be any.
            (Some(_), None) => true,
        }
    }
}

fn target<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    match &message.target {
        Target::None => None,
        Target::Tool(name)
        | Target::Prompt(name)
        | Target::Resource(name)
        | Target::Template(name)
        | Target::Task(name) => Some(Cow::as_ref(name)),
    }
}

/// A name, in which `*` stands for any characters or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

impl Pattern {
    pub fn parse(text: &str) -> Pattern {
        Pattern(text.split('*').map(str::to_owned).collect())
    }

    pub fn fits(&self, name: &str) -> bool {
        let (Some((first, rest)), Some(last)) = (self.0.split_first(), self.0.last()) else { return false };
        let Some(mut name) = name.strip_prefix(first.as_str()) else { return false };
        let Some((_, between)) = rest.split_last() else { return name.is_empty() };
        // The first place at which a part fits leaves most to those after it.
        for part in between {
            let Some(at) = name.find(part.as_str()) else { return false };
            name = name.get(at + part.len()..).unwrap_or_default();
        }
        name.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_or_none() {
        for (pattern, fits, does_not) in [
            ("write_file", vec!["write_file"], vec!["write_files", "xwrite_file", ""]),
            ("write_*", vec!["write_", "write_file"], vec!["write", "rewrite_file"]),
            ("*_file", vec!["_file", "write_file"], vec!["write_file_"]),
            ("a*b*c", vec!["abc", "axbxbc", "abbcc"], vec!["ac", "acb", "abcd"]),
            ("*", vec!["", "x"], vec![]),
            ("ab*ba", vec!["abba", "ab-ba"], vec!["aba"]),
        ] {
            let pattern = Pattern::parse(pattern);
            assert!(fits.iter().all(|name| pattern.fits(name)), "{pattern:?} {fits:?}");
            assert!(!does_not.iter().any(|name| pattern.fits(name)), "{pattern:?} {does_not:?}");
        }
    }
}
