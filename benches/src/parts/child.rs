//! A program under measurement, or beside it: ended when it is dropped.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PATIENCE: Duration = Duration::from_secs(5);

pub struct Child(std::process::Child);

impl Child {
    /// # Errors
    /// When the program cannot be started.
    pub fn start(mut command: Command) -> Result<Child, Box<dyn Error>> {
        let started = command.spawn();
        started.map(Child).map_err(|error| format!("{}: {error}", command.get_program().display()).into())
    }

    /// Starts a program that prints JSON lines, and waits for the one that says where it listens.
    ///
    /// # Errors
    /// When it ends without one.
    pub fn listening(mut command: Command) -> Result<(Child, SocketAddr), Box<dyn Error>> {
        let name = command.get_program().display().to_string();
        command.stdout(Stdio::piped());
        let mut child = Child::start(command)?;
        let mut lines = BufReader::new(child.0.stdout.take().ok_or("no output")?).lines();
        let address = loop {
            let line = lines.next().ok_or_else(|| format!("{name} has ended before it listened"))??;
            let line: serde_json::Value =
                serde_json::from_str(&line).map_err(|_| format!("{name}: {line}"))?;
            if line["event"] == "listening" {
                break line["address"].as_str().ok_or("no address")?.parse()?;
            }
        };
        // Its lines have to go somewhere, or it would wait.
        std::thread::spawn(move || lines.for_each(drop));
        Ok((child, address))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: Signal) {
        // One that has ended already is noticed by whoever waits for it.
        let _ = kill(Pid::from_raw(self.pid().cast_signed()), signal);
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|ended| ended.is_some())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Asked first: a master process ends its workers then.
        self.signal(Signal::SIGTERM);
        let until = Instant::now() + PATIENCE;
        while !self.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Nothing is left to do where that fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
