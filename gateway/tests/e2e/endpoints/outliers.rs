//! Endpoints that fail are sent no more requests, and come back when they work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{asked, endpoint, event, fleet, named, nobody};
use crate::support::PATIENCE;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// Answers 500 while the switch is on.
fn failing() -> (Arc<AtomicBool>, Upstream) {
    let fails = Arc::new(AtomicBool::new(true));
    let switch = fails.clone();
    let upstream = Upstream::start(move |_| match fails.load(Ordering::Relaxed) {
        true => response("500 Internal Server Error", &[], r#"{"reason":"500"}"#),
        false => response("200 OK", &[], "sick"),
    });
    (switch, upstream)
}

fn outlier_detection(keys: &str) -> String {
    format!("upstream: {{ outlier_detection: {{ {keys} }} }}")
}

#[test]
fn an_endpoint_is_ejected_after_so_many_errors_in_a_row() {
    let ((_, sick), well) = (failing(), named("well"));
    let endpoints = [endpoint(&sick, "name: sick"), endpoint(&well, "")];
    let mut gateway = Tollgate::start(&fleet(&endpoints, &outlier_detection("consecutive_failures: 2")));
    let answers: Vec<_> = (0..12).map(|_| asked(&gateway)).collect();
    assert_eq!(answers.iter().filter(|answer| *answer == "500").count(), 2, "{answers:?}");
    let line = event(&mut gateway, 0, "endpoint_ejected");
    assert_eq!((line["api"].as_str(), line["endpoint"].as_str()), (Some("a"), Some("sick")));
    assert_eq!(line["seconds"], 10.0);
}

#[test]
fn an_endpoint_that_works_again_is_readmitted() {
    let ((fails, sick), well) = (failing(), named("well"));
    let endpoints = [endpoint(&sick, ""), endpoint(&well, "")];
    let keys = outlier_detection("consecutive_failures: 1, base_ejection_time: 100ms");
    let mut gateway = Tollgate::start(&fleet(&endpoints, &keys));
    while asked(&gateway) != "500" {}
    fails.store(false, Ordering::Relaxed);
    let deadline = Instant::now() + PATIENCE;
    while asked(&gateway) != "sick" {
        assert!(Instant::now() < deadline, "it gets no request");
    }
    event(&mut gateway, 0, "endpoint_readmitted");
    assert_eq!([asked(&gateway), asked(&gateway)].iter().filter(|name| *name == "sick").count(), 1);
}

#[test]
fn an_endpoint_that_takes_connections_and_breaks_them_off_is_left_alone() {
    let (breaking, well) = (Upstream::start(|_| Vec::new()), named("well"));
    let endpoints = [endpoint(&breaking, ""), endpoint(&well, "")];
    let keys = outlier_detection("consecutive_failures: 2, base_ejection_time: 1h, max_ejection_time: 1h");
    let mut gateway = Tollgate::start(&fleet(&endpoints, &keys));
    while breaking.seen().len() < 2 {
        gateway.connect().post_json("/a/mcp", &[], "{}");
    }
    event(&mut gateway, 0, "endpoint_ejected");
    // Longer than it takes to ask an endpoint whether it takes connections.
    std::thread::park_timeout(std::time::Duration::from_millis(1500));
    assert!((0..8).all(|_| gateway.connect().post_json("/a/mcp", &[], "{}").text() == "well"));
    assert_eq!(breaking.seen().len(), 2, "no message is lost on it");
}

#[test]
fn each_further_ejection_lasts_twice_as_long_up_to_the_longest() {
    let (_, sick) = failing();
    let keys = "consecutive_failures: 1, base_ejection_time: 20ms, max_ejection_time: 50ms, max_ejection_percent: 100";
    let mut gateway = Tollgate::start(&fleet(&[endpoint(&sick, "")], &outlier_detection(keys)));
    let mut from = 0;
    for expected in [0.02, 0.04, 0.05, 0.05] {
        while asked(&gateway) != "500" {}
        let line = event(&mut gateway, from, "endpoint_ejected");
        assert_eq!(line["seconds"], expected);
        let is_this =
            |text: &String| serde_json::from_str(text).is_ok_and(|value: serde_json::Value| value == line);
        from = gateway.process.lines().iter().position(is_this).expect("it was logged") + 1;
    }
}

#[test]
fn endpoints_that_answer_are_ejected_up_to_a_share_only() {
    let ((_, one), (_, two)) = (failing(), failing());
    let endpoints = [endpoint(&one, ""), endpoint(&two, "")];
    let none = outlier_detection("consecutive_failures: 1, max_ejection_percent: 0");
    let mut gateway = Tollgate::start(&fleet(&endpoints, &none));
    assert!((0..8).all(|_| asked(&gateway) == "500"));
    assert_eq!((one.seen().len(), two.seen().len()), (4, 4));
    let half = outlier_detection("consecutive_failures: 1, max_ejection_percent: 50");
    assert_eq!(gateway.reload(&fleet(&endpoints, &half)), "applied");
    assert!((0..8).all(|_| asked(&gateway) == "500"));
    let seen = [one.seen().len(), two.seen().len()];
    assert!(seen.contains(&5) && seen.contains(&11), "{seen:?}");
}

#[test]
fn while_no_endpoint_takes_requests_clients_are_told_when_to_come_back() {
    let endpoints = [format!("\"http://{}/mcp\"", nobody::address())];
    let keys = outlier_detection("consecutive_failures: 2, base_ejection_time: 1h, max_ejection_time: 1h");
    let gateway = Tollgate::start(&fleet(&endpoints, &keys));
    let client = || gateway.connect().post_json("/a/mcp", &[], "{}");
    assert_eq!([client(), client()].map(|answer| answer.reason()), ["upstream_unreachable"; 2]);
    let answer = client();
    assert_eq!((answer.status, answer.reason().as_str()), (503, "upstream_unavailable"));
    let seconds: u32 = answer.header("retry-after").expect("a time to come back").parse().expect("seconds");
    assert!((1..=3600).contains(&seconds), "{seconds}");
}
