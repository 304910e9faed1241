//! A file for every mistake people make. Each marks the lines where an error belongs with `# <-`, and has a snapshot
//! of the report beside it.

use std::fs;
use std::path::{Path, PathBuf};

use tollgate::config::{self, Severity};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/config/broken")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 60, "only {} broken files", files.len());
    files
}

fn report(file: &Path) -> config::Report {
    let name = file.file_name().unwrap().to_str().unwrap();
    match config::load_as(file, name) {
        Err(report) => report,
        Ok(_) => panic!("{name} was accepted"),
    }
}

#[test]
fn every_broken_file_is_refused_with_a_useful_sentence() {
    for file in files() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, report(&file).to_string()));
    }
}

#[test]
fn every_error_is_on_the_line_that_the_file_marks() {
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let marked = text.lines().enumerate().filter(|(_, line)| line.contains("# <-"));
        let expected: Vec<usize> = marked.map(|(index, _)| index + 1).collect();
        let report = report(&file);
        let mut found: Vec<usize> = report
            .diagnostics()
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .filter_map(|diagnostic| diagnostic.line)
            .collect();
        found.dedup();
        assert_eq!(found, expected, "{}\n{report}", file.display());
    }
}
