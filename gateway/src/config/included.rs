//! Files with consumers that a configuration names: of one for each partner, perhaps written by another program. Each is read,
//! checked and reported as what it is, with its own name and lines; a file that is wrong refuses the whole.

use std::path::{Path, PathBuf};

use super::check::IncludedConsumers;
use super::diagnostic::{Diagnostic, Report};
use super::document::{ConsumerFile, Document};
use super::dropped::Dropped;
use super::key_path::{KeyPath, Step};
use super::load;
use super::problem::{Problem, quoted};
use super::source::{Source, report_unreadable};
use super::{Pattern, file};

/// Where the consumers of the files are, as [`check`](super::check) calls them: the file by its place, then its own path.
const LIST: &str = "consumer_files";

/// One file.
pub struct Text {
    /// As it is reported: beside the configuration, unless its path is absolute.
    name: String,
    path: PathBuf,
    text: String,
}

/// One file that could be read, and what is left of it.
pub struct Read<'t> {
    source: Source<'t>,
    dropped: Dropped,
    /// To be checked.
    pub consumers: IncludedConsumers,
}

/// The files a document names, in its order. Those that are not there are added to `problems`, which are those of the document.
pub fn find(document: &Document, folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for (index, written) in document.consumer_files.iter().enumerate() {
        let path = KeyPath::root().key(LIST).item(index);
        let found = matching(&folder.join(written.as_str()));
        if found.is_empty() {
            let message = format!("there is no file {}", quoted(written.as_str()));
            let problem = Problem::error(path.clone(), message);
            problems.push(problem.help("a relative path starts at the folder of this file"));
        }
        for file in found {
            if files.contains(&file) {
                let message = format!("{} is read already", quoted(&file.display().to_string()));
                problems.push(Problem::error(path.clone(), message).help("name each file once"));
            } else {
                files.push(file);
            }
        }
    }
    files
}

/// The file itself, or those whose names fit where the name has stars; in the order of their names.
fn matching(path: &Path) -> Vec<PathBuf> {
    let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
    let name = name.to_string_lossy();
    if !name.contains('*') {
        return path.is_file().then(|| path.to_owned()).into_iter().collect();
    }
    let pattern = Pattern::parse(&name);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| pattern.fits(&entry.file_name().to_string_lossy()));
    let mut files: Vec<PathBuf> = files.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// What is looked at for changes: the files, and the folders in which another may appear.
pub fn watched(document: &Document, folder: &Path, files: &[PathBuf]) -> Vec<PathBuf> {
    let starred = document.consumer_files.iter().filter(|written| written.as_str().contains('*'));
    let folders = starred.filter_map(|written| Some(folder.join(written.as_str()).parent()?.to_owned()));
    files.iter().cloned().chain(folders).collect()
}

/// Reads them as texts. What cannot be read is reported beside.
pub fn read_texts(files: Vec<PathBuf>, folder: &Path) -> (Vec<Text>, Vec<Diagnostic>) {
    let (mut texts, mut found) = (Vec::new(), Vec::new());
    for path in files {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        match file::read(&path) {
            Ok(text) => texts.push(Text { name, path, text }),
            Err(unreadable) => found.extend(report_unreadable(&name, unreadable).into_diagnostics()),
        }
    }
    (texts, found)
}

/// Reads them as lists of consumers. What is wrong is added to `found`.
pub fn read<'t>(texts: &'t [Text], found: &mut Vec<Diagnostic>) -> Vec<Read<'t>> {
    let mut files = Vec::new();
    for text in texts {
        match read_one(text, found) {
            Ok(read) => files.extend(read),
            Err(report) => found.extend(report.into_diagnostics()),
        }
    }
    files
}

fn read_one<'t>(text: &'t Text, found: &mut Vec<Diagnostic>) -> Result<Option<Read<'t>>, Report> {
    let (source, faults) = Source::index(&text.name, &text.text)?;
    found.extend(faults);
    let read = load::read_document::<ConsumerFile>(&text.text);
    let read = read.map_err(|(place, message)| source.report_yaml(place, &message))?;
    found.extend(read.problems.iter().map(|problem| source.locate(problem)));
    let Some(document) = read.document else { return Ok(None) };
    let folder = text.path.parent().unwrap_or(Path::new("")).to_owned();
    let consumers = IncludedConsumers { consumers: document.consumers, folder };
    Ok(Some(Read { source, dropped: read.dropped, consumers }))
}

/// Where a file's own paths begin, for the file at this place.
pub fn base(place: usize) -> KeyPath {
    KeyPath::root().key(LIST).item(place).key("consumers")
}

/// Gives a problem its place, in the file that it is about; `main` is the configuration itself. `None` where it is about
/// what stands in for a value that was refused.
pub fn locate(mut problem: Problem, main: (&Source<'_>, &Dropped), files: &[Read<'_>]) -> Option<Diagnostic> {
    let of = |path: &KeyPath| match own(path) {
        Some((place, own)) => files.get(place).map(|file| (&file.source, &file.dropped, own)),
        None => Some((main.0, main.1, path.clone())),
    };
    let (source, dropped, path) = of(&problem.path)?;
    let first = problem.first.take().and_then(|first| of(&first));
    match first {
        Some((other, _, first)) if std::ptr::eq(other, source) => problem.first = Some(first),
        Some((other, dropped, first)) => {
            let (name, line) = other.line(&dropped.original(&first));
            problem.message = format!("{}; the first is in {name}, line {line}", problem.message);
        }
        None => {}
    }
    problem.absent = problem.absent.map(|absent| own(&absent).map_or(absent.clone(), |(_, own)| own));
    problem.path = path;
    source.locate_checked(problem, dropped)
}

/// The place of the file that a path is in, and the path there.
fn own(path: &KeyPath) -> Option<(usize, KeyPath)> {
    match path.steps() {
        [Step::Key(list), Step::Item(place), rest @ ..] if list == LIST && !rest.is_empty() => {
            Some((*place, rest.iter().cloned().collect()))
        }
        _ => None,
    }
}
