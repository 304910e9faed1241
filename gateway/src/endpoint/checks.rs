//! The tasks that ask endpoints how they are: regularly where the configuration says so, and those that were ejected for
//! taking no connections whether they do again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pingora_core::connectors::l4::Connect;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tollgate_protocol::url::HttpUrl;

use super::Endpoint;
use super::breaker;
use super::connection::Connector;
use super::health::{HealthCheck, Verdict, judge, other};
use crate::edge::Edge;
use crate::fetch::{Fetcher, Probe};
use crate::gateway::{Api, Gateway, OfGeneration};
use crate::logging::Fields;

/// How often it is looked for endpoints to ask.
const PERIOD: Duration = Duration::from_secs(1);

/// Asks the endpoints of the current configuration, until the process ends.
pub async fn keep_checking(edge: Arc<Edge>) {
    // No connection of its own is ever kept, so each check makes a new one.
    let fetcher = Arc::new(Fetcher::default());
    let mut checked = OfGeneration::default();
    let mut unreachable = Unreachable::default();
    let mut looks = tokio::time::interval(PERIOD);
    loop {
        looks.tick().await;
        let gateway = edge.gateway.load_full();
        for (api, endpoint) in checked.of(&gateway, with_health_checks) {
            watch(&edge, &fetcher, &api.name, endpoint);
        }
        unreachable.reach(&gateway);
    }
}

fn with_health_checks(gateway: &Gateway) -> Vec<(Arc<Api>, Arc<Endpoint>)> {
    let all = gateway.apis.iter().flat_map(|api| api.endpoints.all().map(move |endpoint| (api, endpoint)));
    let checked = all.filter(|(_, endpoint)| endpoint.settings.health_check.is_some());
    checked.map(|(api, endpoint)| (api.clone(), endpoint.clone())).collect()
}

/// Begins to check an endpoint, unless that is being done.
fn watch(edge: &Arc<Edge>, fetcher: &Arc<Fetcher>, api: &str, endpoint: &Arc<Endpoint>) {
    let Some(check) = &endpoint.settings.health_check else { return };
    if endpoint.health.is_watched.swap(true, Ordering::AcqRel) {
        return;
    }
    let (edge, fetcher, api) = (edge.clone(), fetcher.clone(), api.to_string());
    let (endpoint, check) = (endpoint.clone(), check.clone());
    tokio::spawn(async move {
        let mut asking = check.protocol.first();
        while is_served(&edge, &endpoint) {
            let outcome = ask(&fetcher, &endpoint, &check, &mut asking).await;
            if endpoint.health.learn(outcome.is_ok(), &check) {
                log(&api, &endpoint, outcome.err());
            }
            sleep(check.interval.mul_f64(0.9 + 0.2 * fastrand::f64())).await;
        }
        // A later configuration may have it again.
        endpoint.health.is_watched.store(false, Ordering::Release);
    });
}

fn is_served(edge: &Edge, endpoint: &Arc<Endpoint>) -> bool {
    edge.gateway.load().endpoints().any(|served| Arc::ptr_eq(served, endpoint))
}

/// One check. `asking` becomes what was understood, so that the next one begins with it.
async fn ask(
    fetcher: &Fetcher,
    endpoint: &Endpoint,
    check: &HealthCheck,
    asking: &mut Option<(&HttpUrl, Probe)>,
) -> Result<(), String> {
    let outcome = timeout(check.timeout, async {
        match asking {
            Some((url, probe)) => question(fetcher, endpoint, url, probe).await,
            None => connect(endpoint, check.timeout).await,
        }
    });
    outcome.await.unwrap_or_else(|_| Err(format!("it did not answer within {:?}", check.timeout)))
}

async fn question(
    fetcher: &Fetcher,
    endpoint: &Endpoint,
    url: &HttpUrl,
    probe: &mut Probe,
) -> Result<(), String> {
    for _ in 0..2 {
        let answer = fetcher.probe_once(endpoint, url, *probe).await.map_err(|error| error.to_string())?;
        match judge(*probe, &answer) {
            Verdict::Well => return Ok(()),
            Verdict::Unwell => return Err(format!("it answered with the status {}", answer.status.as_u16())),
            Verdict::NotUnderstood => *probe = other(*probe),
        }
    }
    // Neither message is understood by a server that wants a session for every one.
    Ok(())
}

/// The endpoints that were ejected for taking no connection. They are asked, so that clients need not.
#[derive(Default)]
struct Unreachable {
    /// How many there had been when it was looked for them last.
    so_far: u64,
    /// Some were still ejected then.
    some: bool,
    asked: HashMap<usize, JoinHandle<()>>,
}

impl Unreachable {
    /// Asks those that are not being asked. Looks through all endpoints only where there can be some.
    fn reach(&mut self, gateway: &Gateway) {
        let so_far = breaker::unreachable_so_far();
        if !self.some && self.so_far == so_far {
            return;
        }
        self.asked.retain(|_, task| !task.is_finished());
        (self.so_far, self.some) = (so_far, false);
        let now = Instant::now();
        for endpoint in gateway.endpoints().filter(|endpoint| endpoint.breaker.is_unreachable(now)) {
            self.some = true;
            self.asked.entry(Arc::as_ptr(endpoint).addr()).or_insert_with(|| ask_to_connect(endpoint));
        }
    }
}

fn ask_to_connect(endpoint: &Arc<Endpoint>) -> JoinHandle<()> {
    let endpoint = endpoint.clone();
    tokio::spawn(async move {
        if connect(&endpoint, endpoint.settings.timeouts.connect).await.is_ok() {
            endpoint.breaker.reachable(Instant::now());
        }
    })
}

/// Connects to any of its addresses and closes the connection. The limit is for all of them.
async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<(), String> {
    let share = limit / u32::try_from(endpoint.addresses.count().max(1)).unwrap_or(u32::MAX);
    let mut failure = "its name could not be resolved".to_string();
    let mut walk = endpoint.walk(Instant::now());
    while let Some(address) = walk.at() {
        match (Connector { timeout: share }).connect(&address.into()).await {
            Ok(_) => {
                walk.connected(&endpoint.addresses);
                return Ok(());
            }
            Err(error) => failure = error.etype().as_str().to_string(),
        }
        walk.failed(&endpoint.addresses, Instant::now());
    }
    Err(failure)
}

fn log(api: &str, endpoint: &Endpoint, why: Option<String>) {
    let event = if why.is_some() { "endpoint_unhealthy" } else { "endpoint_healthy" };
    Fields::new(event)
        .text("api", api)
        .maybe("endpoint", endpoint.settings.name.as_deref())
        .text("url", &endpoint.id)
        .maybe("error", why.as_deref())
        .log();
}
