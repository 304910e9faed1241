use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use tollgate_protocol::envelope::{Batches, Envelope};

use super::*;
use crate::request::Caller;
use crate::testing::Alone;

fn checked(settings: &str) -> (Option<Concurrency>, Vec<String>) {
    let (settings, mut findings) = (serde_json::from_str(settings).unwrap(), Findings::default());
    let policy = check(&settings, &KeyPath::root(), &mut findings);
    (policy, findings.problems.iter().map(|problem| problem.path.to_string()).collect())
}

fn started(settings: &str, before: Option<&Arc<dyn Policy>>) -> Arc<dyn Policy> {
    let services = Alone { memory: before.and_then(|before| before.memory()), ..Alone::default() };
    checked(settings).0.unwrap().start(&services)
}

fn keys(policy: &Arc<dyn Policy>) -> usize {
    policy.memory().unwrap().downcast::<Places>().unwrap().keys()
}

/// Shows a policy a request of this consumer: its head, and its messages where there are any.
fn ask(
    policy: &Arc<dyn Policy>,
    consumer: Option<&str>,
    address: [u8; 4],
    body: &str,
) -> Result<Effects, Box<Denial>> {
    let headers = HeaderMap::new();
    let (method, host, path) = (if body.is_empty() { "GET" } else { "POST" }, "gw.example", "/mcp");
    let (client, caller) = (Some(address.into()), Some(Caller { consumer, ..Caller::default() }));
    let request = Request { method, host, path, headers: &headers, client, api: "api", caller, now: 0 };
    let (mut effects, needs) = (Effects::default(), policy.needs());
    let refused = |verdict| match verdict {
        Verdict::Continue => Ok(()),
        Verdict::Deny(denial) => Err(denial),
        other => panic!("{other:?}"),
    };
    if needs.head {
        refused(policy.on_head(&request, &mut effects))?;
    }
    if needs.message == Reading::Enforce && !body.is_empty() {
        let envelope = Envelope::read(body.as_bytes(), Batches::Allowed).unwrap();
        for message in envelope.messages() {
            refused(policy.on_message(&request, message, &mut effects))?;
        }
    }
    Ok(effects)
}

