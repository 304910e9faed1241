//! Several gateways that count together, in Redis.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::super::{call, post, reached, yaml};
use super::{accepted, told};
use crate::support::PATIENCE;
use crate::support::certificates::Authority;
use crate::support::nobody;
use crate::support::redis::Redis;
use crate::support::tollgate::{Tollgate, binary};
use crate::support::upstream::Upstream;

/// A gateway that counts in a store with these settings; the limit is this many an hour.
fn counting(upstream: &Upstream, store: &str, requests: usize) -> String {
    let policy =
        format!("{{ rate_limit: {{ by: address, windows: [{{ requests: {requests}, per: 1h }}] }} }}");
    yaml(upstream, &policy, &format!("stores: {{ limits: {{ redis: {{ {store} }} }} }}\n"))
}

/// Waits until the store is used, which it is not in the first moments: a gateway takes no connection before it has to.
fn is_used(gateway: &Tollgate, redis: &Redis) {
    let deadline = Instant::now() + PATIENCE;
    while redis.ask(&["dbsize"]).trim() == "0" {
        post(gateway, &call("x"));
        assert!(Instant::now() < deadline, "the store is not used");
    }
}

#[test]
fn two_gateways_let_no_more_through_than_one() {
    let Some(redis) = Redis::start(&[]) else { return };
    let upstream = reached();
    let yaml =
        counting(&upstream, &format!("url: \"{}\", timeout: 1s, on_failure: closed", redis.url()), 500);
    let (one, other) = (Tollgate::start(&yaml), Tollgate::start(&yaml));
    is_used(&one, &redis);
    is_used(&other, &redis);
    redis.ask(&["flushall"]);
    let let_through = accepted(&[&one, &other], 32, 3_200);
    assert!((500..=505).contains(&let_through), "{let_through} of 500");
}

#[test]
fn where_the_store_is_gone_each_counts_for_itself_or_all_or_none_go_on() {
    let upstream = reached();
    for (on_failure, expected) in [
        ("local", vec![(200, String::new()), (429, "rate_limited".into())]),
        ("open", vec![(200, String::new()), (200, String::new())]),
        ("closed", vec![(503, "limits_unavailable".into()), (503, "limits_unavailable".into())]),
    ] {
        let store = format!("url: \"redis://{}\", on_failure: {on_failure}", nobody::address());
        let mut gateway = Tollgate::start(&counting(&upstream, &store, 1));
        let answers: Vec<_> = (0..2).map(|_| told(&post(&gateway, &call("x")))).collect();
        assert_eq!(answers, expected, "{on_failure}");
        gateway.process.wait_for(0, "a warning", |line| line.contains("\"warn\"").then_some(()));
    }
}

#[test]
fn a_store_that_comes_back_is_used_again() {
    let Some(mut redis) = Redis::start(&[]) else { return };
    let upstream = reached();
    let store = format!("url: \"{}\", timeout: 1s", redis.url());
    let admin = "admin: { address: \"127.0.0.1:0\" }\n";
    let gateway = Tollgate::start(&(counting(&upstream, &store, 1_000_000) + admin));
    is_used(&gateway, &redis);
    gateway.counts("tollgate_limits_store_up", &[], 1.0);
    redis.stop();
    assert_eq!(post(&gateway, &call("x")).status, 200);
    gateway.counts("tollgate_limits_store_up", &[], 0.0);
    redis.restart();
    is_used(&gateway, &redis);
    gateway.counts("tollgate_limits_store_up", &[], 1.0);
    assert_eq!(redis.ask(&["lpush", "unrelated", "x"]).trim(), "1");
    for key in redis.ask(&["keys", "*"]).lines().filter(|key| *key != "unrelated") {
        redis.ask(&["del", key]);
        redis.ask(&["lpush", key, "x"]);
    }
    assert_eq!(post(&gateway, &call("x")).status, 200, "what makes no sense there is no answer");
}

#[test]
fn the_store_is_waited_for_as_long_as_that_is_said() {
    let Some(redis) = Redis::start(&[]) else { return };
    let upstream = reached();
    let mut told = Vec::new();
    for timeout in ["1s", "1ms"] {
        let store = format!("url: \"{}\", timeout: {timeout}, on_failure: closed", redis.url());
        let gateway = Tollgate::start(&counting(&upstream, &store, 1_000_000));
        redis.ask(&["flushall"]);
        is_used(&gateway, &redis);
        redis.ask(&["client", "pause", "300"]);
        told.push(post(&gateway, &call("x")).status);
        redis.ask(&["client", "unpause"]);
    }
    assert_eq!(told, [200, 503]);
}

