//! Name resolution, off the request path: a request takes the addresses known now, one task looks each name up again
//! when its time to live is over, and a failing resolver never takes away the last good ones.

mod answers;
mod dns;
mod system;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::{debug, info, warn};
use tokio::task::JoinHandle;

use self::answers::Answers;
use self::dns::Asker;
use self::system::System;
use super::addresses::Addresses;
use crate::edge::Edge;
use crate::gateway::{Gateway, OfGeneration};
use crate::metrics::PROCESS;
use crate::watch::Watch;

/// Who is asked about names, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// Empty: those of the system.
    pub servers: Vec<SocketAddr>,
    /// The shortest time from one lookup to the next, and the time after one that failed.
    pub min_ttl: Duration,
    /// The longest.
    pub max_ttl: Duration,
    /// For the lookup of a name.
    pub timeout: Duration,
}

impl Default for Dns {
    fn default() -> Self {
        Dns {
            servers: Vec::new(),
            min_ttl: Duration::from_secs(5),
            max_ttl: Duration::from_secs(300),
            timeout: Duration::from_secs(5),
        }
    }
}

impl Dns {
    /// When to look up again what has this time to live; `None` after a lookup that failed.
    fn next(&self, ttl: Option<Duration>) -> Duration {
        ttl.map_or(self.min_ttl, |ttl| ttl.clamp(self.min_ttl, self.max_ttl))
    }
}

/// How often it is looked for names whose time is over.
const PERIOD: Duration = Duration::from_millis(100);

/// Asks as the settings say, and the system's files as they are now.
struct Resolver {
    settings: Dns,
    asker: Asker,
}

impl Resolver {
    fn new(settings: &Dns) -> Arc<Resolver> {
        let asker = Asker::new(settings, System::read());
        Arc::new(Resolver { settings: settings.clone(), asker })
    }

    /// Looks the name up and keeps what it finds; failing, keeps what there was.
    async fn refresh(&self, addresses: &Addresses) {
        let first_found = |answers: &Answers| {
            // Where nothing is known one family is enough to begin with.
            if let Some(found) = answers.learn(&[]).filter(|_| addresses.count() == 0) {
                addresses.learn(&found);
            }
        };
        let answers = self.asker.look_up(addresses.host(), first_found).await;
        addresses.look_up_at(Instant::now() + self.settings.next(answers.ttl()));
        match answers.learn(&addresses.ips()) {
            Some(found) => resolved(addresses, &found),
            None => kept(addresses, answers.failure()),
        }
    }
}

fn resolved(addresses: &Addresses, found: &[IpAddr]) {
    PROCESS.looked_up(true);
    if addresses.note_failure(None) {
        info!("{} resolves again", addresses.host());
    }
    addresses.learn(found);
}

/// No answer is not a reason to forget.
fn kept(addresses: &Addresses, why: &str) {
    PROCESS.looked_up(false);
    let (host, known) = (addresses.host(), addresses.count());
    match addresses.note_failure(Some(why)) {
        true => warn!("cannot resolve {host}: {why}; going on with {known} known addresses"),
        false => debug!("still cannot resolve {host}: {why}"),
    }
}

/// Looks up all the given names at once.
pub async fn refresh_all(settings: &Dns, all: impl IntoIterator<Item = Arc<Addresses>>) {
    let resolver = Resolver::new(settings);
    let names = all.into_iter().filter(|addresses| addresses.is_of_a_name());
    let lookups: Vec<_> = names.map(|addresses| look_up(&resolver, addresses)).collect();
    for lookup in lookups {
        // A lookup that panicked would have failed alone; the others go on.
        let _ = lookup.await;
    }
}

fn look_up(resolver: &Arc<Resolver>, addresses: Arc<Addresses>) -> JoinHandle<()> {
    let resolver = resolver.clone();
    tokio::spawn(async move { resolver.refresh(&addresses).await })
}

/// Keeps the names of the current configuration fresh until the process ends.
pub async fn keep_fresh(edge: Arc<Edge>) {
    let mut lookups = Lookups::new(&edge.gateway.load().dns);
    let mut looks = tokio::time::interval(PERIOD);
    let mut names = OfGeneration::default();
    loop {
        looks.tick().await;
        let gateway = edge.gateway.load_full();
        let names = names.of(&gateway, names_of);
        if names.is_empty() {
            continue;
        }
        if lookups.are_outdated(&gateway.dns) {
            lookups = Lookups::new(&gateway.dns);
            let now = Instant::now();
            names.iter().for_each(|addresses| addresses.look_up_at(now));
        }
        lookups.begin(names);
    }
}

/// Those of a configuration that have to be looked up.
fn names_of(gateway: &Gateway) -> Vec<Arc<Addresses>> {
    let all = gateway.endpoints().map(|endpoint| &endpoint.addresses);
    all.filter(|addresses| addresses.is_of_a_name()).cloned().collect()
}

/// The lookups under way, of one set of settings; when these are replaced, they end.
struct Lookups {
    resolver: Arc<Resolver>,
    system: Watch,
    /// By the address of what they look up.
    under_way: HashMap<usize, JoinHandle<()>>,
}

impl Lookups {
    fn new(settings: &Dns) -> Lookups {
        // The files are watched from before they are read.
        let system = Watch::new(System::files());
        Lookups { resolver: Resolver::new(settings), system, under_way: HashMap::new() }
    }

    fn are_outdated(&mut self, settings: &Dns) -> bool {
        self.system.has_changed() || self.resolver.settings != *settings
    }

    /// Looks up the names whose time has come, and no name twice at the same time.
    fn begin(&mut self, names: &[Arc<Addresses>]) {
        let now = Instant::now();
        self.under_way.retain(|_, lookup| !lookup.is_finished());
        for addresses in names.iter().filter(|addresses| addresses.is_due(now)) {
            let key = Arc::as_ptr(addresses).addr();
            let lookup = || look_up(&self.resolver, addresses.clone());
            self.under_way.entry(key).or_insert_with(lookup);
        }
    }
}

impl Drop for Lookups {
    fn drop(&mut self) {
        self.under_way.values().for_each(JoinHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_again_by_its_time_to_live_within_bounds() {
        let seconds = Duration::from_secs;
        let dns = Dns { min_ttl: seconds(5), max_ttl: seconds(300), ..Dns::default() };
        let next = |ttl| dns.next(Some(seconds(ttl))).as_secs();
        assert_eq!([next(0), next(5), next(60), next(300), next(86_400)], [5, 5, 60, 300, 300]);
        assert_eq!(dns.next(Some(Duration::MAX)), seconds(300));
        assert_eq!(dns.next(None), seconds(5), "soon, after a failure");
    }

    #[tokio::test]
    async fn a_failing_resolver_does_not_take_the_last_good_addresses_away() {
        let addresses = Arc::new(Addresses::new("no-such-name.invalid", 80));
        let known = ["192.0.2.1".parse().expect("an address")];
        addresses.learn(&known);
        refresh_all(&Dns::default(), [addresses.clone()]).await;
        assert_eq!(addresses.ips(), known);
        assert!(
            !addresses.is_due(Instant::now()) && addresses.is_due(Instant::now() + Dns::default().min_ttl)
        );
    }

    #[tokio::test]
    async fn localhost_resolves_to_a_loopback_address() {
        let addresses = Arc::new(Addresses::new("localhost", 8080));
        refresh_all(&Dns::default(), [addresses.clone()]).await;
        assert!(addresses.count() > 0 && addresses.ips().iter().all(|found| found.is_loopback()));
    }
}
