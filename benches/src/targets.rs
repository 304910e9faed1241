//! What is measured in turn: nothing in between, the floor, the gateway, and what one would use instead.

mod caddy;
mod custom;
mod direct;
mod envoy;
mod floor;
mod haproxy;
mod nginx;
pub mod program;
pub mod tollgate;

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tempfile::TempDir;

use crate::keys::Algorithm;
use crate::lab::Lab;
use crate::options::Options;
use crate::parts::child::Child;

pub use custom::Custom;

/// What a target is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Relay everything, in clear text.
    Relay,
    /// Relay everything, with TLS before clients.
    Tls,
    /// Relay what has a token of this kind that is good.
    Jwt(Algorithm),
    /// What this part of a configuration file says, beside its one listener.
    Own(String),
}

/// Something that can be started between the load and the upstream.
pub trait Target {
    fn name(&self) -> &str;

    fn version(&self) -> String {
        String::new()
    }

    /// Whether it can be set up so at all; what cannot is left out of a workload.
    fn can(&self, setup: &Setup) -> bool;

    /// How long it takes to check its configuration, if that is something it does.
    ///
    /// # Errors
    /// When the configuration is not right.
    fn check(&self, _: &Site) -> Result<Option<Duration>, String> {
        Ok(None)
    }

    /// Starts it, with a folder for its files.
    ///
    /// # Errors
    /// When it does not start.
    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>>;
}

/// A target that was started. It is ended with this.
pub struct Site {
    pub address: SocketAddr,
    /// Its first process; none where there is nothing in between.
    pub pid: Option<u32>,
    /// Before its folder, which it may want until it has ended.
    pub process: Option<Child>,
    /// With its files.
    pub folder: TempDir,
}

impl Site {
    fn new(address: SocketAddr, process: Child, folder: TempDir) -> Site {
        Site { address, pid: Some(process.pid()), process: Some(process), folder }
    }
}

/// The targets that are there, and of the others why they are not.
pub struct Found {
    pub targets: Vec<Box<dyn Target>>,
    pub missing: Vec<String>,
}

/// All targets that are there, and of the others why they are not.
///
/// # Errors
/// When a target of the command line makes no sense.
pub fn all(options: &Options) -> Result<Found, String> {
    let mut targets: Vec<Box<dyn Target>> = vec![Box::new(direct::Direct)];
    let mut missing = Vec::new();
    let floor = floor::Floor::find(&options.floor).map(|it| Box::new(it) as Box<dyn Target>);
    let tollgate = tollgate::Tollgate::find(&options.tollgate).map(|it| Box::new(it) as Box<dyn Target>);
    let nginx = nginx::Nginx::find().map(|it| Box::new(it) as Box<dyn Target>);
    let haproxy = haproxy::HaProxy::find().map(|it| Box::new(it) as Box<dyn Target>);
    let envoy = envoy::Envoy::find().map(|it| Box::new(it) as Box<dyn Target>);
    let caddy = caddy::Caddy::find().map(|it| Box::new(it) as Box<dyn Target>);
    for found in [floor, tollgate, nginx, haproxy, envoy, caddy] {
        match found {
            Ok(target) => targets.push(target),
            Err(reason) => missing.push(reason),
        }
    }
    for text in &options.targets {
        targets.push(Box::new(text.parse::<Custom>()?));
    }
    Ok(Found { targets, missing })
}
