//! The keys of one issuer, kept fresh: fetched once for all who need them, ahead of the time they are needed, and never
//! by a request itself.
//!
//! A fetch that fails or brings a set that is refused takes nothing away; what was good before serves for a bounded time.
//! A set that has changed replaces the other whole: keys that are gone from it are gone here.

mod discovery;
mod flight;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use log::{info, warn};
use tokio::time::timeout;
use tollgate_protocol::url::HttpUrl;

use self::flight::{Flight, Landing, Purpose};
use super::keys::{self, KeySet};
use crate::fetch::{Fetched, Fetcher, NoRemote, Remote, Trust, max_age};
use crate::metrics::PROCESS;

/// How often it is looked for keys that are due.
const PERIOD: Duration = Duration::from_secs(1);

/// For how long keys are kept, and how often they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Keys are fresh for as long as their sender says, but within these two.
    pub age_min: Duration,
    pub age_max: Duration,
    /// How long after that they serve while no others can be had.
    pub stale: Duration,
    /// Between two fetches for the sake of keys that nobody knows: any caller can name one.
    pub unknown_key_pause: Duration,
    /// After a fetch that failed.
    pub retry_pause: Duration,
    /// How long a request waits for a fetch.
    pub wait: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            age_min: Duration::from_secs(5 * 60),
            age_max: Duration::from_secs(24 * 3600),
            stale: Duration::from_secs(3600),
            unknown_key_pause: Duration::from_secs(30),
            retry_pause: Duration::from_secs(10),
            wait: Duration::from_secs(5),
        }
    }
}

/// The keys of one issuer.
pub struct Jwks {
    issuer: String,
    source: Source,
    bounds: Bounds,
    loaded: ArcSwapOption<Loaded>,
    flight: Flight,
}

enum Source {
    /// The operator has them; nothing is ever fetched.
    Fixed,
    /// At this URL.
    Pinned(HttpUrl, Remote, Arc<Fetcher>),
    /// Where the issuer's metadata says.
    Discovered(HttpUrl, Remote, Arc<Fetcher>),
}

/// A set, and until when it is good.
struct Loaded {
    keys: Arc<KeySet>,
    fetched: Instant,
    /// Absent: forever.
    fresh_for: Option<Duration>,
}

/// What is known beyond a set that lacks a key.
pub enum Newer {
    Keys(Arc<KeySet>),
    /// It is the newest there is, or it was fetched too recently to ask again.
    Same,
    /// The issuer cannot be asked.
    Unavailable,
}

impl Jwks {
    /// Keys that never change.
    pub fn fixed(issuer: &str, keys: KeySet) -> Arc<Jwks> {
        let jwks = Jwks::new(issuer, Source::Fixed, Bounds::default());
        jwks.loaded.store(Some(Arc::new(Loaded {
            keys: Arc::new(keys),
            fetched: Instant::now(),
            fresh_for: None,
        })));
        Arc::new(jwks)
    }

    /// Keys at a URL the operator has written.
    pub fn pinned(
        issuer: &str,
        url: HttpUrl,
        trust: Trust,
        bounds: Bounds,
        fetcher: Arc<Fetcher>,
    ) -> Result<Arc<Jwks>, NoRemote> {
        let remote = Remote::configured(&url, trust)?;
        Ok(Arc::new(Jwks::new(issuer, Source::Pinned(url, remote, fetcher), bounds)))
    }

    /// Keys where the metadata of the issuer says (RFC 8414, OpenID Connect Discovery). `url` is the issuer as a URL.
    pub fn discovered(
        issuer: &str,
        url: HttpUrl,
        trust: Trust,
        bounds: Bounds,
        fetcher: Arc<Fetcher>,
    ) -> Result<Arc<Jwks>, NoRemote> {
        let remote = Remote::configured(&url, trust)?;
        Ok(Arc::new(Jwks::new(issuer, Source::Discovered(url, remote, fetcher), bounds)))
    }

    fn new(issuer: &str, source: Source, bounds: Bounds) -> Jwks {
        Jwks {
            issuer: issuer.to_string(),
            source,
            bounds,
            loaded: ArcSwapOption::empty(),
            flight: Flight::default(),
        }
    }

    /// The keys, fresh or at least good enough. Waits only where there are none.
    pub async fn keys(self: &Arc<Self>) -> Option<Arc<KeySet>> {
        if let Some(keys) = self.current(Instant::now()) {
            self.refresh_if_due();
            return Some(keys);
        }
        self.fetch(Purpose::Regular).await;
        self.current(Instant::now())
    }

    /// The keys after `known`, which lack one that a token names. Waits for a fetch, unless there has just been one.
    pub async fn newer_than(self: &Arc<Self>, known: &Arc<KeySet>) -> Newer {
        if self.are_current(known) {
            self.fetch(Purpose::UnknownKey).await;
        }
        match self.current(Instant::now()) {
            Some(keys) if !Arc::ptr_eq(&keys, known) => Newer::Keys(keys),
            Some(_) if !self.flight.has_failed() => Newer::Same,
            _ => Newer::Unavailable,
        }
    }

