//! Links: every relative one leads to a file, and to a heading where it names one.

use std::path::Path;

use super::{documentation, prose_and_blocks, read};

/// The targets of a page's inline links, code spans left out.
fn targets(prose: &[&str]) -> Vec<String> {
    let mut targets = Vec::new();
    for line in prose {
        let without_code: String = line.split('`').step_by(2).collect();
        for link in without_code.split("](").skip(1) {
            targets.extend(link.split_once(')').map(|(target, _)| target.to_string()));
        }
    }
    targets
}

/// A heading's anchor, the way both GitHub and mdBook make one.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn anchors(page: &Path) -> Vec<String> {
    let text = read(page);
    let (prose, _) = prose_and_blocks(&text);
    let headings = prose.iter().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

/// Why a link of `page` leads nowhere, if it does.
fn fault(page: &Path, target: &str) -> Option<String> {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let linked = match file {
        "" => page.to_path_buf(),
        file => page.parent().expect("a page is in a folder").join(file),
    };
    if !linked.exists() {
        return Some(format!("{}: {target}: there is no such file", page.display()));
    }
    let found = heading.is_empty() || anchors(&linked).iter().any(|anchor| anchor == heading);
    (!found).then(|| format!("{}: {target}: there is no such heading", page.display()))
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut followed = 0;
    let mut faults = Vec::new();
    for page in documentation() {
        let text = read(&page);
        let relative = |target: &String| !target.contains("://") && !target.starts_with("mailto:");
        for target in targets(&prose_and_blocks(&text).0).iter().filter(|target| relative(target)) {
            followed += 1;
            faults.extend(fault(&page, target));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(followed > 40, "only {followed} links were found");
}

#[test]
fn a_link_to_nothing_and_to_a_missing_heading_is_noticed() {
    let page = super::root().join("README.md");
    assert!(fault(&page, "docs/no-such-page.md").is_some());
    assert!(fault(&page, "docs/reasons.md#no-such-reason").is_some());
    assert!(fault(&page, "docs/reasons.md#no_api").is_none());
    assert_eq!(targets(&["a [b](c.md), `[d](e.md)` and [f](#g)"]), ["c.md", "#g"]);
}