fn call(tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

const HERE: [u8; 4] = [192, 0, 2, 1];
const THERE: [u8; 4] = [192, 0, 2, 2];
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

#[test]
fn as_many_requests_are_under_way_as_may_be_and_the_next_one_when_one_has_ended() {
    let policy = started(r#"{ "by": "consumer", "max": 2 }"#, None);
    let acme = || ask(&policy, Some("acme"), HERE, LIST);
    let (first, second) = (acme().unwrap(), acme().unwrap());
    let denial = acme().unwrap_err();
    let said = (denial.reason, denial.code, denial.retry_after, denial.is_outcome);
    assert_eq!(said, (&TOO_MANY_CALLS, Some(-32006), Some(1), false));
    let other = ask(&policy, Some("other"), HERE, LIST).unwrap();
    drop(first);
    let third = acme().unwrap();
    assert!(acme().is_err());
    drop((second, third, other));
    assert_eq!(keys(&policy), 0);
}

#[test]
fn a_request_that_is_refused_takes_no_place_and_frees_none() {
    let policy = started(r#"{ "by": "consumer", "max": 1 }"#, None);
    let held = ask(&policy, Some("acme"), HERE, LIST).unwrap();
    for _ in 0..3 {
        assert!(ask(&policy, Some("acme"), HERE, LIST).is_err());
    }
    drop(held);
    assert!(ask(&policy, Some("acme"), HERE, LIST).is_ok());
}

#[test]
fn callers_that_nobody_knows_do_not_share_their_places() {
    let policy = started(r#"{ "by": "consumer", "max": 1 }"#, None);
    let _held = ask(&policy, None, HERE, LIST).unwrap();
    assert!(ask(&policy, None, HERE, LIST).is_err());
    assert!(ask(&policy, None, THERE, LIST).is_ok());
    assert!(ask(&policy, Some("acme"), HERE, LIST).is_ok());
}

#[test]
fn a_stream_is_a_request_but_no_call() {
    let (requests, calls) =
        (r#"{ "by": "address", "max": 1 }"#, r#"{ "by": "address", "max": 1, "count": "tools/call" }"#);
    let requests = started(requests, None);
    let _stream = ask(&requests, None, HERE, "").unwrap();
    assert!(ask(&requests, None, HERE, &call("search")).is_err());
    let calls = started(calls, None);
    let _streams = [(); 3].map(|()| ask(&calls, None, HERE, "").unwrap());
    let _lists = [(); 3].map(|()| ask(&calls, None, HERE, LIST).unwrap());
    let _call = ask(&calls, None, HERE, &call("search")).unwrap();
    assert!(ask(&calls, None, HERE, &call("other")).is_err());
    assert!(ask(&calls, None, HERE, LIST).is_ok());
}

#[test]
fn each_tool_has_places_of_its_own_and_each_call_of_a_batch_takes_one() {
    let policy = started(r#"{ "by": ["consumer", "tool"], "max": 2 }"#, None);
    let ask = |body: &str| ask(&policy, Some("acme"), HERE, body);
    let three = format!("[{},{},{}]", call("search"), call("search"), call("search"));
    assert!(ask(&three).is_err());
    assert_eq!(keys(&policy), 0, "what was taken ahead of the refusal is free again");
    let held = ask(&format!("[{},{},{}]", call("search"), call("other"), call("search"))).unwrap();
    assert_eq!(held.guards.len(), 3);
    assert!(ask(&call("search")).is_err());
    assert!(ask(&call("other")).is_ok());
}

#[test]
fn a_reload_forgets_nothing_that_is_under_way() {
    let first = started(r#"{ "by": "consumer", "max": 2 }"#, None);
    let held = [(); 2].map(|()| ask(&first, Some("acme"), HERE, LIST).unwrap());
    let second = started(r#"{ "by": "consumer", "max": 3 }"#, Some(&first));
    drop(first);
    let more = ask(&second, Some("acme"), HERE, LIST).unwrap();
    assert!(ask(&second, Some("acme"), HERE, LIST).is_err());
    let third = started(r#"{ "by": "consumer", "max": 1 }"#, Some(&second));
    drop(held);
    assert!(ask(&third, Some("acme"), HERE, LIST).is_err());
    drop(more);
    assert!(ask(&third, Some("acme"), HERE, LIST).is_ok());
}

#[test]
fn after_a_reload_that_counts_something_else_it_is_counted_from_the_start() {
    let first = started(r#"{ "by": "consumer", "max": 1 }"#, None);
    let held = ask(&first, Some("acme"), HERE, LIST).unwrap();
    let second = started(r#"{ "by": "consumer", "max": 1, "count": "tools/call" }"#, Some(&first));
    let _call = ask(&second, Some("acme"), HERE, &call("search")).unwrap();
    drop(held);
    assert!(ask(&second, Some("acme"), HERE, &call("search")).is_err());
    let by_another = started(r#"{ "by": "address", "max": 1 }"#, Some(&first));
    assert!(ask(&by_another, Some("acme"), HERE, LIST).is_ok());
    let settings = checked(r#"{ "by": "plan", "max": 1 }"#).0.unwrap();
    let of_another_kind =
        settings.start(&Alone { memory: Some(Arc::new("something else")), ..Alone::default() });
    assert!(ask(&of_another_kind, None, HERE, LIST).is_ok());
}

#[test]
fn threads_that_ask_at_once_never_have_more_under_way_than_may_be() {
    let policy = started(r#"{ "by": "consumer", "max": 3 }"#, None);
    let (under_way, let_in) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let Ok(held) = ask(&policy, Some("acme"), HERE, LIST) else { continue };
                    assert!(under_way.fetch_add(1, Ordering::SeqCst) < 3);
                    let_in.fetch_add(1, Ordering::SeqCst);
                    std::thread::yield_now();
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    drop(held);
                }
            });
        }
    });
    assert!(let_in.into_inner() >= 3);
    assert_eq!(keys(&policy), 0);
}

#[test]
fn calls_are_counted_where_it_is_by_tools() {
    let count = |settings| checked(settings).0.unwrap().count;
    assert_eq!(count(r#"{ "by": "tool", "max": 1 }"#), Count::Calls);
    assert_eq!(count(r#"{ "by": ["plan", "subject"], "max": 1 }"#), Count::Requests);
    let reading = |settings| started(settings, None).needs();
    assert_eq!(reading(r#"{ "by": "plan", "max": 1 }"#), Needs { head: true, ..Needs::default() });
    let calls = Needs { message: Reading::Enforce, ..Needs::default() };
    assert_eq!(reading(r#"{ "by": "plan", "max": 1, "count": "tools/call" }"#), calls);
}

#[test]
fn what_cannot_be_counted_is_refused_where_it_stands() {
    for (settings, places) in [
        (r#"{ "by": "plan", "max": 0 }"#, vec!["max"]),
        (r#"{ "by": [], "max": 0 }"#, vec!["by", "max"]),
        (r#"{ "by": ["plan", "plan"], "max": 1 }"#, vec!["by[1]"]),
        (r#"{ "by": ["plan", "session"], "max": 1 }"#, vec!["by"]),
        (r#"{ "by": "tool", "max": 1, "count": "requests" }"#, vec!["count"]),
    ] {
        let (policy, found) = checked(settings);
        assert_eq!((policy, found), (None, places.into_iter().map(String::from).collect()), "{settings}");
    }
}
