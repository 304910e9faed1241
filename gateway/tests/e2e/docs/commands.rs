//! Commands people copy: the program takes the arguments, the Makefile has the target.

use clap::Parser;
use tollgate::cli::Cli;

use super::{documentation, prose_and_blocks, read, root};

/// The command lines of all `sh` blocks, with the page they are on.
fn command_lines() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for page in documentation() {
        let text = read(&page);
        for (_, block) in prose_and_blocks(&text).1.iter().filter(|(info, _)| *info == "sh") {
            lines.extend(block.iter().map(|line| (page.display().to_string(), line.to_string())));
        }
    }
    lines
}

fn make_targets() -> Vec<String> {
    let makefile = read(&root().join("Makefile"));
    let rules = makefile.lines().filter(|line| !line.starts_with(['\t', '#', '.', ' ']));
    rules.filter_map(|line| line.split_once(':')).map(|(target, _)| target.trim().to_string()).collect()
}

/// What is wrong with a command line; others than `tollgate` and `make` are not looked at.
fn fault(line: &str, targets: &[String]) -> Option<String> {
    let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
    match words.first()?.rsplit('/').next()? {
        "tollgate" => Cli::try_parse_from(&words).err().map(|error| error.to_string()),
        "make" => {
            let unknown =
                words[1..].iter().find(|word| !word.contains('=') && !targets.iter().any(|it| it == *word));
            unknown.map(|word| format!("the Makefile has no target {word}"))
        }
        _ => None,
    }
}

#[test]
fn every_command_of_the_documentation_is_one_the_program_and_the_makefile_know() {
    let targets = make_targets();
    let mut known = 0;
    for (page, line) in command_lines() {
        if let Some(fault) = fault(&line, &targets) {
            panic!("{page}: {line}: {fault}");
        }
        known += usize::from(line.starts_with("make") || line.contains("tollgate "));
    }
    assert!(known >= 6, "only {known} commands were found");
}

#[test]
fn a_command_that_does_not_exist_is_noticed() {
    let targets = make_targets();
    assert!(targets.iter().any(|target| target == "demo"), "{targets:?}");
    assert!(fault("target/release/tollgate serve -c x.yaml", &targets).is_some());
    assert!(fault("tollgate run --fast", &targets).is_some());
    assert!(fault("make everything", &targets).is_some());
    assert!(fault("make demo ONCE=1 # and end", &targets).is_none());
}
