//! What is found wrong with limits.

use serde_json::{Value as Json, json};

use super::testing::*;
use super::*;

fn found(changes: Json) -> (bool, Vec<String>) {
    let mut settings = json!({ "by": "consumer", "windows": [{ "requests": 10, "per": "1m" }] });
    let changes = changes.as_object().unwrap().clone();
    settings.as_object_mut().unwrap().extend(changes);
    let (limit, found) = checked(&settings);
    (limit.is_some(), found)
}

fn windows(windows: &[(u64, &str)]) -> Json {
    let window = |(requests, per): &(u64, &str)| json!({ "requests": requests, "per": per });
    json!({ "windows": windows.iter().map(window).collect::<Vec<_>>() })
}

#[test]
fn what_cannot_be_a_limit_is_refused_where_it_is_written() {
    for (changes, expected) in [
        (json!({ "by": "user" }), "by: nothing is counted by `user`"),
        (json!({ "by": ["consumer", "Tool"] }), "by[1]: nothing is counted by `Tool`"),
        (json!({ "by": [] }), "by: the list is empty: at least one thing to count by is needed"),
        (json!({ "by": ["tool", "consumer", "tool"] }), "by[2]: this is in the list twice"),
        (json!({ "by": [{ "cel": "1" }, { "cel": "1" }] }), "by[1]: this is in the list twice"),
        (json!({ "by": { "cel": "claims." } }), "by.cel: nothing is counted by this: at character 8:"),
        (
            json!({ "by": ["plan", { "cel": "tenant" }] }),
            "by[1].cel: nothing is counted by this: there is no `tenant`",
        ),
        (json!({ "by": { "cel": "scopes" } }), "by.cel: nothing is counted by this: it says neither a text"),
        (windows(&[]), "windows: the list is empty: at least one window is needed"),
        (windows(&[(0, "1m")]), "windows[0].requests: nothing would ever be allowed"),
        (
            windows(&[(1_000_000_000_000_000, "1m")]),
            "windows[0].requests: this is more than `999999999999999`",
        ),
        (windows(&[(1, "0s")]), "windows[0].per: this cannot be zero"),
        (windows(&[(1, "367d")]), "windows[0].per: `367d` is too long: at most `366d`"),
        (windows(&[(1, "1s"), (5, "60s"), (6, "1m")]), "windows[2].per: another window lasts `1m` too"),
        (json!({ "max_keys": 0 }), "max_keys: nobody could be remembered"),
        (json!({ "weights": { "a": 1 } }), "weights: weights are for calls of tools"),
        (
            json!({ "count": "tools/call", "weights": { "": 1 } }),
            "weights[\"\"]: no tool is called like this",
        ),
        (
            json!({ "count": "tools/call", "weights": { "a": 10, "b_*": 11 } }),
            "weights[\"b_*\"]: a call for `11` could never be made",
        ),
    ] {
        let (_, found) = found(changes.clone());
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("Error {expected}")),
            "{changes} {found:?}"
        );
    }
    let nine: Vec<_> = (1..=9)
        .map(|n| (n, ["1s", "2s", "3s", "4s", "5s", "6s", "7s", "8s", "9s"][n as usize - 1]))
        .collect();
    assert!(found(windows(&nine)).1.contains(&"Error windows: a limit has at most 8 windows".to_owned()));
}

#[test]
fn a_limit_is_never_made_of_a_part_of_what_is_written() {
    for changes in [
        json!({ "by": ["consumer", "no"] }),
        json!({ "max_keys": 0 }),
        windows(&[(1, "1s"), (0, "1m")]),
        windows(&[(1, "1s"), (2, "1x")]),
    ] {
        assert!(!found(changes.clone()).0, "{changes}");
    }
}

#[test]
fn a_window_that_another_leaves_nothing_to_refuse_is_doubtful() {
    for (written, index) in [
        (vec![(10, "1s"), (1000, "1m")], Some((1, 600))),
        (vec![(10, "1s"), (600, "1m")], Some((1, 600))),
        (vec![(10, "1s"), (599, "1m")], None),
        (vec![(5, "7s"), (10, "10s")], Some((1, 10))),
        (vec![(5, "7s"), (9, "10s")], None),
        (vec![(100, "1s"), (50, "1m")], Some((0, 50))),
        (vec![(10, "1s"), (100, "1m"), (1000, "1h"), (20_000, "30d")], None),
        (vec![(u64::from(u32::MAX), "1d"), (1, "1ms")], Some((0, 86_400_000))),
    ] {
        let (is_usable, found) = found(windows(&written));
        let expected =
            index.map(|(index, most)| format!("Warning windows[{index}].requests: * {most} in its time"));
        let fits = |expected: &String| {
            let (begin, end) = expected.split_once('*').unwrap();
            found.len() == 1 && found[0].starts_with(begin) && found[0].contains(end)
        };
        assert!(is_usable && expected.as_ref().map_or(found.is_empty(), fits), "{written:?} {found:?}");
    }
}

#[test]
fn a_weight_that_an_earlier_one_leaves_no_tool_is_doubtful() {
    let found = |weights: &str| {
        let settings = r#"{ "by": "plan", "count": "tools/call", "weights": W, "windows": [{ "requests": 9, "per": "1d" }] }"#;
        let (_, found) = checked(&settings.replace('W', weights));
        let places = found.iter().filter_map(|found| found.strip_prefix("Warning ")?.split_once(": "));
        places.map(|(place, _)| place.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(r#"{ "b*": 1, "a*": 2, "*": 3 }"#), [""; 0]);
    assert_eq!(found(r#"{ "b*": 1, "*": 2, "a*": 3 }"#), [r#"weights["a*"]"#]);
    assert_eq!(
        found(r#"{ "*_x": 1, "a_x": 2, "x_*": 3, "x_*_x": 4 }"#),
        ["weights.a_x", r#"weights["x_*_x"]"#]
    );
}

#[test]
fn what_is_not_said_has_a_default() {
    let limit = limit(&by(&json!("plan")));
    assert_eq!((limit.count, limit.max_keys.get(), limit.headers), (Count::Requests, 100_000, true));
    for unreadable in [json!(1), json!([["plan"]]), json!({ "cel": "1", "x": 1 }), json!({})] {
        let settings = by(&unreadable).to_string();
        assert!(serde_json::from_str::<Settings>(&settings).is_err(), "{unreadable}");
    }
}
