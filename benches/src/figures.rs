//! What is measured, and how many rounds of it become one figure.

pub mod median;
pub mod quantile;

use serde::Serialize;

/// Something that is measured of a target in each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Processor time of the target for one request, session or event, in microseconds.
    Cpu,
    /// Requests or sessions a second.
    Rate,
    /// Latency from when a request was due, in microseconds.
    P50,
    P99,
    P999,
    /// Memory of the target afterwards, in megabytes.
    Memory,
    /// Memory before the first request, in megabytes.
    AtRest,
    /// Memory for each connection, or each stream, on which nothing happens, in kilobytes.
    PerConnection,
    PerStream,
    /// From the start of a process to its first answer, and for a check of its configuration, in milliseconds.
    Start,
    Check,
    /// Time from a request to the first byte of its answer, in microseconds.
    FirstByte,
    /// What an event was late by at the client, in microseconds.
    Delay50,
    Delay99,
    /// Processor time of others meanwhile, as a percentage of all processors.
    Foreign,
}

impl Figure {
    /// With its unit.
    pub fn title(self) -> &'static str {
        match self {
            Figure::Cpu => "CPU",
            Figure::Rate => "a second",
            Figure::P50 => "p50, µs",
            Figure::P99 => "p99, µs",
            Figure::P999 => "p99.9, µs",
            Figure::Memory => "PSS, MB",
            Figure::AtRest => "PSS at rest, MB",
            Figure::PerConnection => "KB a connection",
            Figure::PerStream => "KB a stream",
            Figure::Start => "start, ms",
            Figure::Check => "check, ms",
            Figure::FirstByte => "first byte, µs",
            Figure::Delay50 => "p50 delay of an event, µs",
            Figure::Delay99 => "p99 delay of an event, µs",
            Figure::Foreign => "foreign, %",
        }
    }
}

/// What one round of a target has brought.
pub type Round = Vec<(Figure, f64)>;

/// A target under one kind of traffic, and all rounds of it.
#[derive(Debug)]
pub struct Row {
    pub name: String,
    pub rounds: Vec<Round>,
    /// Why nothing of it counts.
    pub void: Option<String>,
}

impl Row {
    pub fn new(name: &str) -> Row {
        Row { name: name.to_owned(), rounds: Vec::new(), void: None }
    }

    /// Takes what a round has brought. After one that has failed nothing counts, whatever the others brought.
    pub fn add(&mut self, round: Result<Round, String>) {
        match round {
            Ok(round) => self.rounds.push(round),
            Err(reason) => self.void = Some(reason),
        }
    }

    /// All that was measured of it.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures: Vec<Figure> = self.rounds.iter().flatten().map(|(figure, _)| *figure).collect();
        figures.sort();
        figures.dedup();
        figures
    }

    /// What each round says of it; nothing where the row is void.
    pub fn values(&self, figure: Figure) -> Vec<f64> {
        if self.void.is_some() {
            return Vec::new();
        }
        let of = |round: &Round| round.iter().find(|(found, _)| *found == figure).map(|(_, value)| *value);
        self.rounds.iter().filter_map(of).collect()
    }

    /// The ratios to another row, round by round.
    pub fn ratios(&self, figure: Figure, to: &Row) -> Vec<f64> {
        let pairs = self.values(figure).into_iter().zip(to.values(figure));
        pairs.filter(|(_, to)| *to > 0.0).map(|(own, to)| own / to).collect()
    }

    /// What it has more than another row, round by round.
    pub fn added(&self, figure: Figure, to: &Row) -> Vec<f64> {
        self.values(figure).into_iter().zip(to.values(figure)).map(|(own, to)| own - to).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f64]) -> Row {
        let mut row = Row::new("row");
        values.iter().for_each(|value| row.add(Ok(vec![(Figure::Cpu, *value)])));
        row
    }

    #[test]
    fn ratios_are_those_of_the_same_round() {
        assert_eq!(row(&[20.0, 90.0]).ratios(Figure::Cpu, &row(&[10.0, 30.0])), [2.0, 3.0]);
        assert_eq!(row(&[20.0, 90.0]).added(Figure::Cpu, &row(&[10.0, 30.0])), [10.0, 60.0]);
    }

    #[test]
    fn one_round_that_fails_voids_the_row() {
        let mut void = row(&[20.0]);
        void.add(Err("a status of 502 instead of 200".to_owned()));
        void.add(Ok(vec![(Figure::Cpu, 20.0)]));
        assert_eq!(void.void.as_deref(), Some("a status of 502 instead of 200"));
        assert!(void.values(Figure::Cpu).is_empty());
        assert!(void.ratios(Figure::Cpu, &row(&[10.0])).is_empty());
        assert!(row(&[10.0]).ratios(Figure::Cpu, &void).is_empty());
    }
}