    /// Whether these are the keys a token is to be verified with now.
    pub fn are_current(&self, keys: &Arc<KeySet>) -> bool {
        let loaded = self.loaded.load();
        loaded.as_ref().is_some_and(|loaded| {
            Arc::ptr_eq(&loaded.keys, keys) && loaded.is_usable(Instant::now(), self.bounds.stale)
        })
    }

    /// Begins to fetch the keys, if they are missing or will soon be too old. Returns at once.
    pub fn refresh_if_due(self: &Arc<Self>) {
        let due = self.loaded.load().as_ref().is_none_or(|loaded| loaded.is_due(Instant::now()));
        if due {
            self.begin(Purpose::Regular);
        }
    }

    fn current(&self, now: Instant) -> Option<Arc<KeySet>> {
        let loaded = self.loaded.load();
        let loaded = loaded.as_ref().filter(|loaded| loaded.is_usable(now, self.bounds.stale))?;
        Some(loaded.keys.clone())
    }

    /// Waits for the fetch under way, or for one that this begins, if it may.
    async fn fetch(self: &Arc<Self>, purpose: Purpose) {
        let landed = self.flight.next_landing();
        if self.begin(purpose) {
            // Longer than that, and the request does without.
            let _ = timeout(self.bounds.wait, landed).await;
        }
    }

    /// Whether a fetch is under way now. It goes on when whoever wanted it is gone.
    fn begin(self: &Arc<Self>, purpose: Purpose) -> bool {
        if matches!(self.source, Source::Fixed) {
            return false;
        }
        match self.flight.begin(purpose, Instant::now(), &self.bounds) {
            flight::Begun::Here => {
                let jwks = self.clone();
                tokio::spawn(async move { jwks.run().await });
                true
            }
            flight::Begun::Elsewhere => true,
            flight::Begun::TooSoon => false,
        }
    }

    async fn run(&self) {
        let landing = Landing::of(&self.flight);
        let found = match &self.source {
            Source::Fixed => return,
            Source::Pinned(url, remote, fetcher) => fetch_keys(fetcher, remote, url).await,
            Source::Discovered(url, remote, fetcher) => {
                match discovery::keys_url(fetcher, remote, url, &self.issuer).await {
                    Ok((remote, url)) => fetch_keys(fetcher, &remote, &url).await,
                    Err(why) => Err(why),
                }
            }
        };
        PROCESS.key_fetches.count(if found.is_ok() { "fetched" } else { "failed" });
        match found {
            Ok((keys, age)) => {
                self.learn(keys, age);
                landing.well();
            }
            Err(why) => warn!("no new keys of the issuer {}: {why}", self.issuer),
        }
    }

    /// A document that has not changed leaves the keys as they are, and with them what was verified with them.
    fn learn(&self, found: KeySet, age: Option<Duration>) {
        let known = self.loaded.load();
        let same = known.as_ref().filter(|known| known.keys.is_same_document_as(&found));
        let keys = match same {
            Some(known) => known.keys.clone(),
            None => {
                info!("the issuer {} has new keys: {found}", self.issuer);
                Arc::new(found)
            }
        };
        let fresh_for = age.unwrap_or(self.bounds.age_min).clamp(self.bounds.age_min, self.bounds.age_max);
        self.loaded.store(Some(Arc::new(Loaded {
            keys,
            fetched: Instant::now(),
            fresh_for: Some(fresh_for),
        })));
    }
}

impl Loaded {
    fn is_usable(&self, now: Instant, stale: Duration) -> bool {
        self.fresh_for.is_none_or(|fresh_for| self.age(now) < fresh_for.saturating_add(stale))
    }

    /// A tenth of its time ahead, so that nobody has to wait.
    fn is_due(&self, now: Instant) -> bool {
        self.fresh_for.is_some_and(|fresh_for| self.age(now) >= fresh_for.mul_f64(0.9))
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.fetched)
    }
}

async fn fetch_keys(
    fetcher: &Fetcher,
    remote: &Remote,
    url: &HttpUrl,
) -> Result<(KeySet, Option<Duration>), String> {
    let fetched = get(fetcher, remote, url).await?;
    let keys = KeySet::parse(&fetched.body).map_err(|bad| format!("{url}: {bad}"))?;
    Ok((keys, max_age(&fetched.headers)))
}

/// A document that must be there.
async fn get(fetcher: &Fetcher, remote: &Remote, url: &HttpUrl) -> Result<Fetched, String> {
    remote.resolve().await;
    let fetched = fetcher.document_within(remote, url, keys::BYTES_MAX).await;
    let fetched = fetched.map_err(|error| format!("{url}: {error}"))?;
    match fetched.status.as_u16() {
        200 => Ok(fetched),
        status => Err(format!("{url}: it answered {status}")),
    }
}

/// Keeps the keys of the current configuration fresh, until the process ends.
pub async fn keep_fresh<F>(mut all: F)
where
    F: FnMut() -> Vec<Weak<Jwks>>,
{
    let mut looks = tokio::time::interval(PERIOD);
    loop {
        looks.tick().await;
        for jwks in all().iter().filter_map(Weak::upgrade) {
            jwks.refresh_if_due();
        }
    }
}

#[cfg(test)]
mod tests;
