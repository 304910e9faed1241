//! The endpoints of one API: which of them a request goes to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::Endpoint;
use super::balance::{Strategy, Tier};
use super::breaker::Failure;
use super::lease::Lease;
use super::retries::{Budget, Retries};
use crate::affinity::Affinity;

/// At least one endpoint, unless built from none.
pub struct Endpoints {
    primaries: Tier,
    /// Asked only when no primary takes requests.
    backups: Tier,
    strategy: Strategy,
    pub affinity: Affinity,
    pub retries: Retries,
}

impl Endpoints {
    pub fn new(all: Vec<Arc<Endpoint>>, strategy: Strategy, affinity: Affinity, budget: Budget) -> Endpoints {
        let (backups, primaries) = all.into_iter().partition(|endpoint| endpoint.settings.backup);
        Endpoints {
            primaries: Tier::new(primaries),
            backups: Tier::new(backups),
            strategy,
            affinity,
            retries: Retries::new(budget),
        }
    }

    /// Primaries first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.primaries.endpoints().iter().chain(self.backups.endpoints())
    }

    /// The endpoint whose turn it is, if any takes requests that is not in `tried`.
    pub fn pick(&self, tried: &[Arc<Endpoint>], now: Instant) -> Option<Lease> {
        let primary = self.primaries.pick(self.strategy, tried, now);
        primary.or_else(|| self.backups.pick(self.strategy, tried, now))
    }

    /// Whether endpoints that take requests have as many as they may have.
    pub fn is_full(&self, now: Instant) -> bool {
        self.all().any(|endpoint| endpoint.is_available(now) && endpoint.is_full())
    }

    /// Waits for a place at any of them, when [`Endpoints::pick`] has found none.
    pub async fn wait(&self, now: Instant) -> Option<Lease> {
        let full = self.all().filter(|endpoint| endpoint.is_available(now));
        let mut waits: FuturesUnordered<_> = full.map(Lease::wait_for).collect();
        while let Some(waited) = waits.next().await {
            if waited.is_some() {
                return waited;
            }
        }
        None
    }

    pub fn by_id(&self, id: &str) -> Option<&Arc<Endpoint>> {
        self.all().find(|endpoint| &*endpoint.id == id)
    }

    pub fn any_available(&self, now: Instant) -> bool {
        self.all().any(|endpoint| endpoint.is_available(now))
    }

    /// Whether any other endpoint than this one takes requests.
    pub fn has_another(&self, than: &Arc<Endpoint>, now: Instant) -> bool {
        self.all().any(|endpoint| !Arc::ptr_eq(endpoint, than) && endpoint.is_available(now))
    }

    /// Whether one endpoint more may be ejected for failing like this. Endpoints that do not answer all may be: a
    /// request sent there gains nothing. Those that answer with errors may answer others without.
    pub fn may_eject(&self, kind: Failure, percent: u8) -> bool {
        let ejected = self.all().filter(|endpoint| endpoint.breaker.is_ejected()).count();
        kind != Failure::Status || (ejected + 1) * 100 <= usize::from(percent) * self.all().count()
    }

    /// How long until a request may be tried again, when no endpoint takes any.
    pub fn retry_after(&self, now: Instant) -> Duration {
        let soonest = self.all().filter_map(|endpoint| endpoint.breaker.until()).min();
        soonest.map_or(Duration::from_secs(1), |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::endpoint::testing;
    use tollgate_protocol::url::HttpUrl;

    fn group(backups: &[bool]) -> Endpoints {
        let endpoint = |(number, backup): (usize, &bool)| {
            let url = HttpUrl::parse(&format!("http://up{number}.example/")).expect("a valid URL");
            let settings = config::Endpoint { backup: *backup, ..config::Endpoint::at(url) };
            Arc::new(testing::with(settings))
        };
        let all = backups.iter().enumerate().map(endpoint).collect();
        Endpoints::new(all, Strategy::RoundRobin, Affinity::None, Budget::default())
    }

    fn eject(endpoint: &Arc<Endpoint>, now: Instant) {
        while let Some(mut lease) = Lease::take(endpoint, now) {
            lease.failed(Failure::Silent, now, || true);
        }
    }

    #[test]
    fn a_backup_is_asked_only_when_no_primary_takes_requests() {
        let (group, now) = (group(&[true, false, false]), Instant::now());
        let picked = || group.pick(&[], now).map(|lease| lease.url().to_string());
        assert!((0..10).all(|_| picked().is_some_and(|url| url != "http://up0.example/")));
        let primaries: Vec<_> = group.all().take(2).cloned().collect();
        primaries.iter().for_each(|endpoint| eject(endpoint, now));
        assert_eq!(picked().as_deref(), Some("http://up0.example/"));
    }

    #[test]
    fn endpoints_that_answer_with_errors_are_ejected_up_to_a_share_and_silent_ones_all() {
        let (group, now) = (group(&[false; 4]), Instant::now());
        assert!(group.may_eject(Failure::Status, 50));
        let ejected: Vec<_> = group.all().take(2).cloned().collect();
        ejected.iter().for_each(|endpoint| eject(endpoint, now));
        assert!(!group.may_eject(Failure::Status, 50));
        assert!(group.may_eject(Failure::Silent, 50));
    }

    #[test]
    fn an_endpoint_that_fails_may_ask_how_many_are_ejected() {
        let (group, now) = (group(&[false, false]), Instant::now());
        let endpoint = group.all().next().cloned().expect("an endpoint");
        let fail = || {
            let mut lease = Lease::take(&endpoint, now).expect("not ejected yet");
            lease.failed(Failure::Status, now, || group.may_eject(Failure::Status, 50))
        };
        assert!((0..4).all(|_| fail().is_none()) && fail().is_some());
    }

    #[test]
    fn whoever_finds_no_endpoint_is_told_when_the_first_is_tried_again() {
        let (group, now) = (group(&[false, false]), Instant::now());
        group.all().for_each(|endpoint| eject(endpoint, now));
        assert!(group.pick(&[], now).is_none());
        assert_eq!(group.retry_after(now), Duration::from_secs(10));
    }
}
