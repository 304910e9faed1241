//! A target that somebody else has started, and that relays to the upstream.

use std::error::Error;
use std::net::SocketAddr;
use std::str::FromStr;

use tempfile::TempDir;

use super::{Setup, Site, Target};
use crate::lab::Lab;

#[derive(Debug)]
pub struct Custom {
    name: String,
    address: SocketAddr,
    pid: u32,
}

impl FromStr for Custom {
    type Err = String;

    fn from_str(text: &str) -> Result<Custom, String> {
        let wrong = || format!("--target {text}: NAME=http://ADDRESS:PORT=PID is expected");
        let mut parts = text.split('=');
        let (Some(name), Some(url), Some(pid), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')).ok_or_else(wrong)?;
        Ok(Custom {
            name: name.to_owned(),
            address: address.parse().map_err(|_| wrong())?,
            pid: pid.parse().map_err(|_| wrong())?,
        })
    }
}

impl Target for Custom {
    fn name(&self) -> &str {
        &self.name
    }

    fn can(&self, setup: &Setup) -> bool {
        *setup == Setup::Relay
    }

    fn start(&self, _: &Lab, _: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        Ok(Site { address: self.address, pid: Some(self.pid), process: None, folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_name_a_url_and_a_process() {
        let custom: Custom = "mine=http://127.0.0.1:8080/=17".parse().unwrap();
        assert_eq!((custom.name.as_str(), custom.address.port(), custom.pid), ("mine", 8080, 17));
        for wrong in
            ["mine", "mine=http://127.0.0.1:8080", "mine=https://127.0.0.1:1=2", "mine=http://host=2"]
        {
            assert!(wrong.parse::<Custom>().unwrap_err().contains("NAME="), "{wrong}");
        }
    }
}
