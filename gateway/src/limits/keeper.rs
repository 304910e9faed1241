//! Keeps one connection, beside the requests: they take the one that is there, or none.

use std::sync::Arc;
use std::time::Duration;

use log::{info, warn};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tollgate_plugins::policy::OnFailure;

use super::Settings;
use super::link::{Failure, Link};

/// From one attempt to connect to the next.
const ATTEMPTS: Duration = Duration::from_secs(1);
/// From one look at a connection to the next.
const PROBES: Duration = Duration::from_secs(10);

/// The connection, as it is now.
pub struct Keeper {
    state: watch::Sender<State>,
}

#[derive(Clone)]
enum State {
    /// It is not known yet whether there is one.
    Starting,
    Up(Arc<Link>),
    Down,
}

impl Default for Keeper {
    fn default() -> Self {
        Keeper { state: watch::Sender::new(State::Starting) }
    }
}

impl Keeper {
    /// `None` while there is no connection. The first attempt is waited for.
    pub async fn link(&self) -> Option<Arc<Link>> {
        match &*self.state.borrow() {
            State::Up(link) => return Some(link.clone()),
            State::Down => return None,
            State::Starting => {}
        }
        let mut state = self.state.subscribe();
        match &*state.wait_for(|state| !matches!(state, State::Starting)).await.ok()? {
            State::Up(link) => Some(link.clone()),
            State::Starting | State::Down => None,
        }
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        matches!(*self.state.borrow(), State::Up(_))
    }

    /// A connection is of no more use.
    pub fn lose(&self, lost: &Arc<Link>, why: &Failure, settings: &Settings) {
        let is_lost = self.state.send_if_modified(|state| {
            let is_it = matches!(state, State::Up(link) if Arc::ptr_eq(link, lost));
            if is_it {
                *state = State::Down;
            }
            is_it
        });
        if is_lost {
            warn_about(settings, why);
        }
    }

    /// Connects whenever there is no connection.
    pub async fn keep(&self, settings: &Settings) {
        loop {
            let next = Instant::now() + ATTEMPTS;
            match Link::open(settings).await {
                Ok(link) => {
                    let link = Arc::new(link);
                    let before = self.state.send_replace(State::Up(link.clone()));
                    if matches!(before, State::Down) {
                        info!("the store of limits at {settings} counts again");
                    }
                    self.watch(&link, settings).await;
                }
                Err(why) => {
                    if matches!(self.state.send_replace(State::Down), State::Starting) {
                        warn_about(settings, &why);
                    }
                }
            }
            sleep_until(next).await;
        }
    }
}

impl Keeper {
    /// Looks after a connection until it is lost: one that is not used is not closed for that, and its end is noticed.
    async fn watch(&self, link: &Arc<Link>, settings: &Settings) {
        let mut state = self.state.subscribe();
        let is_down = |state: &State| matches!(state, State::Down);
        while timeout(PROBES, state.wait_for(is_down)).await.is_err() {
            if let Err(why) = link.probe(settings).await {
                self.lose(link, &why, settings);
            }
        }
    }
}

/// Once, until it counts again.
fn warn_about(settings: &Settings, why: &Failure) {
    let meanwhile = match settings.on_failure {
        OnFailure::Local => "each gateway counts for itself",
        OnFailure::Open => "nothing is limited",
        OnFailure::Closed => "what is limited is refused",
    };
    warn!("the store of limits at {settings} cannot be used: {why}; meanwhile {meanwhile}");
}
