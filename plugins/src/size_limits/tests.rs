use http::HeaderMap;
use tollgate_protocol::envelope::{Batches, Envelope};

use super::*;

fn checked(settings: &str) -> (Option<SizeLimits>, Vec<String>) {
    let (settings, mut findings) = (serde_json::from_str(settings).unwrap(), Findings::default());
    let policy = check(&settings, &KeyPath::root().key("size_limits"), &mut findings);
    let problems = findings.problems.iter().map(|it| format!("{:?} {}", it.severity, it.path)).collect();
    (policy, problems)
}

fn policy(settings: &str) -> SizeLimits {
    checked(settings).0.unwrap()
}

/// What it says of a head with these lengths.
fn on_head(policy: &SizeLimits, lengths: &[&str], effects: &mut Effects) -> Verdict {
    let mut headers = HeaderMap::new();
    for length in lengths {
        headers.append(header::CONTENT_LENGTH, length.parse().unwrap());
    }
    policy.on_head(&request(&headers), effects)
}

fn request(headers: &HeaderMap) -> Request<'_> {
    let (method, host, path) = ("POST", "gw.example", "/mcp");
    Request { method, host, path, headers, client: None, api: "api", caller: None, now: 0 }
}

/// The rule by which a message is refused.
fn on_message(policy: &SizeLimits, params: &str) -> Option<String> {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{params}}}"#);
    let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
    let headers = HeaderMap::new();
    let verdict = policy.on_message(&request(&headers), &envelope.messages()[0], &mut Effects::default());
    match verdict {
        Verdict::Continue => None,
        Verdict::Deny(denial) => {
            assert_eq!((denial.reason, denial.code, denial.is_outcome), (&SIZE_LIMIT, Some(-32600), false));
            denial.rule.map(String::from)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_body_that_announces_more_than_the_limit_is_refused_at_its_head() {
    let policy = policy(r#"{ "request_bytes": 100 }"#);
    for (lengths, is_refused) in [
        (vec![], false),
        (vec!["0"], false),
        (vec!["100"], false),
        (vec!["101"], true),
        (vec!["99999999999999999999999"], true),
        (vec!["1", "101"], true),
        (vec!["x"], false),
    ] {
        let verdict = on_head(&policy, &lengths, &mut Effects::default());
        assert_eq!(!verdict.goes_on(), is_refused, "{lengths:?}");
        if let Verdict::Deny(denial) = verdict {
            assert_eq!((denial.reason, denial.code), (&SIZE_LIMIT, Some(-32600)));
            assert!(denial.detail.unwrap().contains("100 bytes"));
        }
    }
}

#[test]
fn a_body_is_counted_whatever_it_announces_and_the_strictest_policy_decides() {
    let mut effects = Effects::default();
    for (limit, strictest) in [(100, 100), (70, 70), (200, 70)] {
        let policy = policy(&format!(r#"{{ "request_bytes": {limit} }}"#));
        assert!(on_head(&policy, &["7"], &mut effects).goes_on());
        assert_eq!(effects.request_limit, Some(strictest));
    }
}

#[test]
fn limits_of_answers_are_handed_on_and_the_strictest_policy_decides() {
    let mut effects = Effects::default();
    let limits = |effects: &Effects| (effects.answer_limits.body, effects.answer_limits.event);
    assert!(on_head(&policy(r#"{ "response_bytes": 100 }"#), &[], &mut effects).goes_on());
    assert_eq!(limits(&effects), (Some(100), None));
    assert!(on_head(&policy(r#"{ "response_bytes": 200, "event_bytes": 7 }"#), &[], &mut effects).goes_on());
    assert_eq!(limits(&effects), (Some(100), Some(7)));
    assert_eq!(effects.request_limit, None);
}

#[test]
fn a_message_is_as_deep_as_its_deepest_part() {
    let policy = policy(r#"{ "json_depth": 4 }"#);
    for (params, rule) in [
        ("{}", None),
        (r#"{"a":{"b":[1,2,3,4,5,6,7]}}"#, None),
        (r#"{"a":{"b":[[]]}}"#, Some("json_depth")),
        (r#"{"_meta":{"b":[1]},"arguments":{"a":{"b":{}}}}"#, Some("json_depth")),
        (r#"{"a":"[[[[[[[["}"#, None),
    ] {
        assert_eq!(on_message(&policy, params).as_deref(), rule, "{params}");
    }
}

#[test]
fn no_object_or_array_of_a_message_is_larger_than_the_limit() {
    let policy = policy(r#"{ "json_members": 5 }"#);
    for (params, rule) in [
        (r#"{"a":[[[[[[[]]]]]]]}"#, None),
        (r#"{"a":[1,2,3,4,5],"b":{"c":[1,2,3,4,5]}}"#, None),
        (r#"{"a":{"b":[1,2,3,4,5,6]}}"#, Some("json_members")),
        (r#"{"a":{"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}}"#, Some("json_members")),
        (r#"{"a":[{"b":1,"b":1,"b":1,"b":1,"b":1,"b":1}]}"#, Some("json_members")),
    ] {
        assert_eq!(on_message(&policy, params).as_deref(), rule, "{params}");
    }
}

#[test]
fn only_what_is_limited_is_asked_about() {
    for (settings, head, message) in [
        (r#"{ "request_bytes": 1 }"#, true, Reading::No),
        (r#"{ "response_bytes": 1 }"#, true, Reading::No),
        (r#"{ "event_bytes": 1 }"#, true, Reading::No),
        (r#"{ "json_depth": 5 }"#, false, Reading::Enforce),
        (r#"{ "json_members": 1 }"#, false, Reading::Enforce),
        (r#"{ "json_members": 1, "event_bytes": 1 }"#, true, Reading::Enforce),
    ] {
        assert_eq!(
            policy(settings).needs(),
            Needs { head, message, lists: false, requests: false },
            "{settings}"
        );
    }
}

#[test]
fn there_is_a_limit_and_none_is_zero() {
    for (settings, is_refused, problems) in [
        ("{}", true, vec!["Error size_limits"]),
        (r#"{ "request_bytes": 0 }"#, true, vec!["Error size_limits.request_bytes"]),
        (
            r#"{ "event_bytes": 0, "json_members": 0, "json_depth": 9 }"#,
            true,
            vec!["Error size_limits.event_bytes", "Error size_limits.json_members"],
        ),
        (r#"{ "json_depth": 2 }"#, false, vec!["Warning size_limits.json_depth"]),
        (r#"{ "json_depth": 64 }"#, false, vec!["Warning size_limits.json_depth"]),
        (r#"{ "json_depth": 3 }"#, false, vec![]),
        (r#"{ "json_depth": 63, "response_bytes": 4294967295 }"#, false, vec![]),
    ] {
        let (policy, found) = checked(settings);
        assert_eq!((policy.is_none(), found), (is_refused, problems.into_iter().map(String::from).collect()));
    }
}
