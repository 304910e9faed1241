//! A child process whose output is read line by line, and which never outlives its test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use super::PATIENCE;

pub struct Process {
    pub child: Child,
    output: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
    name: String,
}

#[derive(Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Output {
    fn read(self: Arc<Self>, source: impl std::io::Read + Send + 'static) -> JoinHandle<()> {
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                self.lines.lock().expect("no reader panicked").push(line);
                self.grown.notify_all();
            }
        })
    }
}

impl Process {
    /// Starts a command; its standard input stays open for as long as the process is wanted.
    pub fn start(name: &str, command: &mut Command) -> Process {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let output = Arc::new(Output::default());
        let readers = vec![
            output.clone().read(child.stdout.take().expect("stdout is piped")),
            output.clone().read(child.stderr.take().expect("stderr is piped")),
        ];
        Process { child, output, readers, name: name.to_string() }
    }

    /// The first thing `find` makes of a line, from line `from` on; waits for lines still to come.
    pub fn wait_for<T>(&mut self, from: usize, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.output.lines.lock().expect("no reader panicked");
        loop {
            if let Some(found) = lines.iter().skip(from).find_map(|line| find(line)) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Its output is printed when it is dropped; the lock must be free by then.
                drop(lines);
                panic!("{}: {what} did not come", self.name);
            }
            lines = self
                .output
                .grown
                .wait_timeout(lines, left.min(PATIENCE / 100))
                .expect("no reader panicked")
                .0;
        }
    }

    pub fn lines(&self) -> Vec<String> {
        self.output.lines.lock().expect("no reader panicked").clone()
    }

    /// All lines of a process that has ended, the last ones included.
    pub fn all_lines(&mut self) -> Vec<String> {
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader panicked");
        }
        self.lines()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill exists").success(), "{} is gone", self.name);
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "{} does not end:\n{}", self.name, self.lines().join("\n"));
            std::thread::yield_now();
            std::thread::park_timeout(PATIENCE / 2000);
        }
    }
}

/// Whatever a test is about, nothing the gateway says of itself holds a token or a key.
pub fn holds_no_secret(said: &str) {
    /// How a JWT begins, and private keys of P-256, Ed25519 and RSA in PEM.
    const SECRETS: [&str; 4] = ["eyJ", "MIGHAgEA", "MC4CAQAw", "MIIEv"];
    assert!(!SECRETS.iter().any(|secret| said.contains(secret)), "a secret is told: {said}");
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- output of {} ---\n{}", self.name, self.lines().join("\n"));
            return;
        }
        if self.name == "tollgate" {
            self.all_lines().iter().for_each(|line| holds_no_secret(line));
        }
    }
}
