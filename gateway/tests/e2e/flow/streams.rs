//! Event streams through the gateway: each event at once, broken streams resumed, a client that went away told
//! to the upstream, and sessions from beginning to end.

use serde_json::{Value, json};

use crate::support::authorization::Temper;
use crate::support::secured::Secured;

fn slow(arguments: Value) -> Value {
    json!({ "callTool": { "name": "slow_stream", "arguments": arguments } })
}

#[test]
fn progress_events_arrive_one_by_one_each_before_the_next_is_sent() {
    let secured = Secured::start(Temper::Ignore, &[]);
    for report in secured.run_both(&json!([{ "connect": true }, slow(json!({ "count": 4, "gapMs": 300 }))])) {
        assert_eq!(report.progress(1), [1, 2, 3, 4]);
        let events = report.result(1)["progress"].as_array().expect("events");
        let moment = |event: &Value, name: &str| event[name].as_u64().expect("a time in milliseconds");
        for pair in events.windows(2) {
            assert!(moment(&pair[0], "arrivedAt") <= moment(&pair[1], "sentAt"), "{events:?}");
        }
    }
}

#[test]
fn a_stream_the_server_closes_early_is_resumed_from_its_last_event() {
    let secured = Secured::start(Temper::Ignore, &["--retry-interval", "50"]);
    let call = slow(json!({ "count": 5, "gapMs": 50, "closeAfter": 2 }));
    for report in secured.run_both(&json!([{ "connect": true }, call])) {
        assert_eq!(report.progress(1), [1, 2, 3, 4, 5]);
        assert_eq!(report.requests_with("last-event-id"), 1);
    }
}

#[test]
fn a_stream_that_breaks_behind_the_gateway_is_resumed_from_its_last_event() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let steps = json!([{ "connect": true }, slow(json!({ "count": 8, "gapMs": 100 }))]);
    let report = std::thread::scope(|scope| {
        let client = scope.spawn(|| secured.run(json!({}), steps));
        secured.upstream.wait_for_counter("/streams/POST", 1);
        secured.upstream.control("/break-streams", &json!({ "method": "POST" }));
        client.join().expect("the client's report")
    });
    let report = report.expect_ok();
    assert_eq!(report.progress(1), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(report.requests_with("last-event-id") >= 1);
}

#[test]
fn a_client_that_went_away_is_told_to_the_upstream_and_can_go_on_with_its_session() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let call = json!({ "name": "slow_stream", "arguments": { "count": 5, "gapMs": 100 } });
    let mut leave = call.clone();
    leave["closeAfterEvents"] = json!(2);
    let steps = json!([
        { "connect": true },
        { "callTool": leave, "mayFail": true },
        { "connect": { "sessionId": "last" } },
        { "resume": call },
    ]);
    let report = secured.run(json!({}), steps).expect_ok();
    assert_eq!(report.0["steps"][1]["ok"], false);
    assert_eq!(report.result(3)["text"], "sent 5 events");
    assert_eq!(report.logins(), 1);
    let left = |entry: &Value| entry["method"] == "POST" && entry["disconnectedAt"].is_u64();
    assert!(secured.upstream.journal().iter().any(left), "the upstream saw the client leave");
}

#[test]
fn a_session_ends_with_delete_and_is_gone_afterwards() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let headers =
        json!({ "content-type": "application/json", "accept": "application/json, text/event-stream" });
    let ping = json!({ "fetch": { "url": secured.url, "method": "POST", "authorize": true, "inSession": true,
        "headers": headers, "body": r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"# } });
    let steps = json!([{ "connect": true }, ping, { "terminateSession": true }, ping]);
    for (ended, report) in secured.run_both(&steps).iter().enumerate() {
        assert_eq!(report.result(1)["status"], 200);
        assert_eq!(report.result(3)["status"], 404);
        assert!(report.result(3)["body"].as_str().is_some_and(|body| body.contains("Session not found")));
        assert!(secured.upstream.answered("DELETE", 200) > ended);
    }
    assert_eq!(secured.upstream.answered("DELETE", 200), 2);
}

#[test]
fn what_the_server_has_to_say_by_itself_arrives_on_the_standalone_stream() {
    let secured = Secured::start(Temper::Bind, &[]);
    let steps = json!([{ "connect": true }, { "waitForNotifications": { "count": 1 } }]);
    let report = std::thread::scope(|scope| {
        let client = scope.spawn(|| secured.run(json!({}), steps));
        secured.upstream.wait_for_counter("/streams/GET", 1);
        secured.upstream.control("/notify", &json!({ "hello": "world" }));
        client.join().expect("the client's report")
    });
    assert_eq!(report.expect_ok().0["notifications"][0]["params"]["data"], json!({ "hello": "world" }));
}
