//! Caddy's reverse proxy, without its certificates and its administration port.

use std::error::Error;

use tempfile::TempDir;

use super::program::{Program, free_address};
use super::{Setup, Site, Target};
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct Caddy(Program);

impl Caddy {
    /// # Errors
    /// When it is not installed.
    pub fn find() -> Result<Caddy, String> {
        Program::find("caddy", "version").map(Caddy)
    }
}

impl Target for Caddy {
    fn name(&self) -> &str {
        "caddy"
    }

    fn version(&self) -> String {
        self.0.version.clone()
    }

    fn can(&self, setup: &Setup) -> bool {
        matches!(setup, Setup::Relay | Setup::Tls)
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        let address = free_address()?;
        let (scheme, tls) = match setup {
            Setup::Tls => {
                let certificate = lab.certificate()?;
                let files = format!("{} {}", certificate.chain.display(), certificate.key.display());
                ("https", format!("  tls {files} {{\n    protocols tls1.3\n  }}\n"))
            }
            _ => ("http", String::new()),
        };
        let file = folder.path().join("Caddyfile");
        let upstream = lab.upstream.address();
        std::fs::write(
            &file,
            format!(
                "{{\n  admin off\n  auto_https off\n  persist_config off\n}}\n{scheme}://:{} {{\n  bind 127.0.0.1\n{tls}  \
                 reverse_proxy {upstream} {{\n    flush_interval -1\n  }}\n}}\n",
                address.port()
            ),
        )?;
        let mut command = self.0.command();
        command.env("GOMAXPROCS", "2").args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        Ok(Site::new(address, Child::start(command)?, folder))
    }
}
