//! A program under measurement, or beside it: ended when it is dropped.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
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
    /// When it ends without one, or takes too long.
    pub fn listening(mut command: Command) -> Result<(Child, SocketAddr), Box<dyn Error>> {
        let name = command.get_program().display().to_string();
        command.stdout(Stdio::piped());
        let mut child = Child::start(command)?;
        let lines = BufReader::new(child.0.stdout.take().ok_or("no output")?).lines();
        let (found, address) = channel();
        // Its lines have to go somewhere afterwards, or it would wait.
        std::thread::spawn(move || {
            for address in lines.map_while(Result::ok).filter_map(|line| listening_address(&line)) {
                // One address is enough.
                let _ = found.send(address);
            }
        });
        match address.recv_timeout(PATIENCE) {
            Ok(address) => Ok((child, address)),
            Err(_) => Err(format!("{name} does not say where it listens").into()),
        }
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

/// Of a line such as `{"event":"listening","address":"127.0.0.1:8080"}`.
fn listening_address(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let address = (line["event"] == "listening").then(|| line["address"].as_str())?;
    address?.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_says_where_it_listens_among_other_lines() {
        let lines = r#"echo start; echo '{"event":"listening","address":"127.0.0.1:17"}'; exec sleep 5"#;
        let (mut child, address) = Child::listening(shell(lines)).unwrap();
        assert_eq!(address.port(), 17);
        assert!(!child.has_ended());
    }

    #[test]
    fn one_that_ends_without_saying_so_is_an_error() {
        let error = Child::listening(shell("exit 1")).err().unwrap();
        assert_eq!(error.to_string(), "sh does not say where it listens");
    }
}
