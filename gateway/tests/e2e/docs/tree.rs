//! What no file of the repository may hold: paths of somebody's machine, and hosts a build should not name.

use std::process::Command;

use super::root;

/// The words, put together here so that this file does not hold them.
fn forbidden() -> Vec<String> {
    let folders = ["home", "root", "work", "Users", "tmp/bash_jobs"].map(|folder| format!("/{folder}/"));
    let registries = [
        ["registry", "npmjs"],
        ["pypi", "org"],
        ["files", "pythonhosted"],
        ["index", "crates.io"],
        ["static", "crates.io"],
        ["deb", "debian"],
    ];
    folders.into_iter().chain(registries.map(|words| words.join("."))).collect()
}

/// The files git knows, as paths below the repository.
fn tracked() -> Vec<String> {
    // The clone may belong to another user than the one who runs the tests.
    let listed = Command::new("git")
        .current_dir(root())
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .output()
        .expect("git exists");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).expect("names are UTF-8");
    names.split_terminator('\0').map(str::to_string).collect()
}

#[test]
fn no_tracked_file_names_somebodys_machine_or_a_package_registry() {
    let forbidden = forbidden();
    let files = tracked();
    assert!(files.len() > 100, "only {} files are tracked", files.len());
    let mut found = Vec::new();
    for file in files {
        // A file that was deleted and not committed yet is no longer there to read.
        let Ok(bytes) = std::fs::read(root().join(&file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let words = forbidden.iter().filter(|word| text.contains(word.as_str()));
        found.extend(words.map(|word| format!("{file}: {word}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
