//! A workload as a table of text, the same for a terminal and for a page.

use crate::bench::Section;
use crate::figures::median::Spread;
use crate::figures::{Figure, Row};
use crate::traffic::Traffic;

/// The row whose ratio to each other one is told.
const SUBJECT: &str = "tollgate";
/// The row that latencies are compared with: that with nothing in between, where there is one.
pub fn reference(section: &Section) -> &'static str {
    section.row("direct").map_or(section.workload.base, |_| "direct")
}

/// What a column says of a row.
#[derive(Clone, Copy)]
pub enum Column {
    Median(&'static str, Figure),
    /// To the base of the workload.
    Ratio(&'static str, Figure),
    /// Of the gateway to this one.
    Subject(&'static str, Figure),
    /// Beyond that of the reference.
    Added(&'static str, Figure),
}

const REQUESTS: &[Column] = &[
    Column::Median("CPU, µs", Figure::Cpu),
    Column::Ratio("to {base}", Figure::Cpu),
    Column::Subject("tollgate to it", Figure::Cpu),
    Column::Added("p50 +µs", Figure::P50),
    Column::Added("p99 +µs", Figure::P99),
    Column::Added("p99.9 +µs", Figure::P999),
    Column::Median("a second", Figure::Rate),
    Column::Median("PSS, MB", Figure::Memory),
];

const EVENTS: &[Column] = &[
    Column::Median("CPU, µs", Figure::Cpu),
    Column::Ratio("to {base}", Figure::Cpu),
    Column::Subject("tollgate to it", Figure::Cpu),
    Column::Median("p50 delay, µs", Figure::Delay50),
    Column::Added("added", Figure::Delay50),
    Column::Median("p99 delay, µs", Figure::Delay99),
    Column::Added("first byte +µs", Figure::FirstByte),
    Column::Median("PSS, MB", Figure::Memory),
];

const IDLE: &[Column] = &[
    Column::Median("PSS at rest, MB", Figure::AtRest),
    Column::Median("KB a connection", Figure::PerConnection),
    Column::Median("KB a stream", Figure::PerStream),
    Column::Ratio("to {base}", Figure::PerStream),
];

const START: &[Column] = &[
    Column::Median("start, ms", Figure::Start),
    Column::Median("check, ms", Figure::Check),
    Column::Median("PSS, MB", Figure::Memory),
];

fn columns(traffic: Traffic) -> &'static [Column] {
    match traffic {
        Traffic::Events { .. } => EVENTS,
        Traffic::Idle { .. } => IDLE,
        Traffic::Start => START,
        _ => REQUESTS,
    }
}

/// A header and a line for each row, the rows that count before the others, whose reasons follow the table.
pub fn table(section: &Section) -> Vec<Vec<String>> {
    let columns = columns(section.workload.traffic);
    let header = columns.iter().map(|column| column.title(section.workload.base));
    let mut lines = vec![std::iter::once(String::new()).chain(header).collect()];
    for row in section.rows.iter().filter(|row| row.void.is_none()) {
        let cells = columns.iter().map(|column| column.cell(row, section));
        lines.push(std::iter::once(row.name.clone()).chain(cells).collect());
    }
    lines
}

impl Column {
    fn title(self, base: &str) -> String {
        match self {
            Column::Median(title, _) | Column::Subject(title, _) | Column::Added(title, _) => {
                title.to_owned()
            }
            Column::Ratio(title, _) => title.replace("{base}", base),
        }
    }

    fn cell(self, row: &Row, section: &Section) -> String {
        let other = |name: &str| section.row(name).filter(|other| other.name != row.name);
        let (figures, decimals) = match self {
            Column::Median(_, figure) => (row.values(figure), 1),
            Column::Ratio(_, figure) => {
                (other(section.workload.base).map(|base| row.ratios(figure, base)).unwrap_or_default(), 2)
            }
            Column::Subject(_, figure) => {
                (other(SUBJECT).map(|subject| subject.ratios(figure, row)).unwrap_or_default(), 2)
            }
            Column::Added(_, figure) => {
                (other(reference(section)).map(|it| row.added(figure, it)).unwrap_or_default(), 0)
            }
        };
        let spread = Spread::of(figures);
        match (self, spread) {
            (_, None) => String::new(),
            (Column::Ratio(..) | Column::Subject(..), Some(it)) => {
                format!("{:.decimals$} ({:.decimals$}-{:.decimals$})", it.median, it.lower, it.upper)
            }
            (Column::Median(_, Figure::Cpu), Some(it)) => {
                format!("{:.1} ({:.1}-{:.1})", it.median, it.lower, it.upper)
            }
            (Column::Median(_, Figure::Rate), Some(it)) => format!("{:.0}", it.median),
            (_, Some(it)) => format!("{:.decimals$}", it.median),
        }
    }
}
