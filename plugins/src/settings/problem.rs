//! Something wrong (or doubtful) with a value, known by its key path. `load.rs` gives it a place in the text.

use super::key_path::KeyPath;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is used; someone should look.
    Warning,
}

/// Which half of an entry the caret goes under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Key,
    Value,
}

/// A finding that has no place in the text yet.
#[derive(Debug)]
pub struct Problem {
    pub severity: Severity,
    pub path: KeyPath,
    pub part: Part,
    pub message: String,
    pub help: Option<String>,
    /// The value this one repeats.
    pub first: Option<KeyPath>,
    /// What is missing, where that is the complaint. Such a problem is a mere consequence, and not reported, when
    /// the missing value is in the file but was refused for a reason of its own.
    pub absent: Option<KeyPath>,
    /// Whether the line in the file may hold a secret, and is not shown.
    pub hides_line: bool,
    /// The key that an unknown one was likely meant to be; it is then not reported as missing.
    pub meant: Option<KeyPath>,
}

impl Problem {
    pub fn error(path: KeyPath, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path,
            part: Part::Value,
            message: message.into(),
            help: None,
            first: None,
            absent: None,
            hides_line: false,
            meant: None,
        }
    }

    pub fn warning(path: KeyPath, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, message) }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points at the key rather than at its value.
    pub fn at_key(mut self) -> Self {
        self.part = Part::Key;
        self
    }

    pub fn first(mut self, first: KeyPath) -> Self {
        self.first = Some(first);
        self
    }

    pub fn meant(mut self, meant: KeyPath) -> Self {
        self.meant = Some(meant);
        self
    }

    /// Keeps the line out of what is printed.
    pub fn hidden(mut self) -> Self {
        self.hides_line = true;
        self
    }

    pub fn absent(mut self, absent: KeyPath) -> Self {
        self.absent = Some(absent);
        self
    }
}

/// A value of the file as messages show it: in backticks, without control characters, cut to a readable length.
pub fn quoted(value: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String =
        value.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if value.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
