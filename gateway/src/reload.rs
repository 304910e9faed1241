//! Reload: the next configuration is read, checked, compiled and resolved whole while the old one serves,
//! then swapped in one step; or refused, and nothing has happened. Requests under way keep the one they
//! began with, and connections are not touched.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use log::{error, warn};

use crate::config::{self, Config};
use crate::edge::Edge;
use crate::endpoint::resolve::refresh_all;
use crate::gateway::Gateway;
use crate::logging::Fields;

/// How long a reload waits for new names; after that it goes on, and they are looked up while serving.
const NEW_NAMES: Duration = Duration::from_secs(2);

/// What a reload starts from.
pub struct Reload {
    path: PathBuf,
    edge: Arc<Edge>,
    /// What the running process cannot change about itself.
    fixed: Fixed,
    bound: Vec<SocketAddr>,
}

/// The settings that are used once, at start.
#[derive(PartialEq)]
struct Fixed {
    listeners: Vec<(Option<String>, SocketAddr)>,
    admin: Option<SocketAddr>,
    log: config::Log,
    drain: Duration,
}

impl Fixed {
    fn of(config: &Config) -> Fixed {
        let listeners = config.listeners.iter().map(|listener| (listener.name.clone(), listener.address));
        Fixed { listeners: listeners.collect(), admin: config.admin, log: config.log, drain: config.drain }
    }
}

impl Reload {
    pub fn new(path: PathBuf, config: &Config, bound: Vec<SocketAddr>, edge: Arc<Edge>) -> Reload {
        Reload { path, edge, fixed: Fixed::of(config), bound }
    }

    /// Reloads once, and logs what came of it.
    pub async fn run(&self) {
        match self.next().await {
            Ok(gateway) => {
                let generation = gateway.generation;
                self.edge.gateway.store(Arc::new(gateway));
                Fields::new("reload").text("outcome", "applied").number("generation", generation).log();
            }
            Err(message) => {
                let generation = self.edge.gateway.load().generation;
                error!("{message}");
                Fields::new("reload").text("outcome", "refused").number("generation", generation).log();
            }
        }
    }

    async fn next(&self) -> Result<Gateway, String> {
        let path = self.path.clone();
        let loaded = tokio::task::spawn_blocking(move || config::load(&path)).await;
        let checked = loaded
            .map_err(|error| error.to_string())?
            .map_err(|report| report.render("the running configuration is kept"))?;
        for warning in &checked.warnings {
            warn!("{}", warning.message);
        }
        if Fixed::of(&checked.config) != self.fixed {
            return Err(
                "listeners, admin, log and drain are read at start; restart to change them".to_string()
            );
        }
        let running = self.edge.gateway.load_full();
        let gateway = config::build::build(&checked.config, &self.bound, Some(&running))
            .map_err(|error| error.to_string())?;
        let unknown = gateway.apis.iter().map(|api| api.endpoint.addresses.clone());
        let unknown: Vec<_> = unknown.filter(|addresses| addresses.current().is_empty()).collect();
        // A name that does not resolve yet is no reason to refuse: its API answers 502 until it does.
        let _ = tokio::time::timeout(NEW_NAMES, refresh_all(unknown)).await;
        Ok(gateway)
    }
}
