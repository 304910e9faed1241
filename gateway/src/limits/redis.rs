//! Redis, or Valkey, as the store: one server, or what looks like one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use log::warn;
use once_cell::sync::Lazy;
use tokio::task::AbortHandle;
use tokio::time::timeout_at;
use tollgate_plugins::limiter::Taken;
use tollgate_plugins::policy::Charge;

use super::keeper::Keeper;
use super::link::Failure;
use super::script::Question;
use super::{Settings, Store};

/// From one line about refused charges to the next.
const REFUSALS: Duration = Duration::from_secs(60);

/// Of the runtime's timer.
const TICK: Duration = Duration::from_millis(1);

/// One store. Dropped, it is disconnected from.
pub struct Redis {
    pub settings: Arc<Settings>,
    keeper: Arc<Keeper>,
    keeping: OnceLock<AbortHandle>,
    /// When a refused charge is logged again: in milliseconds since the first look at the clock.
    quiet_until: AtomicU64,
}

impl Redis {
    pub fn new(settings: Settings) -> Redis {
        let (keeper, keeping) = (Arc::default(), OnceLock::new());
        Redis { settings: Arc::new(settings), keeper, keeping, quiet_until: AtomicU64::new(0) }
    }

    /// Begins to connect, on the runtime this is called on, if that has not begun yet.
    pub fn begin(&self) {
        self.keeping.get_or_init(|| {
            let (keeper, settings) = (self.keeper.clone(), self.settings.clone());
            tokio::spawn(async move { keeper.keep(&settings).await }).abort_handle()
        });
    }

    /// Waits until it is known whether it can be used.
    pub async fn is_up(&self) -> bool {
        self.begin();
        self.keeper.link().await.is_some()
    }

    /// Whether it is connected to now.
    pub fn is_connected(&self) -> bool {
        self.keeper.is_connected()
    }

    /// Redis works, but not for this: a key holds something else, or it takes no more.
    fn refused(&self, why: &Failure) {
        let now = milliseconds();
        let until = self.quiet_until.load(Ordering::Relaxed);
        let next = now + u64::try_from(REFUSALS.as_millis()).unwrap_or_default();
        let exchange =
            |until| self.quiet_until.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed);
        if now >= until && exchange(until).is_ok() {
            let settings = &self.settings;
            warn!(
                "the store of limits at {settings} does not count a request: {why}; more of this is not logged for {REFUSALS:?}"
            );
        }
    }
}

#[async_trait]
impl Store for Redis {
    async fn take(&self, charge: &Charge) -> Option<Taken> {
        self.begin();
        // The timer goes by whole milliseconds, and begins with the next one.
        let patience = self.settings.timeout.saturating_sub(TICK).max(TICK);
        let deadline = tokio::time::Instant::now() + patience;
        let link = timeout_at(deadline, self.keeper.link()).await.ok()??;
        let Charge { key, cost, windows, .. } = charge;
        match timeout_at(deadline, link.ask(Question { key, cost: *cost, windows })).await {
            Ok(Ok(counted)) => return Some(windows.judge(&counted, *cost)),
            Ok(Err(why @ Failure::Refused(_))) => self.refused(&why),
            Ok(Err(why)) => self.keeper.lose(&link, &why, &self.settings),
            Err(_) if link.is_late() => self.keeper.lose(&link, &Failure::Late, &self.settings),
            Err(_) => {}
        }
        None
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(keeping) = self.keeping.get() {
            keeping.abort();
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Redis").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn milliseconds() -> u64 {
    static BEGAN: Lazy<Instant> = Lazy::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX)
}
