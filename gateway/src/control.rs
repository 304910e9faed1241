//! What runs beside the requests: reload on SIGHUP, names kept fresh, and the lines that say where the
//! process listens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use log::error;
use pingora_core::server::{ListenFds, ShutdownWatch};
use pingora_core::services::Service;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Checked;
use crate::edge::Edge;
use crate::endpoint::{checks, connection, resolve};
use crate::gateway::{Gateway, OfGeneration};
use crate::listener::Bound;
use crate::logging::Fields;
use crate::reload::{Reload, Trigger};
use crate::token::jwks;
use crate::watch;

/// The service that controls the others.
pub struct Control {
    edge: Arc<Edge>,
    reload: Reload,
    listening: Vec<(String, SocketAddr)>,
    /// Turns true once the process drains when it is told to stop.
    stoppable: ShutdownWatch,
}

impl Control {
    pub fn new(
        path: &Path,
        checked: &Checked,
        edge: Arc<Edge>,
        bound: &[Bound],
        admin: Option<&Bound>,
        stoppable: ShutdownWatch,
    ) -> Control {
        let addresses = bound.iter().map(|bound| bound.address).collect();
        let reload = Reload::new(PathBuf::from(path), checked, addresses, edge.clone());
        let listening = bound.iter().chain(admin).map(|bound| (bound.name.clone(), bound.address)).collect();
        Control { edge, reload, listening, stoppable }
    }

    /// One line per listener: port 0 has become a real one, and a program that started this process waits
    /// for these lines.
    fn announce(&self) {
        for (name, address) in &self.listening {
            Fields::new("listening").text("listener", name).text("address", &address.to_string()).log();
        }
    }
}

#[async_trait]
impl Service for Control {
    async fn start_service(&mut self, _: Option<ListenFds>, _: ShutdownWatch, _: usize) {
        // Before the lines: from then on somebody may send a signal, whose default is to end the process.
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(cause) => {
                error!("cannot listen for SIGHUP, so nothing will be reloaded: {cause}");
                return;
            }
        };
        // The other side never goes away while this one runs.
        let _ = self.stoppable.wait_for(|stoppable| *stoppable).await;
        if let Some(limits) = &self.edge.gateway.load().limits {
            limits.begin();
        }
        self.announce();
        tokio::spawn(resolve::keep_fresh(self.edge.clone()));
        tokio::spawn(connection::keep_deadlines());
        let edge = self.edge.clone();
        let mut keys = OfGeneration::default();
        tokio::spawn(jwks::keep_fresh(move || keys.of(&edge.gateway.load(), Gateway::token_keys).clone()));
        tokio::spawn(checks::keep_checking(self.edge.clone()));
        let mut looks = tokio::time::interval(watch::PERIOD);
        loop {
            let trigger = tokio::select! {
                _ = hangup.recv() => Trigger::Hangup,
                _ = looks.tick() => match self.reload.has_new_files() {
                    true => Trigger::Files,
                    false => continue,
                },
            };
            self.reload.run(trigger).await;
        }
    }

    fn name(&self) -> &str {
        "control"
    }

    fn threads(&self) -> Option<usize> {
        Some(1)
    }
}
