//! Nothing in between: what the machine, the load and the upstream take by themselves.

use std::error::Error;

use tempfile::TempDir;

use super::{Setup, Site, Target};
use crate::lab::Lab;

pub struct Direct;

impl Target for Direct {
    fn name(&self) -> &str {
        "direct"
    }

    fn can(&self, setup: &Setup) -> bool {
        *setup == Setup::Relay
    }

    fn start(&self, lab: &Lab, _: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        Ok(Site { address: lab.upstream.address(), pid: None, process: None, folder })
    }
}
