//! A Redis of the run's own, for limits that several gateways share.

use std::error::Error;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::child::Child;
use crate::targets::program::{Program, free_address};

pub struct Redis {
    /// Ended with this.
    _process: Child,
    pub address: SocketAddr,
}

impl Redis {
    /// # Errors
    /// When redis-server is not installed, or takes no connections.
    pub fn start() -> Result<Redis, Box<dyn Error>> {
        let address = free_address()?;
        let mut command = Program::find("redis-server", "--version")?.command();
        let port = address.port().to_string();
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let process = Child::start(command)?;
        let until = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > until {
                return Err("redis-server takes no connections".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Redis { _process: process, address })
    }
}
