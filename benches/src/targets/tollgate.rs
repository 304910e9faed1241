//! The gateway.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::program::{Program, free_address};
use super::{Setup, Site, Target};
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct Tollgate(Program);

/// The name of its configuration file, in its folder.
pub const FILE: &str = "gateway.yaml";

impl Tollgate {
    /// # Errors
    /// When it has not been built.
    pub fn find(path: &Path) -> Result<Tollgate, String> {
        Program::at(path.to_owned(), "--version").map(Tollgate)
    }

    pub fn command(&self) -> Command {
        self.0.command()
    }
}

impl Target for Tollgate {
    fn name(&self) -> &str {
        "tollgate"
    }

    fn version(&self) -> String {
        self.0.version.clone()
    }

    fn can(&self, setup: &Setup) -> bool {
        !matches!(setup, Setup::Jwt(_))
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        // It would tell a port that it has chosen in a line of its log, which is off.
        let address = free_address()?;
        let text = match setup {
            Setup::Own(apis) => listener(address, "") + apis,
            Setup::Tls => listener(address, &tls(lab)?) + &relay(lab),
            Setup::Relay | Setup::Jwt(_) => listener(address, "") + &relay(lab),
        };
        let file = folder.path().join(FILE);
        std::fs::write(&file, text)?;
        let mut command = self.0.command();
        command.args(["run", "-c"]).arg(&file).stderr(Stdio::inherit());
        Ok(Site::new(address, Child::start(command)?, folder))
    }
}

/// No line for a request, and one listener: that is the beginning of every configuration here. It believes the load about
/// the addresses of clients, as there is a limit on what one may ask for.
fn listener(address: SocketAddr, further: &str) -> String {
    format!(
        "log: {{ level: error }}\nlisteners: [{{ address: \"{address}\", trusted_proxies: [127.0.0.1]{further} }}]\n"
    )
}

fn tls(lab: &Lab) -> Result<String, Box<dyn Error>> {
    let certificate = lab.certificate()?;
    let (chain, key) = (certificate.chain.display(), certificate.key.display());
    Ok(format!(", tls: {{ certificates: [{{ cert: \"{chain}\", key: \"{key}\" }}] }}"))
}

/// Two APIs that relay the upstream's own OAuth, as the smallest configuration does.
pub fn relay(lab: &Lab) -> String {
    let (secured, open) = (lab.upstream.secured(), lab.upstream.open());
    format!(
        "apis:\n  - {{ name: mcp, path: /mcp, endpoints: [\"{secured}\"], plans: [keyless] }}\n  - {{ name: open, path: \
         /open, endpoints: [\"{open}\"], plans: [keyless] }}\n"
    )
}
