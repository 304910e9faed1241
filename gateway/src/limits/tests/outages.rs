//! Servers that are not there, or do not answer.

use std::sync::Mutex;

use futures_util::FutureExt;

use super::*;

const TIMEOUT: Duration = Duration::from_millis(20);

fn impatient(port: u16) -> Redis {
    Redis::new(Settings { timeout: TIMEOUT, ..settings(port) })
}

/// Asks until it is known that there is no answer to be had, and from then on nobody waits for one.
async fn is_known_to_be_down(store: &Redis) {
    for _ in 0..1000 {
        assert_eq!(store.take(&asked()).await, None);
        if delays_nobody(store) {
            return;
        }
    }
    panic!("each request waits for it");
}

/// Whether a request is told at once that there is no answer.
fn delays_nobody(store: &Redis) -> bool {
    store.take(&asked()).now_or_never() == Some(None)
}

/// All that the process has logged, whichever test it was.
static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

fn listen() {
    // Another test may have done so already.
    let _ = log::set_logger(&Logger);
    log::set_max_level(log::LevelFilter::Info);
}

/// What was logged about a server.
fn logged(port: u16) -> Vec<String> {
    let logged = LOGGED.lock().unwrap();
    logged.iter().filter(|line| line.contains(&format!("127.0.0.1:{port} "))).cloned().collect()
}

async fn is_back(store: &Redis) -> bool {
    for _ in 0..400 {
        if store.take(&asked()).await.is_some() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn a_server_that_is_killed_delays_nobody_and_is_used_again_when_it_is_back() {
    let Some(mut server) = Server::start("a_server_that_is_killed", &[]) else { return };
    listen();
    let store = impatient(server.port);
    assert!(is_back(&store).await);
    for _ in 0..2 {
        server.kill();
        is_known_to_be_down(&store).await;
        assert!((0..1000).all(|_| delays_nobody(&store)));
        server.restart();
        assert!(is_back(&store).await);
    }
    let logged = logged(server.port);
    let kinds: Vec<_> = logged.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(
        kinds,
        ["WARN", "INFO", "WARN", "INFO"],
        "once for each outage, and once for its end: {logged:?}"
    );
    assert!(
        logged[0].contains("cannot be used")
            && logged[0].ends_with("meanwhile each gateway counts for itself")
    );
}

#[tokio::test]
async fn a_server_that_is_silent_delays_a_few_and_then_nobody() {
    let Some(server) = Server::start("a_server_that_is_silent", &[]) else { return };
    let store = impatient(server.port);
    assert!(is_back(&store).await);
    server.signal("-STOP");
    is_known_to_be_down(&store).await;
    // Connections are taken by the system; none of them is used before it has counted something.
    for _ in 0..150 {
        assert!(delays_nobody(&store));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.signal("-CONT");
    assert!(is_back(&store).await);
}

#[tokio::test]
async fn a_server_that_was_never_there_is_known_to_be_down() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    listen();
    let store = impatient(port);
    assert!(!store.is_up().await);
    assert!(delays_nobody(&store));
    assert_eq!(logged(port).len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_is_tried_about_once_a_second() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = impatient(listener.local_addr().unwrap().port());
    store.begin();
    let (mut attempts, end) = (0, tokio::time::Instant::now() + Duration::from_millis(2500));
    while tokio::time::timeout_at(end, listener.accept()).await.is_ok() {
        attempts += 1;
        // Whoever asks meanwhile does not make it try more often.
        store.take(&asked()).await;
    }
    assert!((1..=4).contains(&attempts), "{attempts}");
}
