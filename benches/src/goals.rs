//! What the gateway is meant to cost at most, and what it does.

use serde_json::{Value, json};

use crate::bench::Section;
use crate::figures::Figure;
use crate::figures::median::Spread;

/// A figure of a row, or its ratio to that of another row, that is to be at most so much.
pub struct Goal {
    workload: &'static str,
    figure: Figure,
    row: &'static str,
    to: Option<&'static str>,
    most: f64,
}

const fn ratio(workload: &'static str, row: &'static str, to: &'static str, most: f64) -> Goal {
    Goal { workload, figure: Figure::Cpu, row, to: Some(to), most }
}

pub const ALL: &[Goal] = &[
    ratio("W1", "tollgate", "floor", 1.10),
    ratio("W1s", "tollgate", "floor", 1.10),
    ratio("W1", "tollgate", "envoy", 0.6),
    ratio("W1s", "tollgate", "envoy", 0.7),
    ratio("W2", "tollgate", "envoy", 0.7),
    ratio("W3", "tollgate", "envoy", 0.6),
    ratio("W1", "tollgate", "caddy", 0.45),
    ratio("W1s", "tollgate", "caddy", 0.45),
    ratio("W2", "tollgate", "tollgate, W1s", 1.15),
];

/// A goal, and what was measured.
pub struct Outcome {
    goal: &'static Goal,
    measured: Option<Spread>,
}

/// All goals of the workloads that were run.
pub fn outcomes(sections: &[Section]) -> Vec<Outcome> {
    let of = |goal: &'static Goal| {
        let section = sections.iter().find(|section| section.workload.id == goal.workload)?;
        Some(Outcome { goal, measured: goal.measured(section) })
    };
    ALL.iter().filter_map(of).collect()
}

impl Goal {
    fn measured(&self, section: &Section) -> Option<Spread> {
        let row = section.row(self.row)?;
        Spread::of(match self.to {
            Some(to) => row.ratios(self.figure, section.row(to)?),
            None => row.values(self.figure),
        })
    }

    fn text(&self) -> String {
        let of = |name: &str| format!("{name} {}", self.figure.title());
        match self.to {
            Some(to) => format!("{}: {} to that of {to}", self.workload, of(self.row)),
            None => format!("{}: {}", self.workload, of(self.row)),
        }
    }
}

impl Outcome {
    /// Not known where it was not measured.
    fn met(&self) -> Option<bool> {
        self.measured.map(|measured| measured.median <= self.goal.most)
    }

    pub fn json(&self) -> Value {
        json!({
            "goal": self.goal.text(), "at_most": self.goal.most, "measured": self.measured, "met": self.met(),
        })
    }

    fn line(&self) -> Vec<String> {
        let measured = self.measured.map(|it| format!("{:.2} ({:.2}-{:.2})", it.median, it.lower, it.upper));
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "not met",
            None => "not measured",
        };
        vec![self.goal.text(), self.goal.most.to_string(), measured.unwrap_or_default(), met.to_owned()]
    }
}

pub fn table(outcomes: &[Outcome]) -> Vec<Vec<String>> {
    let header = ["goal", "at most", "measured", ""].map(str::to_owned).to_vec();
    std::iter::once(header).chain(outcomes.iter().map(Outcome::line)).collect()
}
