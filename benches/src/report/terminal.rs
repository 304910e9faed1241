//! On standard output.

use std::io::{self, Write};

use super::machine::{FOREIGN_BOUND, Machine};
use super::table::{reference, table};
use crate::bench::Section;
use crate::goals::Outcome;

/// # Errors
/// When nobody reads it any more.
pub fn print(
    out: &mut impl Write,
    machine: &Machine,
    sections: &[Section],
    goals: &[Outcome],
) -> io::Result<()> {
    for line in machine.lines() {
        writeln!(out, "{line}")?;
    }
    for section in sections {
        writeln!(out, "\n{}: {}", section.workload.id, section.workload.what)?;
        aligned(out, &table(section))?;
        for line in remarks(section) {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(out, "\nGoals")?;
    aligned(out, &crate::goals::table(goals))
}

/// What the table of a workload does not say.
pub fn remarks(section: &Section) -> Vec<String> {
    let mut remarks: Vec<String> =
        section.skipped.iter().map(|reason| format!("not measured: {reason}")).collect();
    if !section.rows.is_empty() && !section.workload.traffic.starts_anew() {
        remarks.push(format!("latencies are what is added to {}", reference(section)));
    }
    let void = section.rows.iter().filter_map(|row| Some((&row.name, row.void.as_ref()?)));
    remarks.extend(void.map(|(name, reason)| format!("{name} is void: {reason}")));
    let foreign = section.foreign();
    if foreign > FOREIGN_BOUND {
        remarks.push(format!("noisy: others took {foreign:.0} % of the machine meanwhile"));
    }
    remarks
}

fn aligned(out: &mut impl Write, lines: &[Vec<String>]) -> io::Result<()> {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(index, (cell, width))| match index {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        writeln!(out, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
