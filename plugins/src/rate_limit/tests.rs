//! What is counted, for whom, and what callers are told.

mod callers;
mod shared;

use serde_json::json;

use super::testing::*;
use super::*;
use crate::effects::Effects;
use crate::policy::{Charge, Needs, OnFailure, Policy, Reading, Verdict};

#[test]
fn of_the_requests_within_a_time_as_many_go_on_as_the_limit_says() {
    let limit = start(&by(&json!("consumer")));
    let acme = Asker { consumer: Some("acme"), ..from("192.0.2.1") };
    assert_eq!(acme.passes(&limit), 2);
    assert_eq!(Asker { now: NOW + 59_999, ..acme.clone() }.passes(&limit), 0);
    assert_eq!(Asker { now: NOW + 60_000, ..acme }.passes(&limit), 2);
}

#[test]
fn who_is_refused_is_told_how_long_to_wait_and_how_the_limit_stands() {
    let limit = start(&by(&json!("address")));
    from("192.0.2.1").passes(&limit);
    let denial = denial(Asker { now: NOW + 500, ..from("192.0.2.1") }.head(&limit));
    assert_eq!((denial.reason.slug, denial.reason.status), ("rate_limited", 429));
    assert_eq!((denial.retry_after, denial.code, denial.is_outcome), (Some(60), Some(-32005), false));
    let fields: Vec<_> =
        denial.fields.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let expected = [("ratelimit-policy", r#""calls";q=2;w=60"#), ("ratelimit", r#""calls";r=0;t=60"#)];
    assert_eq!(fields, expected);
}

#[test]
fn what_costs_more_than_all_is_no_matter_of_waiting() {
    let limit = start(&by(&json!("address")));
    let taken = limit.limiter.windows().judge(&[], 3);
    let denial = denial(limit.settle(&taken, &mut Effects::default()));
    assert_eq!((denial.reason.slug, denial.reason.status, denial.retry_after), ("quota_spent", 403, None));
}

#[test]
fn answers_say_how_the_caller_stands_with_each_limit_unless_they_shall_not() {
    let limit = start(&by(&json!("address")));
    assert_eq!(limit.needs(), Needs { head: true, ..Needs::default() });
    let mut effects = Effects::default();
    from("192.0.2.1").ask(|request| {
        assert!(limit.on_head(request, &mut effects).goes_on());
        assert_eq!(
            fields(&effects),
            [r#"ratelimit-policy: "calls";q=2;w=60"#, r#"ratelimit: "calls";r=1;t=60"#]
        );
    });
    let mut windows = json!({ "by": "plan", "windows": [{ "requests": 9, "per": "1d" }] });
    let daily = start(&windows);
    from("192.0.2.1").ask(|request| assert!(daily.on_head(request, &mut effects).goes_on()));
    assert_eq!(
        fields(&effects)[2..],
        [r#"ratelimit-policy: "calls";q=9;w=86400"#, r#"ratelimit: "calls";r=8;t=86400"#]
    );
    windows["headers"] = json!(false);
    let silent = start(&windows);
    let mut effects = Effects::default();
    from("192.0.2.1").ask(|request| assert!(silent.on_head(request, &mut effects).goes_on()));
    assert_eq!(fields(&effects), [""; 0]);
}

#[test]
fn calls_of_tools_are_counted_each_of_a_batch_and_nothing_else_is() {
    let mut settings = by(&json!("address"));
    settings["count"] = json!("tools/call");
    let (limit, client) = (start(&settings), from("192.0.2.1"));
    assert_eq!(limit.needs(), Needs { message: Reading::Enforce, ..Needs::default() });
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    let told = json!({ "jsonrpc": "2.0", "method": "tools/call", "params": { "name": "a" } });
    let mut effects = Effects::default();
    let batch = json!([list, answer, told, call("b"), list, call("c"), answer]);
    assert_eq!(client.post(&limit, &batch, &mut effects), [true, true, true, true, true, false, true]);
    assert_eq!(fields(&effects), [r#"ratelimit-policy: "calls";q=2;w=60"#, r#"ratelimit: "calls";r=0;t=60"#]);
}

#[test]
fn a_call_costs_what_the_first_pattern_says_that_fits_its_tool() {
    let settings = r#"{
        "by": "address", "count": "tools/call",
        "weights": { "export_small": 1, "export_*": 10, "help": 0, "*_all": 5 },
        "windows": [{ "requests": 26, "per": "1m" }]
    }"#;
    let (limit, client) = (start(&settings), from("192.0.2.1"));
    // 10, 10, 1, 5.
    for tool in ["export_big", "export_all", "export_small", "list_all"] {
        assert!(client.calls(&limit, tool), "{tool}");
    }
    assert!(!client.calls(&limit, "anything"));
    assert!((0..100).all(|_| client.calls(&limit, "help")), "what is free is free when all is spent");
}

#[test]
fn a_limit_by_tool_counts_each_tool_for_itself() {
    let (limit, client) = (start(&by(&json!(["address", "tool"]))), from("192.0.2.1"));
    assert_eq!(limit.needs().message, Reading::Enforce);
    let calls = |tool| (0..3).map(|_| client.calls(&limit, tool)).collect::<Vec<_>>();
    assert_eq!([calls("a"), calls("b")], [[true, true, false], [true, true, false]]);
}

#[test]
fn a_reload_forgets_nothing() {
    let before = start(&by(&json!("address")));
    assert_eq!(from("192.0.2.1").passes(&before), 2);
    let memory = before.memory();
    let three = json!({ "by": "address", "windows": [{ "requests": 3, "per": "60s" }] });
    let after = limit(&three).start(&Alone { memory, ..Alone::default() });
    assert_eq!(from("192.0.2.1").passes(&after), 1);
    assert_eq!(from("192.0.2.2").passes(&after), 3);
}