#[test]
fn the_gateway_logs_in_as_whom_it_is_told_and_the_password_is_nowhere() {
    let Some(redis) =
        Redis::start(&["--user", "default", "off", "--user", "edge", "on", ">hunter2", "~*", "+@all"])
    else {
        return;
    };
    let upstream = reached();
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("password"), "hunter2").expect("it is written");
    let store = format!(
        "url: \"{}\", username: edge, password: \"${{file:password}}\", timeout: 1s, on_failure: closed",
        redis.url()
    );
    std::fs::write(folder.path().join("gateway.yaml"), counting(&upstream, &store, 1000))
        .expect("it is written");
    let gateway = Tollgate::start_in(folder, 1);
    let deadline = Instant::now() + PATIENCE;
    while post(&gateway, &call("x")).status != 200 {
        assert!(Instant::now() < deadline, "it does not log in");
    }
    let wrong =
        Tollgate::start(&counting(&upstream, &format!("url: \"{}\", on_failure: closed", redis.url()), 1000));
    assert_eq!(told(&post(&wrong, &call("x"))), (503, "limits_unavailable".into()));
    assert!(!gateway.process.lines().iter().any(|line| line.contains("hunter2")));
}

#[test]
fn the_store_is_reached_over_tls_and_its_certificate_is_checked() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let authority = Authority::new(folder.path(), "ca");
    let (cert, key) = authority.certify("redis", "IP:127.0.0.1");
    let ca = &authority.ca;
    let tls = nobody::address();
    nobody::release(tls);
    let port = tls.port().to_string();
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let arguments = [
        "--tls-port",
        &port,
        "--tls-cert-file",
        &text(&cert),
        "--tls-key-file",
        &text(&key),
        "--tls-ca-cert-file",
        &text(ca),
        "--tls-auth-clients",
        "no",
    ];
    let Some(redis) = Redis::start(&arguments) else { return };
    let upstream = reached();
    let store = |ca: &str| {
        counting(&upstream, &format!("url: \"rediss://{tls}\", timeout: 1s, on_failure: closed{ca}"), 1000)
    };
    let gateway = Tollgate::start(&store(&format!(", ca: {ca:?}")));
    is_used(&gateway, &redis);
    assert_eq!(post(&gateway, &call("x")).status, 200);
    let distrusting = Tollgate::start(&store(""));
    assert_eq!(told(&post(&distrusting, &call("x"))), (503, "limits_unavailable".into()));
}

#[test]
fn a_check_says_that_the_store_is_not_there() {
    let Some(redis) = Redis::start(&[]) else { return };
    let upstream = reached();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("gateway.yaml");
    for (url, is_there) in [(redis.url(), true), (format!("redis://{}", nobody::address()), false)] {
        std::fs::write(&file, counting(&upstream, &format!("url: \"{url}\""), 1)).expect("it is written");
        let checked = binary().args(["check", "-c"]).arg(&file).output().expect("the program runs");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{said}");
        assert_eq!(said.contains("nobody takes a connection there now"), !is_there, "{said}");
        assert_eq!(said.contains(&url), !is_there, "with its line: {said}");
    }
}

#[test]
fn no_request_fails_while_the_store_is_slowed_stopped_and_started_under_load() {
    let Some(mut redis) = Redis::start(&[]) else { return };
    let upstream = reached();
    let store = format!("url: \"{}\", on_failure: local", redis.url());
    let gateway = Tollgate::start(&counting(&upstream, &store, 1_000_000));
    is_used(&gateway, &redis);
    let is_over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = gateway.connect();
                while !is_over.load(Ordering::Relaxed) {
                    let answer = connection.get("/a/mcp");
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let some_more = || {
            let (from, deadline) = (answered.load(Ordering::Relaxed), Instant::now() + PATIENCE);
            while answered.load(Ordering::Relaxed) < from + 500 {
                assert!(Instant::now() < deadline, "requests wait for the store");
                std::thread::park_timeout(PATIENCE / 2000);
            }
        };
        some_more();
        redis.ask(&["client", "pause", "500"]);
        some_more();
        redis.stop();
        some_more();
        redis.restart();
        some_more();
        redis.ask(&["script", "flush"]);
        some_more();
        is_over.store(true, Ordering::Relaxed);
    });
    is_used(&gateway, &redis);
}
