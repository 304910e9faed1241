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
    to: To,
    most: f64,
}

/// What a figure is set against.
#[derive(Clone, Copy)]
enum To {
    Nothing,
    Ratio(&'static str),
    Difference(&'static str),
}

const fn ratio(workload: &'static str, row: &'static str, to: &'static str, most: f64) -> Goal {
    Goal { workload, figure: Figure::Cpu, row, to: To::Ratio(to), most }
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
    ratio("W4", "tollgate", "envoy", 1.0),
    Goal { figure: Figure::Delay50, ..ratio("W4", "tollgate", "floor", 1.2) },
    Goal { figure: Figure::FirstByte, ..more("W4", "tollgate", "direct", 1000.0) },
    ratio("W5", "tollgate RS256", "tollgate, W1s", 1.10),
    ratio("W5", "tollgate ES256", "tollgate, W1s", 1.10),
    ratio("W5", "tollgate EdDSA", "tollgate, W1s", 1.10),
    ratio("W5", "tollgate RS256", "envoy RS256", 0.6),
    ratio("W5", "tollgate RS256", "haproxy RS256", 1.0),
    ratio("W5", "tollgate ES256", "haproxy ES256", 1.0),
    ratio("W7", "tollgate, API key", "tollgate, W1s", 1.05),
    ratio("W7", "tollgate, limit in memory", "tollgate, W1s", 1.05),
    value("W8", "tollgate", Figure::PerConnection, 32.0),
    Goal { figure: Figure::PerStream, ..ratio("W8", "tollgate", "floor", 1.0) },
    value("W8", "tollgate", Figure::AtRest, 30.0),
    ratio("W9", "tollgate, 10,000 APIs", "tollgate, 1 API", 1.02),
    value("W9t", "tollgate, 10,000 APIs", Figure::Start, 1000.0),
    value("W9t", "tollgate, 1,000 APIs", Figure::Check, 200.0),
    ratio("W11", "tollgate, mcp_acl", "tollgate, W1s", 1.5),
    ratio("W11", "tollgate, observe", "tollgate, W1s", 1.1),
];

const fn value(workload: &'static str, row: &'static str, figure: Figure, most: f64) -> Goal {
    Goal { workload, figure, row, to: To::Nothing, most }
}

/// At most so much more than another row.
const fn more(workload: &'static str, row: &'static str, than: &'static str, most: f64) -> Goal {
    Goal { workload, figure: Figure::Cpu, row, to: To::Difference(than), most }
}

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
            To::Ratio(to) => row.ratios(self.figure, section.row(to)?),
            To::Difference(than) => row.added(self.figure, section.row(than)?),
            To::Nothing => row.values(self.figure),
        })
    }

    fn text(&self) -> String {
        let of = |name: &str| format!("{name}, {}", self.figure.title());
        match self.to {
            To::Ratio(to) => format!("{}: {} to that of {to}", self.workload, of(self.row)),
            To::Difference(than) => format!("{}: {} more than {than}", self.workload, of(self.row)),
            To::Nothing => format!("{}: {}", self.workload, of(self.row)),
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
        let interval = self.measured.and_then(|it| it.interval);
        let interval = interval.map(|(low, high)| format!("{low:.2}-{high:.2}"));
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "not met",
            None => "not measured",
        };
        let [measured, interval] = [measured, interval].map(Option::unwrap_or_default);
        vec![self.goal.text(), self.goal.most.to_string(), measured, interval, met.to_owned()]
    }
}

pub fn table(outcomes: &[Outcome]) -> Vec<Vec<String>> {
    let header = ["goal", "at most", "measured", "95 % sure", ""].map(str::to_owned).to_vec();
    std::iter::once(header).chain(outcomes.iter().map(Outcome::line)).collect()
}
