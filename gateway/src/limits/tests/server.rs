//! A server of Redis for one test.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::Value;
use tempfile::TempDir;

/// One that runs until it is dropped.
pub struct Server {
    pub port: u16,
    pub folder: TempDir,
    arguments: Vec<String>,
    running: Child,
}

impl Server {
    /// `None`, and a line that says so, where there is no such program.
    pub fn start(test: &str, arguments: &[&str]) -> Option<Server> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            // Past what captures the output of tests that pass.
            let _ = writeln!(std::io::stderr(), "SKIPPED, redis-server is not installed: {test}");
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        // A free port may be taken by somebody else before the server has it.
        for _ in 0..5 {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let mut running = run(port, folder.path(), &arguments);
            if listens(port, &mut running) {
                return Some(Server { port, folder, arguments, running });
            }
        }
        panic!("redis-server does not start");
    }

    pub fn kill(&mut self) {
        self.running.kill().expect("it runs");
        self.running.wait().expect("it has ended");
    }

    /// Again, after it was killed.
    pub fn restart(&mut self) {
        self.running = run(self.port, self.folder.path(), &self.arguments);
        assert!(listens(self.port, &mut self.running));
    }

    /// Lets it take connections and answer nothing, or go on.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.running.id().to_string()).status();
        assert!(sent.expect("kill is there").success());
    }

    /// What it answers to a command, as text.
    pub async fn ask(&self, command: &[&str]) -> String {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
        let mut asked = redis::cmd(command[0]);
        command[1..].iter().for_each(|argument| {
            asked.arg(argument);
        });
        match asked.query_async(&mut connection).await.expect("an answer") {
            Value::Int(number) => number.to_string(),
            Value::Array(items) => items.iter().map(|item| format!("{item:?}\n")).collect(),
            other => format!("{other:?}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed.
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

fn run(port: u16, folder: &std::path::Path, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--dir").arg(folder).args(arguments).stdout(Stdio::null());
    command.spawn().expect("redis-server runs")
}

fn listens(port: u16, running: &mut Child) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(10) && !running.try_wait().is_ok_and(|ended| ended.is_some())
    {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}
