//! Pages that say what the code says: reasons, the smallest configuration, the table of contents.

use std::collections::BTreeMap;

use tollgate::reason;

use super::{files_below, prose_and_blocks, read, root};

/// Every section of `docs/reasons.md`: the slug, and the status its text begins with.
fn documented_reasons() -> BTreeMap<String, u16> {
    let page = read(&root().join("docs/reasons.md"));
    let mut sections = BTreeMap::new();
    for section in page.split("\n### ").skip(1) {
        let (slug, text) = section.split_once("\n\n").expect("a heading and a text");
        let status = text.split('.').next().and_then(|word| word.parse().ok());
        let status = status.unwrap_or_else(|| panic!("the section {slug} does not begin with a status"));
        assert!(sections.insert(slug.to_string(), status).is_none(), "{slug} has two sections");
    }
    sections
}

#[test]
fn the_page_of_reasons_has_every_slug_with_its_status_and_no_other() {
    let known: BTreeMap<String, u16> =
        reason::all().map(|reason| (reason.slug.to_string(), reason.status)).collect();
    assert_eq!(documented_reasons(), known);
}

#[test]
fn the_readme_shows_the_shipped_smallest_file() {
    let readme = read(&root().join("README.md"));
    let shipped = read(&root().join("conf/gateway.yaml"));
    let (for_editors, rest) = shipped.split_once('\n').expect("more than one line");
    assert!(for_editors.starts_with("# yaml-language-server:"), "{for_editors}");
    let (_, blocks) = prose_and_blocks(&readme);
    let (_, first) = blocks.iter().find(|(info, _)| *info == "yaml").expect("a yaml block");
    assert_eq!(first.join("\n"), rest.trim_end());
}

#[test]
fn the_book_lists_every_page_once() {
    let docs = root().join("docs");
    let summary = read(&docs.join("SUMMARY.md"));
    for page in files_below(&docs, "md") {
        let name = page.strip_prefix(&docs).unwrap().display().to_string();
        let listed = summary.matches(&format!("]({name})")).count();
        assert_eq!(listed, usize::from(name != "SUMMARY.md"), "{name}");
    }
}

#[test]
fn every_end_to_end_test_of_the_case_table_exists() {
    let table = read(&root().join("docs/authorization-cases.md"));
    let mut sources = String::new();
    for file in files_below(&root().join("gateway/tests/e2e"), "rs") {
        sources += &read(&file);
    }
    let named = table.split("e2e: `").skip(1).map(|rest| rest.split('`').next().expect("a name"));
    let named: Vec<&str> = named.collect();
    assert!(named.len() > 30, "{}", named.len());
    for name in named {
        assert!(sources.contains(&format!("fn {name}()")), "{name}");
    }
    assert_eq!(table.matches("e2e: ").count(), table.matches("e2e: `").count(), "a proof without a test");
}
