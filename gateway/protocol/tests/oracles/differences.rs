//! The list of what one reader takes for JSON and another does not, each with its reason.

use std::collections::BTreeSet;
use std::fmt;

/// What a reader does, compared with the envelope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// It takes for JSON what the envelope does not.
    More,
    /// The envelope takes for JSON what it does not.
    Less,
}

impl fmt::Display for Takes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Takes::More => "accepts",
            Takes::Less => "refuses",
        })
    }
}

/// The lines of `differences.txt`, and which of them were seen.
pub struct Differences {
    lines: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Differences {
    pub fn read() -> Differences {
        let mut lines = BTreeSet::new();
        let mut reason = None;
        for line in include_str!("differences.txt").lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("# ") {
                Some(words) => reason = Some(words),
                None => {
                    assert!(reason.is_some(), "a difference without a reason: {line}");
                    assert!(lines.insert(line.to_owned()), "twice in the list: {line}");
                }
            }
        }
        Differences { lines, seen: BTreeSet::new() }
    }

    /// Whether a difference is in the list.
    pub fn know(&mut self, program: &str, takes: Takes, input: &str) -> bool {
        let line = format!("{program} {takes} {input}");
        let known = self.lines.contains(&line);
        self.seen.insert(line);
        known
    }

    /// The lines about these programs that nobody saw.
    pub fn unseen(&self, programs: &BTreeSet<&str>) -> impl Iterator<Item = &str> {
        let about = |line: &str| line.split(' ').next().is_some_and(|program| programs.contains(program));
        self.lines.difference(&self.seen).map(String::as_str).filter(move |line| about(line))
    }
}
