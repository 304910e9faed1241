//! The two YAML parsers must see the same document: one is asked what a value is, the other where it stands.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::position::Index;
use super::*;

fn paths(value: &Value, path: KeyPath, all: &mut Vec<KeyPath>) {
    match value {
        Value::Sequence(items) => {
            items.iter().enumerate().for_each(|(i, item)| paths(item, path.item(i), all))
        }
        Value::Mapping(entries) => {
            entries.iter().for_each(|(key, value)| paths(value, path.key(key.as_str().unwrap()), all));
        }
        _ => {}
    }
    all.push(path);
}

/// The paths of a document as each parser sees them, if both read it.
fn both(text: &str) -> Option<(Vec<KeyPath>, Vec<KeyPath>)> {
    let (index, _) = Index::build(text).ok()?;
    let Tree(root) = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:?}"));
    let mut values = Vec::new();
    paths(&root, KeyPath::root(), &mut values);
    values.sort();
    Some((values, index.paths()))
}

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn both_parsers_see_the_same_values_in_every_file_we_have() {
    let mut compared = 0;
    for file in ["../conf", "tests/e2e/config/broken"].into_iter().flat_map(yaml_files) {
        let text = fs::read_to_string(&file).unwrap();
        // An alias is indexed where it is written, without the values it repeats.
        if text.contains(": *") {
            continue;
        }
        if let Some((values, indexed)) = both(&text) {
            assert_eq!(values, indexed, "{}", file.display());
            compared += 1;
        }
    }
    assert!(compared > 90, "only {compared} files were compared");
}

#[test]
fn both_parsers_see_the_same_values_in_unusual_layouts() {
    for text in [
        "a: 1\r\nb:\r\n  - x\r\n  - y: z\r\n",
        "---\na:\n- b\n- - c\n  - d\n...\n",
        "a: |\n  b: c\n  d\ne: >-\n  f\n\n  g\n",
        "{a: [1,\n 2], \"b c\": {d: e,},\n ? f : g}\n",
        "? a\n: b\n? c\n",
        "'quoted key': \"x: y # no comment\" # comment\n",
        "a: ö\nb: [ü, 日本]\n# end",
        "a: &x b\nc: d\n",
        "a:\nb: ~\nc: ''\n",
        "a: !!str 5\nb: !local {c: d}\n",
        "- a\n-\n  - b\n-\n  c: d\n",
        "just text",
    ] {
        let (values, indexed) = both(text).unwrap();
        assert_eq!(values, indexed, "{text}");
    }
}

#[test]
fn a_position_counts_characters_from_one() {
    let (index, _) = Index::build("a: ö\nb: [ü, {日本: x}]\n").unwrap();
    let path = KeyPath::root().key("b").item(1).key("日本");
    let (key, _) = index.key(&path);
    let (value, _) = index.value(&path);
    assert_eq!((key.line, key.column, key.length), (2, 9, 2));
    assert_eq!((value.line, value.column, value.length), (2, 13, 1));
}

#[test]
fn what_is_not_written_is_found_at_what_is_around_it() {
    let (index, _) = Index::build("apis:\n  - name: a\n").unwrap();
    let (place, found) = index.value(&KeyPath::root().key("apis").item(0).key("path").key("x"));
    assert_eq!((place.line, place.column, found.to_string().as_str()), (2, 5, "apis[0]"));
}

#[test]
fn every_scalar_keeps_its_kind_and_the_first_of_two_keys_wins() {
    let Tree(root) =
        serde_yaml::from_str("a: 1\nb: -2\nc: 3.5\nd: true\ne: ~\n8: x\na: 2\nf: !t y\n").unwrap();
    let plain: Value = serde_yaml::from_str("a: 1\nb: -2\nc: 3.5\nd: true\ne: ~\n'8': x\nf: y\n").unwrap();
    assert_eq!(root, plain);
}
