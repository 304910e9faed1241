//! The store against a real server, where `redis-server` is installed: where it is not, each test says so and does nothing.

mod data;
mod login;
mod outages;
mod server;

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tollgate_plugins::limiter::{Key, Limiter, Window, Windows};
use tollgate_plugins::policy::OnFailure;

use self::server::Server;
use super::*;

/// Of a server on this machine. There is time enough for one that is busy with other tests.
fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
        database: 0,
        username: None,
        password: None,
        timeout: Duration::from_secs(1),
        on_failure: OnFailure::Local,
    }
}

/// Pairs of requests and milliseconds.
fn windows(all: &[(u64, u64)]) -> Windows {
    let window = |(requests, millis): &(u64, u64)| Window {
        requests: NonZeroU64::new(*requests).unwrap(),
        per: Duration::from_millis(*millis),
    };
    Windows::new(&all.iter().map(window).collect::<Vec<_>>()).unwrap()
}

fn charge(key: &str, cost: u64, windows: &Windows) -> Charge {
    Charge { key: key.to_owned(), cost, windows: windows.clone(), local: Key::of([("", key)]), now: 0 }
}

/// A charge that any number of requests may make.
fn asked() -> Charge {
    charge("acme", 1, &windows(&[(1_000_000, MINUTE)]))
}

async fn store(port: u16) -> Redis {
    let store = Redis::new(settings(port));
    assert!(store.is_up().await);
    store
}

/// What is left in each window, and whether each is under way.
fn standing(taken: &Taken) -> Vec<(u64, bool)> {
    taken.windows.iter().map(|window| (window.left, !window.resets_in.is_zero())).collect()
}

const MINUTE: u64 = 60_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_what_two_gateways_ask_for_at_once_exactly_the_limit_is_accepted() {
    let Some(server) = Server::start("of_what_two_gateways_ask_for_at_once", &[]) else { return };
    let stores = [Arc::new(store(server.port).await), Arc::new(store(server.port).await)];
    let limits = windows(&[(500, MINUTE), (700, 60 * MINUTE)]);
    let accepted = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (store, accepted) = (stores[task % 2].clone(), accepted.clone());
            let charge = charge("acme", 1, &limits);
            tokio::spawn(async move {
                for _ in 0..100 {
                    let taken = store.take(&charge).await.expect("an answer");
                    accepted.fetch_add(u64::from(taken.allowed()), Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(accepted.load(Ordering::Relaxed), 500);
    let taken = stores[0].take(&charge("acme", 0, &limits)).await.unwrap();
    assert_eq!(standing(&taken), [(0, true), (200, true)]);
    assert!(stores[1].take(&charge("other", 1, &limits)).await.unwrap().allowed());
}

#[tokio::test]
async fn the_store_says_what_the_memory_of_one_gateway_would() {
    let Some(server) = Server::start("the_store_says_what_the_memory", &[]) else { return };
    let store = store(server.port).await;
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..60 {
        let (mut all, name) = (Vec::new(), format!("round-{round}"));
        for number in 0..random.u64(1..=4) {
            all.push((random.u64(1..30), MINUTE * (number + 1)));
        }
        // Whole numbers are kept to the end of their range.
        let scale = if round % 3 == 0 { 33_333_333_333_333 } else { 1 };
        all.iter_mut().for_each(|(requests, _)| *requests *= scale);
        let limits = windows(&all);
        let limiter = Limiter::new(limits.clone(), NonZeroUsize::MIN);
        for _ in 0..15 {
            let asked = charge(&name, random.u64(0..12) * scale, &limits);
            let (shared, own) =
                (store.take(&asked).await.unwrap(), limiter.take(&asked.local, asked.cost, 0));
            let kind = |taken: &Taken| std::mem::discriminant(&taken.verdict);
            assert_eq!(
                (kind(&shared), standing(&shared)),
                (kind(&own), standing(&own)),
                "{limits:?} {asked:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_window_begins_with_the_first_charge_and_ends_by_itself() {
    let Some(server) = Server::start("a_window_begins_with_the_first_charge", &[]) else { return };
    let store = store(server.port).await;
    let limits = windows(&[(2, 2000), (3, MINUTE)]);
    let asked = charge("acme", 1, &limits);
    let take = || async { store.take(&asked).await.unwrap() };
    assert!(take().await.allowed());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let second = take().await;
    assert!(second.allowed() && second.windows[0].resets_in <= Duration::from_millis(1900), "not extended");
    let Err(wait) = waits(take().await) else { panic!("two of two") };
    assert!(wait <= Duration::from_millis(1900), "{wait:?}");
    tokio::time::sleep(wait + Duration::from_millis(20)).await;
    assert_eq!(standing(&take().await), [(1, true), (0, true)]);
    let Err(wait) = waits(take().await) else { panic!("three of three") };
    assert!(wait > Duration::from_secs(55), "{wait:?}");
    assert_eq!(server.ask(&["KEYS", "*"]).await.matches("tollgate:limits:{acme}:").count(), 2);
    let left: u64 = server.ask(&["PTTL", "tollgate:limits:{acme}:60000"]).await.parse().unwrap();
    assert!((50_000..=60_000).contains(&left), "{left}");
}

fn waits(taken: Taken) -> Result<(), Duration> {
    match taken.verdict {
        tollgate_plugins::limiter::Verdict::RetryAfter(wait) => Err(wait),
        _ => Ok(()),
    }
}
