//! What a reader of an error sees: the sentence, the file, the line with a caret under the culprit, and what to do.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::masking;
use super::position::Place;
pub use super::problem::Severity;

/// Characters of a source line that are shown; a longer line is cut around the caret.
const WIDEST: usize = 120;

/// One finding about a configuration file.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// The file as it was named on the command line.
    pub file: String,
    /// From one; absent when the finding is about the file as a whole.
    pub line: Option<usize>,
    /// In characters, from one.
    pub column: Option<usize>,
    /// The value the finding is about, such as `apis[0].path`; empty for the document.
    pub key_path: String,
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The line where the value that this one repeats stands.
    pub first_line: Option<usize>,
    #[serde(skip)]
    pub(super) snippet: Option<Snippet>,
}

/// The source line of a finding and the stretch of it to mark, ready to print.
#[derive(Debug, Clone)]
pub(super) struct Snippet {
    text: String,
    /// Characters before the caret.
    indent: usize,
    length: usize,
}

impl Snippet {
    /// Takes the line of `place` out of `source`. Control characters are replaced and passwords in URLs masked: the
    /// line goes to a terminal or a log.
    pub(super) fn of(source: &str, place: Place) -> Option<Self> {
        let line = source.split('\n').nth(place.line.checked_sub(1)?)?.trim_end_matches('\r');
        if line.trim().is_empty() {
            return None;
        }
        let shown: Vec<char> = masking::mask(&mask_user_information(line))
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let caret = (place.column - 1).min(shown.len());
        let start = if shown.len() <= WIDEST { 0 } else { caret.saturating_sub(WIDEST / 2) };
        let end = shown.len().min(start + WIDEST);
        let room = end.saturating_sub(caret).max(1);
        // The parser lets a quoted value reach to the next token; it ends at its quote.
        let length = quoted_length(&shown[caret..]).unwrap_or(place.length);
        Some(Self {
            text: shown[start..end].iter().collect(),
            indent: caret - start,
            length: length.min(room),
        })
    }
}

/// The length of the quoted value that `text` begins with, if it does and it ends on this line.
fn quoted_length(text: &[char]) -> Option<usize> {
    let quote = text.first().copied().filter(|first| matches!(first, '"' | '\''))?;
    let mut rest = text.iter().enumerate().skip(1);
    while let Some((at, c)) = rest.next() {
        match *c {
            '\\' if quote == '"' => drop(rest.next()),
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Replaces the `user:password` of every `scheme://user:password@host` in a line by as many asterisks.
fn mask_user_information(line: &str) -> String {
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("://").map(|at| at + 3) {
        masked.push_str(&rest[..start]);
        rest = &rest[start..];
        let authority = rest.find(['/', '?', '#', ' ', ',', '"', '\'']).unwrap_or(rest.len());
        if let Some(at) = rest[..authority].rfind('@') {
            masked.extend(rest[..at].chars().map(|_| '*'));
            rest = &rest[at..];
        }
    }
    masked + rest
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{severity}: {}", self.message)?;
        write!(f, "  --> {}", self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        writeln!(f)?;
        let gutter = self.line.map_or(1, |line| line.to_string().len());
        if let (Some(snippet), Some(line)) = (&self.snippet, self.line) {
            writeln!(f, " {:gutter$} |", "")?;
            writeln!(f, " {line} | {}", snippet.text)?;
            writeln!(
                f,
                " {:gutter$} | {:indent$}{:^<length$}",
                "",
                "",
                "",
                indent = snippet.indent,
                length = snippet.length
            )?;
        }
        let notes = [
            ("key", (!self.key_path.is_empty()).then(|| self.key_path.clone())),
            ("note", self.first_line.map(|line| format!("the first is on line {line}"))),
            ("help", self.help.clone()),
        ];
        for (label, note) in notes {
            if let Some(note) = note {
                writeln!(f, " {:gutter$} = {label}: {note}", "")?;
            }
        }
        Ok(())
    }
}

/// Everything found in a file that is refused. Displayed in the order of the text, with a summary at the end.
#[derive(Debug)]
pub struct Report {
    file: String,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    pub(super) fn new(file: &str, diagnostics: Vec<Diagnostic>) -> Self {
        Self { file: file.to_owned(), diagnostics }
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// The findings in the order of the text, warnings among them.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The findings and one line that counts them and says what follows: `nothing was started`.
    pub fn render(&self, consequence: &str) -> String {
        let mut text = render_all(&self.diagnostics);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} in {}; {consequence}", count(&self.diagnostics), self.file);
        text
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render("nothing was started").trim_end())
    }
}

impl std::error::Error for Report {}

/// The findings as text, an empty line after each.
pub fn render_all(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

/// `2 errors and 1 warning`.
pub fn count(diagnostics: &[Diagnostic]) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    match (errors, diagnostics.len() - errors) {
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}
