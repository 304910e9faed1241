//! What processes have used, as the system tells it: processor time and memory, over a process and all its descendants.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// A process and its descendants, as they were when it was looked for.
#[derive(Clone, Debug, Default)]
pub struct Tree(Vec<u32>);

impl Tree {
    pub fn of(root: u32) -> Tree {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for pid in processes() {
            if let Some(parent) = parent(pid) {
                children.entry(parent).or_default().push(pid);
            }
        }
        let mut tree = vec![root];
        let mut index = 0;
        while let Some(pid) = tree.get(index) {
            tree.extend(children.remove(pid).unwrap_or_default());
            index += 1;
        }
        Tree(tree)
    }

    /// All but the first.
    pub fn descendants(&self) -> impl Iterator<Item = u32> {
        self.0.iter().skip(1).copied()
    }

    /// With the processes of another that are not in this one.
    pub fn and(mut self, other: &Tree) -> Tree {
        self.0.extend(other.0.iter().filter(|pid| !self.0.contains(pid)).collect::<Vec<_>>());
        self
    }

    /// Time in user mode and in the kernel. Read from the clocks of the processes, which know it to the nanosecond;
    /// proc(5) tells the same sum in hundredths of a second.
    pub fn processor_time(&self) -> Duration {
        self.0.iter().filter_map(|pid| processor_time(*pid)).sum()
    }

    /// Memory in bytes: the proportional set size, or where the system does not tell it the resident one.
    pub fn memory(&self) -> u64 {
        self.0.iter().filter_map(|pid| memory(*pid)).sum()
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_the_name) = stat.rsplit_once(')')?;
    after_the_name.split_whitespace().nth(1)?.parse().ok()
}

fn processor_time(pid: u32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid.cast_signed())).ok()?;
    clock.now().ok().map(Duration::from)
}

fn memory(pid: u32) -> Option<u64> {
    let line = |file: &str, name: &str| {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim_end_matches("kB").trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    };
    line("smaps_rollup", "Pss:").or_else(|| line("status", "VmRSS:"))
}

/// What had been used when it was read: by a target, by everything of the measurement, by the whole machine.
pub struct Reading {
    target: Option<Tree>,
    ours: Tree,
    target_time: Duration,
    our_time: Duration,
    busy: Duration,
    at: Instant,
}

/// What was used between two readings.
pub struct Used {
    /// By the target, if it has a process of its own.
    pub target: Option<Duration>,
    /// By others, as a share of all processors.
    pub foreign: f64,
    pub elapsed: Duration,
}

impl Reading {
    /// The target by the id of its process.
    pub fn new(target: Option<u32>) -> Reading {
        let target = target.map(Tree::of);
        let ours = Tree::of(std::process::id()).and(target.as_ref().unwrap_or(&Tree::default()));
        Reading::of(target, ours)
    }

    fn of(target: Option<Tree>, ours: Tree) -> Reading {
        let target_time = target.as_ref().map(Tree::processor_time).unwrap_or_default();
        let our_time = ours.processor_time();
        Reading { target, ours, target_time, our_time, busy: busy(), at: Instant::now() }
    }

    pub fn since(self) -> Used {
        let now = Reading::of(self.target, self.ours);
        let target = now.target_time.saturating_sub(self.target_time);
        let elapsed = now.at - self.at;
        let ours = now.our_time.saturating_sub(self.our_time);
        let foreign = now.busy.saturating_sub(self.busy).saturating_sub(ours);
        let all = elapsed.as_secs_f64() * processors();
        Used { target: now.target.map(|_| target), foreign: foreign.as_secs_f64() / all, elapsed }
    }
}

pub fn processors() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |count| count.get() as f64)
}

/// Time in which any processor was at work for a process, or was not ours because another guest had it (`steal`). What
/// interrupts take is left out: that of our own traffic over loopback is nobody's.
fn busy() -> Duration {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|it| it.parse().ok())
        .collect();
    // user, nice, system, (idle, iowait, irq, softirq,) steal
    let ticks: f64 = [0, 1, 2, 7].iter().filter_map(|index| fields.get(*index)).sum();
    Duration::from_secs_f64(ticks / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_with_what_it_has_used() {
        let own = Tree::of(std::process::id());
        let before = own.processor_time();
        let sum: u64 = (0..2_000_000_u64).map(std::hint::black_box).sum();
        assert!(std::hint::black_box(sum) > 0);
        assert!(own.processor_time() > before);
        assert!(own.memory() > 100_000);
    }

    #[test]
    fn children_belong_to_the_tree_and_are_counted_once() {
        let mut child = std::process::Command::new("sleep").arg("5").spawn().unwrap();
        let tree = Tree::of(std::process::id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(tree.0.contains(&child.id()));
        let both = tree.clone().and(&Tree(vec![child.id()]));
        assert_eq!(both.0.len(), tree.0.len());
    }
}
