//! What a configuration names on the network and is not there now. A gateway starts without it, and whoever checks a file
//! wants to know.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::Checked;
use super::diagnostic::Diagnostic;
use super::key_path::KeyPath;
use super::problem::Problem;
use super::source::Source;

/// For each address.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks whether the store of limits takes connections. `name` is that of the file.
pub fn store_of_limits(checked: &Checked, name: &str) -> Option<Diagnostic> {
    let limits = checked.config.limits.as_ref()?;
    let found = (limits.host.as_str(), limits.port).to_socket_addrs();
    let reached = |address| TcpStream::connect_timeout(&address, PATIENCE).is_ok();
    let message = match found.map(|mut addresses| addresses.any(reached)) {
        Ok(true) => return None,
        Ok(false) => "nobody takes a connection there now",
        Err(_) => "there is no such host now",
    };
    let path = ["stores", "limits", "redis", "url"].iter().fold(KeyPath::root(), |path, key| path.key(key));
    let problem = Problem::warning(path, message);
    let help = "the gateway starts without it, and does what `on_failure` says until it is there";
    let (source, _) = Source::index(name, &checked.text).ok()?;
    Some(source.locate(&problem.help(help)))
}
