//! Reload: on SIGHUP the file is read anew; when only certificates or secrets have changed, the text that is being
//! served is read anew with them, so that an edit that is not finished yet is not picked up. The next configuration is
//! read, checked, compiled and resolved whole while the old one serves, then swapped in one step; or refused, and
//! nothing has happened. Requests under way keep the one they began with, and connections are not touched.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use log::{error, warn};

use crate::audit;
use crate::config::{self, Checked, Config};
use crate::edge::Edge;
use crate::endpoint::resolve::refresh_all;
use crate::gateway::Gateway;
use crate::logging::Fields;
use crate::metrics::PROCESS;
use crate::watch::Watch;

/// How long a reload waits for new names; after that it goes on, and they are looked up while serving.
const NEW_NAMES: Duration = Duration::from_secs(2);

/// And for a new store; after that it is connected to while serving.
const NEW_STORE: Duration = Duration::from_secs(1);

/// What a reload starts from.
pub struct Reload {
    path: PathBuf,
    edge: Arc<Edge>,
    /// What the running process cannot change about itself.
    fixed: Fixed,
    bound: Vec<SocketAddr>,
    /// The text of the configuration that serves.
    text: String,
    files: Watch,
}

/// Why there may be something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Hangup,
    Files,
}

impl Trigger {
    fn name(self) -> &'static str {
        match self {
            Trigger::Hangup => "signal",
            Trigger::Files => "files",
        }
    }
}

/// The settings that are used once, at start.
#[derive(PartialEq)]
struct Fixed {
    listeners: Vec<FixedListener>,
    admin: Option<SocketAddr>,
    log: config::Log,
    drain: Duration,
}

/// Of a listener, what Pingora is told when it is set up.
#[derive(PartialEq)]
struct FixedListener {
    name: Option<String>,
    address: SocketAddr,
    tls: bool,
    http2: bool,
    idle_timeout: Duration,
    requests_per_connection: NonZeroU32,
}

impl Fixed {
    fn of(config: &Config) -> Fixed {
        let listeners = config.listeners.iter().map(|listener| FixedListener {
            name: listener.name.clone(),
            address: listener.address,
            tls: listener.tls.is_some(),
            http2: listener.http2,
            idle_timeout: listener.limits.idle_timeout,
            requests_per_connection: listener.limits.requests_per_connection,
        });
        Fixed { listeners: listeners.collect(), admin: config.admin, log: config.log, drain: config.drain }
    }
}

impl Reload {
    pub fn new(path: PathBuf, checked: &Checked, bound: Vec<SocketAddr>, edge: Arc<Edge>) -> Reload {
        let Checked { config, text, .. } = checked;
        let files = Watch::new(config.watched_files());
        Reload { path, edge, fixed: Fixed::of(config), bound, text: text.clone(), files }
    }

    /// Whether certificates or secrets have changed since they were read.
    pub fn has_new_files(&mut self) -> bool {
        self.files.has_changed()
    }

    /// Reloads once, and logs what came of it.
    pub async fn run(&mut self, trigger: Trigger) {
        if trigger == Trigger::Hangup {
            // Whatever comes of the configuration: what rotates files says so by the same signal.
            audit::reopen();
        }
        let outcome = match self.next(trigger).await {
            Ok((gateway, checked)) => {
                self.edge.gateway.store(Arc::new(gateway));
                if trigger == Trigger::Hangup {
                    self.files = Watch::new(checked.config.watched_files());
                }
                self.text = checked.text;
                "applied"
            }
            Err(message) => {
                error!("{message}");
                "refused"
            }
        };
        PROCESS.config_reloaded(trigger.name(), outcome);
        let generation = self.edge.gateway.load().generation;
        let mut fields = Fields::new("reload");
        fields
            .text("trigger", trigger.name())
            .text("outcome", outcome)
            .number("generation", generation)
            .log();
    }

    /// The configuration as it is now.
    async fn read(&self, trigger: Trigger) -> Result<Checked, String> {
        let (path, text) = (self.path.clone(), self.text.clone());
        let reading = tokio::task::spawn_blocking(move || match trigger {
            Trigger::Hangup => config::load(&path),
            Trigger::Files => config::load_again(&text, &path),
        });
        let loaded = reading.await.map_err(|error| error.to_string())?;
        loaded.map_err(|report| report.render("the running configuration is kept"))
    }

    async fn next(&self, trigger: Trigger) -> Result<(Gateway, Checked), String> {
        let checked = self.read(trigger).await?;
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
        let unknown = gateway.endpoints().map(|endpoint| endpoint.addresses.clone());
        let unknown: Vec<_> = unknown.filter(|addresses| addresses.count() == 0).collect();
        // A name that does not resolve yet is no reason to refuse: its API answers 502 until it does.
        let _ = tokio::time::timeout(NEW_NAMES, refresh_all(&gateway.dns, unknown)).await;
        if let Some(limits) = &gateway.limits {
            // Nor is a store that is not there yet.
            let _ = tokio::time::timeout(NEW_STORE, limits.is_up()).await;
        }
        Ok((gateway, checked))
    }
}
