//! A real server of Redis.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::{PATIENCE, nobody};

/// One that runs until it is dropped.
pub struct Redis {
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    running: Child,
}

impl Redis {
    /// `None`, and a line that says so, where there is no such program.
    pub fn start(arguments: &[&str]) -> Option<Redis> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            // Past what captures the output of tests that pass.
            let _ = writeln!(std::io::stderr(), "SKIPPED, redis-server is not installed: {test}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary directory");
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        let address = nobody::address();
        let running = run(address, folder.path(), &arguments);
        Some(Redis { address, folder, arguments, running })
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// From its return on nobody listens.
    pub fn stop(&mut self) {
        self.running.kill().expect("it runs");
        self.running.wait().expect("it has ended");
        nobody::hold(self.address);
    }

    pub fn restart(&mut self) {
        self.running = run(self.address, self.folder.path(), &self.arguments);
    }

    /// A command, and what the program that asks prints.
    pub fn ask(&self, command: &[&str]) -> String {
        let port = self.address.port().to_string();
        let asked = Command::new("redis-cli").args(["-p", &port]).args(command).output();
        String::from_utf8(asked.expect("redis-cli is there").stdout).expect("text")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been stopped.
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

/// Returns when it listens.
fn run(address: SocketAddr, folder: &Path, arguments: &[String]) -> Child {
    nobody::release(address);
    let port = address.port().to_string();
    let mut command = Command::new("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
    let mut running =
        command.arg(folder).args(arguments).stdout(Stdio::null()).spawn().expect("redis-server runs");
    let deadline = Instant::now() + PATIENCE;
    while std::net::TcpStream::connect(address).is_err() {
        assert!(running.try_wait().expect("it can be asked").is_none(), "redis-server has ended");
        assert!(Instant::now() < deadline, "redis-server does not listen");
        std::thread::park_timeout(PATIENCE / 2000);
    }
    running
}
