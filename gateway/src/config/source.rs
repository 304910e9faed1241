//! A configuration text and its index: gives findings their place in it.

use super::diagnostic::{Diagnostic, Report, Severity, Snippet};
use super::dropped::Dropped;
use super::file::Unreadable;
use super::key_path::KeyPath;
use super::position::{Fault, Index, Place};
use super::problem::{Part, Problem};

/// One text, under the name it is reported with.
pub struct Source<'t> {
    name: &'t str,
    text: &'t str,
    index: Index,
}

impl<'t> Source<'t> {
    /// Indexes the text. What is wrong with it but leaves it readable is returned beside it.
    pub fn index(name: &'t str, text: &'t str) -> Result<(Self, Vec<Diagnostic>), Report> {
        let (index, faults) =
            Index::build(text).map_err(|fault| Report::new(name, vec![from_fault(name, text, *fault)]))?;
        let found = faults.into_iter().map(|fault| from_fault(name, text, fault)).collect();
        Ok((Self { name, text, index }, found))
    }

    /// The name of the text, and the line of a value.
    pub fn line(&self, path: &KeyPath) -> (&'t str, usize) {
        (self.name, self.index.value(path).0.line)
    }

    /// The report on a text that one YAML parser reads and the other does not: nobody can say what it means.
    pub fn report_yaml(&self, place: Option<Place>, message: &str) -> Report {
        let message = format!("not valid YAML: {message}");
        Report::new(self.name, vec![diagnostic(self.name, self.text, place, &KeyPath::root(), message)])
    }

    /// A problem whose path is that of the file.
    pub fn locate(&self, problem: &Problem) -> Diagnostic {
        let (place, written) = match problem.part {
            Part::Key => self.index.key(&problem.path),
            Part::Value => self.index.value(&problem.path),
        };
        let located = diagnostic(self.name, self.text, Some(place), &written, problem.message.clone());
        Diagnostic {
            severity: problem.severity,
            help: problem.help.clone(),
            first_line: problem.first.as_ref().map(|first| self.index.value(first).0.line),
            snippet: located.snippet.filter(|_| !problem.hides_line),
            ..located
        }
    }

    /// A problem of the document that is left after refused values were taken out; none if it is about
    /// what stands in for them.
    pub fn locate_checked(&self, mut problem: Problem, dropped: &Dropped) -> Option<Diagnostic> {
        if problem.absent.as_ref().is_some_and(|absent| dropped.explains(&dropped.original(absent))) {
            return None;
        }
        problem.path = dropped.original(&problem.path);
        if dropped.covers(&problem.path) {
            return None;
        }
        problem.first = problem.first.map(|first| dropped.original(&first));
        Some(self.locate(&problem))
    }
}

/// The report on a file that is not even text.
pub fn report_unreadable(name: &str, unreadable: Unreadable) -> Report {
    let help = unreadable.help.map(str::to_owned);
    let found = diagnostic(name, "", unreadable.at, &KeyPath::root(), unreadable.message);
    Report::new(name, vec![Diagnostic { help, ..found }])
}

fn from_fault(name: &str, text: &str, fault: Fault) -> Diagnostic {
    Diagnostic {
        help: fault.help,
        first_line: fault.first.map(|first| first.line),
        ..diagnostic(name, text, Some(fault.place), &fault.path, fault.message)
    }
}

fn diagnostic(name: &str, text: &str, place: Option<Place>, path: &KeyPath, message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        file: name.to_owned(),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        key_path: path.to_string(),
        message,
        help: None,
        first_line: None,
        snippet: place.and_then(|place| Snippet::of(text, place)),
    }
}
