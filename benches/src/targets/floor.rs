//! A bare Pingora that passes everything through: what no gateway built on it can be cheaper than.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Setup, Site, Target};
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct Floor(PathBuf);

impl Floor {
    /// # Errors
    /// When it has not been built.
    pub fn find(path: &Path) -> Result<Floor, String> {
        let there = path.is_file().then(|| Floor(path.to_owned()));
        there.ok_or_else(|| "floor is not built".to_owned())
    }
}

impl Target for Floor {
    fn name(&self) -> &str {
        "floor"
    }

    fn version(&self) -> String {
        "Pingora 0.9.1".to_owned()
    }

    fn can(&self, setup: &Setup) -> bool {
        matches!(setup, Setup::Relay | Setup::Tls)
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        let mut command = Command::new(&self.0);
        let upstream = lab.upstream.address().to_string();
        command.args(["--listen", "127.0.0.1:0", "--upstream", &upstream, "--threads", "2"]);
        if *setup == Setup::Tls {
            let certificate = lab.certificate()?;
            command.arg("--tls").args([&certificate.chain, &certificate.key]);
        }
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let (process, address) = Child::listening(command)?;
        Ok(Site::new(address, process, folder))
    }
}
