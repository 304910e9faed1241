//! Where it was measured, with what.

use std::fs;

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::options::Options;
use crate::parts::sampler::processors;

/// Above this share of the machine, in percent, what others did is in the figures.
pub const FOREIGN_BOUND: f64 = 5.0;

pub struct Machine {
    pub processor: String,
    pub processors: f64,
    pub memory_gb: f64,
    pub system: String,
    /// The targets, with their versions.
    pub targets: Vec<(String, String)>,
    /// The targets that are missing, and why.
    pub missing: Vec<String>,
    pub command: String,
}

impl Machine {
    pub fn new(lab: &Lab, options: &Options) -> Machine {
        let line = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.split_once(':').map(|(_, it)| it.trim()));
            value.unwrap_or("unknown").to_owned()
        };
        let memory = line("/proc/meminfo", "MemTotal");
        let kilobytes: f64 = memory.trim_end_matches("kB").trim().parse().unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Machine {
            processor: line("/proc/cpuinfo", "model name"),
            processors: processors(),
            memory_gb: kilobytes / 1e6,
            system: format!("Linux {}", kernel.trim()),
            targets: lab.targets.iter().map(|it| (it.name().to_owned(), it.version())).collect(),
            missing: lab.missing.clone(),
            command: command(options),
        }
    }

    /// In lines.
    pub fn lines(&self) -> Vec<String> {
        let targets: Vec<String> = self
            .targets
            .iter()
            .map(|(name, version)| format!("{name} {version}").trim().to_owned())
            .collect();
        let mut lines = vec![
            format!(
                "Machine: {} processors ({}), {:.0} GB, {}",
                self.processors, self.processor, self.memory_gb, self.system
            ),
            format!("Targets: {}", targets.join(", ")),
        ];
        lines.extend(self.missing.iter().map(|reason| format!("Not measured: {reason}")));
        lines.push(format!("Command: `{}`", self.command));
        lines
    }

    pub fn json(&self) -> Value {
        json!({
            "processor": self.processor, "processors": self.processors, "memory_gb": self.memory_gb,
            "system": self.system, "missing": self.missing, "command": self.command,
            "targets": self.targets.iter().map(|(name, version)| json!({ "name": name, "version": version }))
                .collect::<Vec<_>>(),
        })
    }
}

/// How to measure the same again.
fn command(options: &Options) -> String {
    let mut words = vec!["make bench".to_owned()];
    words.extend(options.quick.then(|| "QUICK=1".to_owned()));
    words.extend((!options.only.is_empty()).then(|| format!("ONLY={}", options.only.join(","))));
    let further = [
        options.rounds.map(|rounds| format!("--rounds {rounds}")),
        options.turn.map(|turn| format!("--turn {}", turn.as_secs_f64())),
    ];
    let further = further.into_iter().flatten().collect::<Vec<_>>().join(" ");
    words.extend((!further.is_empty()).then(|| format!("BENCH='{further}'")));
    words.join(" ")
}
