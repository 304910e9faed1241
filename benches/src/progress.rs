//! How far the run is, on standard error: a bar with the time left on a terminal, else a line now and then.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

const WIDTH: usize = 30;

pub struct Progress {
    steps: usize,
    done: usize,
    start: Instant,
    terminal: bool,
    said: String,
}

impl Progress {
    pub fn new(steps: usize) -> Progress {
        Progress {
            steps,
            done: 0,
            start: Instant::now(),
            terminal: stderr().is_terminal(),
            said: String::new(),
        }
    }

    /// Says what is being done, as a part of what is to be done for a workload.
    pub fn doing(&mut self, workload: &str, what: &str) {
        let done = self.done as f64 / self.steps.max(1) as f64;
        let left = match left(self.start.elapsed(), done) {
            Some(left) => format!("{}:{:02} left", left.as_secs() / 60, left.as_secs() % 60),
            None => "time left not known yet".to_owned(),
        };
        if self.terminal {
            let filled = (done * WIDTH as f64) as usize;
            let bar = "#".repeat(filled) + &".".repeat(WIDTH.saturating_sub(filled));
            self.write(&format!("\r\x1b[K[{bar}] {:3.0} %  {left}  {workload}: {what}", done * 100.0));
        } else if self.said != workload {
            self.write(&format!("bench: {:.0} % done, {left}; {workload}\n", done * 100.0));
            self.said = workload.to_owned();
        }
    }

    /// Takes so many steps as done, or as not to be done.
    pub fn step(&mut self, steps: usize) {
        self.done += steps;
    }

    /// Clears the bar.
    pub fn end(&self) {
        if self.terminal {
            self.write("\r\x1b[K");
        }
    }

    fn write(&self, text: &str) {
        // A closed standard error is no reason to measure nothing.
        let _ = stderr().write_all(text.as_bytes());
        let _ = stderr().flush();
    }
}

/// If the rest takes as long as what is done has taken.
fn left(elapsed: Duration, done: f64) -> Option<Duration> {
    (done > 0.0).then(|| elapsed.mul_f64((1.0 - done).max(0.0) / done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_in_proportion() {
        assert_eq!(left(Duration::from_secs(30), 0.25), Some(Duration::from_secs(90)));
        assert_eq!(left(Duration::from_secs(30), 1.0), Some(Duration::ZERO));
        assert_eq!(left(Duration::from_secs(30), 0.0), None);
    }
}
