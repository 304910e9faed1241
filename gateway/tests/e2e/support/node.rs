//! Real MCP parts: the Node programs in `tests/node`, made of the official SDK and `oidc-provider`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::PATIENCE;
use super::http::Connection;
use super::process::Process;

/// A Node server that is ready; `ready` is the line it said so with.
pub struct Server {
    /// Ends with this.
    _process: Process,
    pub ready: Value,
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node"));
    assert!(
        folder.join("node_modules").exists(),
        "the Node parts are not installed: run `make test`, or `npm ci` in gateway/tests/node"
    );
    folder
}

impl Server {
    pub fn start(program: &str, arguments: &[&str]) -> Server {
        let mut command = Command::new("node");
        command.current_dir(folder()).arg(program).args(arguments);
        let mut process = Process::start(program, &mut command);
        let ready = process.wait_for(0, "its ready line", |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["ready"] == true).then_some(line)
        });
        Server { _process: process, ready }
    }

    pub fn authorization_server(arguments: &[&str]) -> Server {
        Server::start("authorization-server.mjs", arguments)
    }

    pub fn mcp_server(arguments: &[&str]) -> Server {
        Server::start("mcp-server.mjs", arguments)
    }

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.ready))
    }

    pub fn url(&self) -> &str {
        self.text("url")
    }

    /// Where a path of this server is, outside its MCP path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.text("origin"))
    }

    /// Tells an MCP server's control endpoint to do something.
    pub fn control(&self, path: &str, body: &Value) -> Value {
        post_json(self.text("control"), path, body)
    }

    /// Every request an MCP server has seen, probes and metadata included.
    pub fn journal(&self) -> Vec<Value> {
        let journal = connection_to(self.text("control")).get("/requests").json();
        journal.as_array().expect("a list of requests").clone()
    }

    /// The requests for its MCP path that were answered with `status`.
    pub fn answered(&self, method: &str, status: u16) -> usize {
        let is_one = |entry: &&Value| entry["method"] == method && entry["status"] == status;
        self.journal().iter().filter(is_one).count()
    }

    /// Waits until `counter` of an MCP server, such as `/streams/GET`, has this value.
    pub fn wait_for_counter(&self, counter: &str, expected: u64) {
        self.wait_for_count(counter, &format!("{expected}"), |count| count == expected);
    }

    /// Waits until `counter` has at least this value.
    pub fn has_counted(&self, counter: &str, least: u64) {
        self.wait_for_count(counter, &format!("{least} or more"), |count| count >= least);
    }

    fn wait_for_count(&self, counter: &str, expected: &str, is_there: impl Fn(u64) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut connection = connection_to(self.text("control"));
        loop {
            let counters = connection.get("/counters").json();
            if counters.pointer(counter).and_then(Value::as_u64).is_some_and(&is_there) {
                return;
            }
            assert!(Instant::now() < deadline, "{counter} never became {expected}: {counters}");
            std::thread::park_timeout(PATIENCE / 1000);
        }
    }

    /// Makes a `bind` authorization server issue tokens for these URLs.
    pub fn list_resources(&self, urls: &[&str]) {
        post_json(self.url(), "/test/resources", &json!({ "add": urls }));
    }
}

pub fn connection_to(origin: &str) -> Connection {
    let address = origin.strip_prefix("http://").and_then(|address| address.parse().ok());
    Connection::open(address.unwrap_or_else(|| panic!("{origin} is no address")))
}

fn post_json(origin: &str, path: &str, body: &Value) -> Value {
    let response = connection_to(origin).post_json(path, &[], &body.to_string());
    assert_eq!(response.status, 200, "{origin}{path}: {response:?}");
    response.json()
}

/// Runs a script with the official client and returns its report.
pub fn client(script: &Value) -> Value {
    run_script("mcp-client.mjs", script, &[], "steps")
}

/// The same, trusting this authority too.
pub fn client_trusting(script: &Value, authority: &Path) -> Value {
    run_script("mcp-client.mjs", script, &[("NODE_EXTRA_CA_CERTS", authority)], "steps")
}

/// One TLS connection, and what it saw.
pub fn tls_client(script: &Value) -> Value {
    run_script("tls-client.mjs", script, &[], "responses")
}

/// A program that reads its script from a line of standard input.
pub fn start(program: &str) -> Process {
    Process::start(program, Command::new("node").current_dir(folder()).arg(program))
}

/// Gives a program its script and returns the line with `key` in it.
fn run_script(program: &str, script: &Value, environment: &[(&str, &Path)], key: &str) -> Value {
    let mut command = Command::new("node");
    command.current_dir(folder()).arg(program).envs(environment.iter().copied());
    let mut process = Process::start(program, &mut command);
    let mut stdin = process.child.stdin.take().expect("stdin is piped");
    stdin.write_all(script.to_string().as_bytes()).expect("the program reads its script");
    drop(stdin);
    process.wait_for(0, "its report", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line.get(key).is_some().then_some(line)
    })
}
