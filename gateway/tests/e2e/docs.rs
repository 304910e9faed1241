//! What is written about the program, held against the program: pages, links, commands, and the rules of the
//! source tree that no compiler checks.

mod architecture;
mod commands;
mod links;
mod pages;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in a workspace").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder with this extension.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The documentation: the README, its neighbours and the book.
fn documentation() -> Vec<PathBuf> {
    let root = root();
    let mut pages = files_below(&root.join("docs"), "md");
    pages.extend(["README.md", "CHANGELOG.md", "SECURITY.md"].map(|page| root.join(page)));
    pages
}

/// A page's lines outside of fenced blocks, and its blocks with what stands behind their fence.
fn prose_and_blocks(page: &str) -> (Vec<&str>, Vec<(&str, Vec<&str>)>) {
    let (mut prose, mut blocks) = (Vec::new(), Vec::new());
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in page.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(info)) => open = Some((info.trim(), Vec::new())),
            (None, None) => prose.push(line),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, lines)), None) => lines.push(line),
        }
    }
    assert!(open.is_none(), "a fenced block is left open");
    (prose, blocks)
}
