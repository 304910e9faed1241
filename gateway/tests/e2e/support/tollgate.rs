//! A running gateway.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::PATIENCE;
use super::http::{Connection, Response};
use super::openmetrics::Exposition;
use super::process::{Process, holds_no_secret};

pub struct Tollgate {
    pub process: Process,
    addresses: HashMap<String, SocketAddr>,
    directory: tempfile::TempDir,
}

/// A configuration with one loopback listener, an admin listener and these APIs (YAML list items).
pub fn config(apis: &str) -> String {
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nadmin: {{ address: \"127.0.0.1:0\" }}\napis:\n{apis}\n"
    )
}

/// One keyless API.
pub fn api(name: &str, path: &str, endpoint: &str) -> String {
    format!("  - {{ name: {name}, path: {path}, endpoints: [\"{endpoint}\"], plans: [keyless] }}\n")
}

/// One keyless API with further keys, such as `hosts: [a.example]`.
pub fn api_with(name: &str, path: &str, endpoint: &str, keys: &str) -> String {
    format!("  - {{ name: {name}, path: {path}, endpoints: [\"{endpoint}\"], plans: [keyless], {keys} }}\n")
}

pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
}

fn listening_in_json(line: &str) -> Option<(String, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let name = line["listener"].as_str().filter(|_| line["event"] == "listening")?;
    Some((name.to_string(), line["address"].as_str()?.parse().ok()?))
}

fn listening_in_text(line: &str) -> Option<(String, SocketAddr)> {
    let (_, fields) = line.split_once(" event=listening listener=")?;
    let (name, address) = fields.split_once(" address=")?;
    Some((name.to_string(), address.parse().ok()?))
}

impl Tollgate {
    /// Starts the gateway and waits until every listener of `yaml` listens.
    pub fn start(yaml: &str) -> Tollgate {
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(directory.path().join("gateway.yaml"), yaml).expect("the file is written");
        Self::start_in(directory, yaml.matches("address:").count())
    }

    /// Starts the gateway on `gateway.yaml` in a directory, which may hold certificates beside it.
    pub fn start_in(directory: tempfile::TempDir, listeners: usize) -> Tollgate {
        Self::start_with(directory, listeners, &[])
    }

    /// The same with these variables in its environment.
    pub fn start_with(
        directory: tempfile::TempDir,
        listeners: usize,
        environment: &[(&str, &str)],
    ) -> Tollgate {
        let mut command = binary();
        command
            .envs(environment.iter().copied())
            .args(["run", "-c"])
            .arg(directory.path().join("gateway.yaml"));
        let process = Process::start("tollgate", &mut command);
        let mut gateway = Tollgate { process, addresses: HashMap::new(), directory };
        for _ in 0..listeners {
            let known = gateway.addresses.clone();
            let listening = |line: &str| {
                listening_in_json(line)
                    .or_else(|| listening_in_text(line))
                    .filter(|(name, _)| !known.contains_key(name))
            };
            let (name, address) = gateway.process.wait_for(0, "a listening line", listening);
            gateway.addresses.insert(name, address);
        }
        gateway
    }

    pub fn address(&self) -> SocketAddr {
        self.listener("main")
    }

    pub fn listener(&self, name: &str) -> SocketAddr {
        *self.addresses.get(name).unwrap_or_else(|| panic!("no listener {name}: {:?}", self.addresses))
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.address())
    }

    pub fn admin(&self, path: &str) -> Response {
        Connection::open(self.listener("admin")).get(path)
    }

    /// What it has counted so far.
    pub fn metrics(&self) -> Exposition {
        let answer = self.admin("/metrics");
        assert_eq!(answer.status, 200);
        let text = answer.text();
        holds_no_secret(text);
        Exposition::read(text).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
    }

    /// Waits until the series of this name with these labels add up to this. What is counted when a request has ended
    /// may come a moment after its answer.
    #[track_caller]
    pub fn counts(&self, name: &str, labels: &[(&str, &str)], value: f64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let metrics = self.metrics();
            let found = metrics.value(name, labels);
            if found == value {
                return;
            }
            let samples: Vec<_> = metrics.samples(name, &[]).collect();
            assert!(Instant::now() < deadline, "{name}{labels:?} is {found}, not {value}: {samples:#?}");
        }
    }

    pub fn get(&self, path: &str) -> Response {
        self.connect().get(path)
    }

    pub fn config_path(&self) -> PathBuf {
        self.directory.path().join("gateway.yaml")
    }

    /// Replaces the configuration and reloads; returns the `outcome` the gateway logged.
    pub fn reload(&mut self, yaml: &str) -> String {
        std::fs::write(self.config_path(), yaml).expect("the file is written");
        let seen = self.process.lines().len();
        self.process.signal("HUP");
        self.process.wait_for(seen, "a reload line", |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["event"] == "reload").then(|| line["outcome"].as_str().map(str::to_string))?
        })
    }

    /// The access line of the first request to `path`.
    pub fn access_line(&mut self, path: &str) -> Value {
        self.process.wait_for(0, &format!("the access line of {path}"), |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["event"] == "request" && line["path"] == path).then_some(line)
        })
    }
}
