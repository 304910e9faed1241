//! The tables in a page of the book, between two markers.

use std::error::Error;
use std::path::Path;

use super::machine::Machine;
use super::table::table;
use super::terminal::remarks;
use crate::bench::Section;
use crate::goals::{self, Outcome};

const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";

/// # Errors
/// When the page cannot be read or written, or has no markers.
pub fn write(
    page: &Path,
    machine: &Machine,
    sections: &[Section],
    goals: &[Outcome],
) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(page)?;
    let replaced = replace(&text, &markdown(machine, sections, goals));
    let replaced = replaced.ok_or_else(|| format!("{}: the markers are missing", page.display()))?;
    Ok(std::fs::write(page, replaced)?)
}

fn replace(page: &str, measured: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{measured}\n{END}{after}"))
}

fn markdown(machine: &Machine, sections: &[Section], goals: &[Outcome]) -> String {
    let mut parts = vec![list(&machine.lines())];
    for section in sections {
        parts.push(format!("### {}\n", section.workload.id));
        parts.push(format!("{}.\n", capitalised(section.workload.what)));
        parts.push(rows(&table(section)));
        parts.push(list(&remarks(section)));
    }
    parts.push("### Goals\n".to_owned());
    parts.push(rows(&goals::table(goals)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn rows(lines: &[Vec<String>]) -> String {
    let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
    let Some((header, rest)) = lines.split_first() else {
        return String::new();
    };
    let rule = "|---".to_owned() + &"|--:".repeat(header.len() - 1) + "|\n";
    std::iter::once(line(header)).chain([rule]).chain(rest.iter().map(line)).collect()
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let page = format!("# Page\n{BEGIN}old\n{END}after\n");
        let replaced = replace(&page, "new").unwrap();
        assert_eq!(replaced, format!("# Page\n{BEGIN}\nnew\n{END}after\n"));
        assert_eq!(replace(&replaced, "new").unwrap(), replaced);
        assert!(replace("# Page\n", "new").is_none());
    }

    #[test]
    fn a_table_has_a_rule_under_its_header() {
        let lines = [vec![String::new(), "CPU".to_owned()], vec!["floor".to_owned(), "73.0".to_owned()]];
        assert_eq!(rows(&lines), "|  | CPU |\n|---|--:|\n| floor | 73.0 |\n");
    }
}
