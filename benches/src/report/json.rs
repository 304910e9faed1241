//! Everything that was measured, round by round, and the figures made of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::machine::Machine;
use crate::bench::Section;
use crate::figures::median::Spread;
use crate::figures::{Figure, Row};
use crate::goals::Outcome;

pub fn report(machine: &Machine, sections: &[Section], goals: &[Outcome]) -> Value {
    json!({
        "machine": machine.json(),
        "workloads": sections.iter().map(section).collect::<Vec<_>>(),
        "goals": goals.iter().map(Outcome::json).collect::<Vec<_>>(),
    })
}

fn section(section: &Section) -> Value {
    json!({
        "id": section.workload.id, "what": section.workload.what, "unit": section.workload.traffic.unit(),
        "skipped": section.skipped, "foreign_percent": section.foreign(),
        "rows": section.rows.iter().map(|row| self::row(row, section)).collect::<Vec<_>>(),
    })
}

fn row(row: &Row, section: &Section) -> Value {
    let figures: BTreeMap<String, Value> =
        row.figures().into_iter().map(|figure| (name(figure), of(row.values(figure)))).collect();
    let ratio = |other: &Row| (other.name.clone(), of(row.ratios(Figure::Cpu, other)));
    let others = section
        .rows
        .iter()
        .filter(|other| other.name != row.name && !row.ratios(Figure::Cpu, other).is_empty());
    let ratios: BTreeMap<String, Value> = others.map(ratio).collect();
    json!({ "name": row.name, "void": row.void, "figures": figures, "cpu_to": ratios })
}

fn of(rounds: Vec<f64>) -> Value {
    json!({ "rounds": rounds.clone(), "spread": Spread::of(rounds) })
}

fn name(figure: Figure) -> String {
    serde_json::to_value(figure).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
