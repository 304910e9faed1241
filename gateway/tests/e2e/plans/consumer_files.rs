//! Consumers in files of their own.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::{ask, is_refused, sha256, upstream};
use crate::support::PATIENCE;
use crate::support::tollgate::{Tollgate, binary};
use crate::support::upstream::Upstream;

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    fs::write(file, text).expect("the file is written");
}

/// A folder with a configuration that names `consumer_files`.
fn folder(upstream: &Upstream, files: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let yaml = format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nconsumer_files: {files}\napis:\n  - {{ name: a, path: \
         /a/mcp, endpoints: [\"{}\"], plans: [{{ name: keys, api_key: {{}} }}] }}\n",
        upstream.url("/mcp")
    );
    write(folder.path(), "gateway.yaml", &yaml);
    folder
}

fn consumer(name: &str, key: &str) -> String {
    format!("consumers:\n  - name: {name}\n    plans: [a/keys]\n    api_keys: [{{ {key} }}]\n")
}

fn digest(key: &str) -> String {
    format!("sha256: {}", sha256(key))
}

fn opens(gateway: &Tollgate, key: &str) -> bool {
    ask(gateway, &[("x-api-key", key)]).status == 200
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
    }
}

#[test]
fn consumers_come_from_files_of_their_own_which_are_read_again_when_they_change() {
    let upstream = upstream();
    let folder = folder(&upstream, "[one.yaml, \"partners/*.yaml\"]");
    let root = folder.path().to_owned();
    write(&root, "one.yaml", &consumer("one", &digest("first")));
    // A secret is beside the file that names it.
    write(&root, "partners/two.yaml", &consumer("two", "value: \"${file:two.key}\""));
    write(&root, "partners/two.key", "second");
    write(&root, "partners/two.txt", "no list of consumers");
    let gateway = Tollgate::start_in(folder, 1);
    assert!(opens(&gateway, "first") && opens(&gateway, "second"));
    write(&root, "one.yaml", &consumer("one", &digest("newer")));
    until("a file that has changed is used", || opens(&gateway, "newer"));
    is_refused(&ask(&gateway, &[("x-api-key", "first")]), "api_key_invalid");
    write(&root, "partners/three.yaml", &consumer("three", &digest("third")));
    until("a file that is new is used", || opens(&gateway, "third"));
    write(&root, "partners/two.key", "another");
    until("a secret that has changed is used", || opens(&gateway, "another"));
    fs::remove_file(root.join("partners/three.yaml")).expect("it is there");
    until("a file that is gone is forgotten", || !opens(&gateway, "third"));
    assert!(opens(&gateway, "newer"));
}

#[test]
fn a_file_that_is_wrong_refuses_the_whole_and_is_named_with_its_line() {
    let upstream = upstream();
    let folder = folder(&upstream, "[one.yaml, two.yaml, none.yaml, three.yaml]");
    let root = folder.path();
    write(root, "one.yaml", &consumer("one", &digest("first")));
    let again = consumer("one", &digest("first")).replace("a/keys", "a/nothing");
    write(root, "two.yaml", &(again + "    unknown: 1\n"));
    write(root, "three.yaml", "consumers: [\n");
    let checked = binary().args(["check", "-c"]).arg(root.join("gateway.yaml")).output().expect("it runs");
    let said =
        String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(!checked.status.success(), "{said}");
    for expected in [
        "there is no file `none.yaml`\n  --> ",
        "gateway.yaml:3:38",
        "unknown key `unknown`\n  --> two.yaml:5:5",
        "another consumer is called `one`; the first is in one.yaml, line 2\n  --> two.yaml:2:11",
        "this key is in the file already; the first is in one.yaml, line 4\n  --> two.yaml:4:",
        "there is no plan `a/nothing`\n  --> two.yaml:3:13",
        "three.yaml:",
    ] {
        assert!(said.contains(expected), "{expected:?} in {said}");
    }
    let mut gateway = {
        let good = self::folder(&upstream, "[one.yaml]");
        write(good.path(), "one.yaml", &consumer("one", &digest("first")));
        Tollgate::start_in(good, 1)
    };
    let file = gateway.config_path().with_file_name("one.yaml");
    fs::write(&file, "consumers: 7\n").expect("the file is written");
    gateway.process.wait_for(0, "the refusal", |line| line.contains("one.yaml:1:12").then_some(()));
    assert!(opens(&gateway, "first"), "what was good goes on to serve");
}
