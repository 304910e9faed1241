//! The other side: a secured MCP server, and an authorization server that knows every token. It is a process of its own,
//! so that its processor time is nobody else's, and it writes answers that were made when it started, so that it is never
//! what a measurement waits for.

mod answers;
mod event_stream;
mod serve;

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tokio::net::TcpListener;

use super::child::Child;

pub use answers::{DOWNLOAD, SESSION};

pub struct Upstream {
    /// Ended with this.
    _process: Child,
    address: SocketAddr,
}

impl Upstream {
    /// Starts the process: this program once more.
    ///
    /// # Errors
    /// When it does not say where it listens.
    pub fn start(listen: SocketAddr, keys: &Path) -> Result<Upstream, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["upstream", "--listen", &listen.to_string(), "--keys"]).arg(keys).stdin(Stdio::null());
        let (process, address) = Child::listening(command)?;
        Ok(Upstream { _process: process, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the authorization server, which is also its name.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The MCP server that wants a token.
    pub fn secured(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// The same server, wanting none.
    pub fn open(&self) -> String {
        format!("http://{}/open", self.address)
    }
}

/// What the process does: serves until it is ended.
///
/// # Errors
/// When it cannot listen.
pub fn run(listen: SocketAddr, keys: &Path) -> Result<(), Box<dyn Error>> {
    let keys = std::fs::read_to_string(keys)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let answers: &'static answers::Answers = Box::leak(Box::new(answers::Answers::new(address, &keys)));
        writeln!(std::io::stdout(), "{}", json!({ "event": "listening", "address": address }))?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A connection that breaks off is the target's to notice.
            tokio::spawn(async move { serve::serve(stream, answers).await.ok() });
        }
    })
}
