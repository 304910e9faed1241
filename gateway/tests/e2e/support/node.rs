//! Real MCP parts: the Node programs in `tests/node`, made of the official SDK and `oidc-provider`.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::process::Process;

/// A Node server that is ready; `ready` is the line it said so with.
pub struct Server {
    pub process: Process,
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
        Server { process, ready }
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
}

/// Runs a script with the official client and returns its report.
pub fn client(script: &Value) -> Value {
    client_with(script, &[])
}

/// The same, with variables in its environment.
pub fn client_with(script: &Value, environment: &[(&str, &str)]) -> Value {
    let mut command = Command::new("node");
    command.current_dir(folder()).arg("mcp-client.mjs").envs(environment.iter().copied());
    let mut process = Process::start("mcp-client.mjs", &mut command);
    let mut stdin = process.child.stdin.take().expect("stdin is piped");
    stdin.write_all(script.to_string().as_bytes()).expect("the client reads its script");
    drop(stdin);
    process.wait_for(0, "the client's report", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line.get("steps").is_some().then_some(line)
    })
}
