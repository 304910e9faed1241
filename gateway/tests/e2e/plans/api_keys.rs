//! Plans for callers with a key.

use std::time::Instant;

use super::{ask, consumer, is_refused, sha256, upstream, yaml};
use crate::support::PATIENCE;
use crate::support::tollgate::Tollgate;

#[test]
fn a_key_lets_its_consumer_in_and_goes_no_further() {
    let upstream = upstream();
    let acme = consumer("acme", "s3cret", "a/api-key");
    let gateway = yaml("{ name: api-key, api_key: {} }", "", &upstream, &acme);
    let mut gateway = Tollgate::start(&gateway);
    let token = "Bearer of-the-upstream";
    let answer = ask(&gateway, &[("X-Api-Key", "s3cret"), ("Authorization", token)]);
    assert_eq!((answer.status, answer.text()), (200, "reached"));
    let seen = &upstream.seen()[0];
    assert_eq!(seen.all("authorization"), [token], "in relay mode the caller's token passes beside the key");
    assert!(!seen.head.join("\n").contains("s3cret"), "{seen:?}");
    let line = gateway.access_line("/a/mcp");
    assert_eq!((line["plan"].as_str(), line["consumer"].as_str()), (Some("api-key"), Some("acme")));
}

#[test]
fn without_a_key_that_opens_the_plan_nobody_gets_to_the_upstream() {
    let upstream = upstream();
    let past = format!(
        "{{ name: past, plans: [a/api_key], api_keys: [{{ sha256: {}, expires: \"2020-01-01T00:00:00Z\" }}] }}",
        sha256("old")
    );
    let consumers = [consumer("acme", "good", "a/api_key"), past].join(", ");
    let gateway = Tollgate::start(&yaml("api_key", "", &upstream, &consumers));
    let long = "x".repeat(2000);
    for (headers, reason) in [
        (vec![], "api_key_missing"),
        (vec![("x-api-key", "bad")], "api_key_invalid"),
        (vec![("x-api-key", "")], "api_key_invalid"),
        (vec![("x-api-key", "GOOD")], "api_key_invalid"),
        (vec![("x-api-key", long.as_str())], "api_key_invalid"),
        (vec![("x-api-key", "old")], "api_key_expired"),
        (vec![("x-api-key", "good"), ("X-API-Key", "bad")], "api_key_invalid"),
        (vec![("authorization", "Bearer good")], "api_key_missing"),
        (vec![("x_api_key", "good")], "api_key_missing"),
    ] {
        is_refused(&ask(&gateway, &headers), reason);
    }
    is_refused(&gateway.get("/a/mcp?x-api-key=good"), "api_key_missing");
    assert!(upstream.seen().is_empty());
    assert_eq!(ask(&gateway, &[("x-api-key", "good")]).text(), "reached");
}

#[test]
fn a_key_may_be_in_another_header_or_in_the_query_where_the_plan_says_so() {
    let upstream = upstream();
    let plans = "{ name: own, api_key: { header: X-Acme-Key } }, { name: query, api_key: { query: key } }";
    let gateway = Tollgate::start(&yaml(plans, "", &upstream, &consumer("acme", "good", "a/own, a/query")));
    assert_eq!(ask(&gateway, &[("x-acme-key", "good")]).text(), "reached");
    is_refused(&ask(&gateway, &[("x-api-key", "good")]), "api_key_missing");
    assert_eq!(gateway.get("/a/mcp?a=%20&key=good&b").text(), "reached");
    assert_eq!(gateway.get("/a/mcp?key=good").text(), "reached");
    is_refused(&gateway.get("/a/mcp?key=good&key=good"), "api_key_invalid");
    let targets: Vec<_> = upstream.seen().iter().map(|seen| seen.target().to_owned()).collect();
    assert_eq!(targets, ["/mcp", "/mcp?a=%20&b", "/mcp"], "the key goes no further");
}

#[test]
fn a_key_opens_only_the_plans_of_its_consumer() {
    let upstream = upstream();
    let plans = "{ name: one, api_key: { header: x-one } }, { name: two, api_key: { header: x-two } }";
    let consumers = [consumer("a", "of-a", "a/one"), consumer("b", "of-b", "a/two")].join(", ");
    let mut gateway = Tollgate::start(&yaml(plans, "", &upstream, &consumers));
    is_refused(&ask(&gateway, &[("x-one", "of-b")]), "api_key_invalid");
    is_refused(&ask(&gateway, &[("x-one", "of-b"), ("x-two", "of-b")]), "api_key_invalid");
    assert_eq!(ask(&gateway, &[("x-two", "of-b")]).text(), "reached");
    let line = gateway.process.wait_for(0, "the line of the one that was let in", |line| {
        line.contains(r#""status":200"#).then(|| line.to_owned())
    });
    assert!(line.contains(r#""plan":"two","consumer":"b""#), "{line}");
}

#[test]
fn a_consumer_may_have_several_keys_with_names_so_that_one_can_be_replaced() {
    let upstream = upstream();
    let acme = format!(
        "{{ name: acme, plans: [a/keys], api_keys: [{{ name: old, sha256: {}, expires: \"2999-01-01T00:00:00Z\" }}, \
         {{ name: new, sha256: {} }}] }}",
        sha256("one"),
        sha256("two")
    );
    let mut gateway = Tollgate::start(&yaml("{ name: keys, api_key: {} }", "", &upstream, &acme));
    for (key, name) in [("one", "old"), ("two", "new")] {
        assert_eq!(ask(&gateway, &[("x-api-key", key)]).text(), "reached");
        let named = format!(r#""key":"{name}""#);
        gateway.process.wait_for(0, &named.clone(), |line| line.contains(&named).then_some(()));
    }
}

#[test]
fn a_key_is_read_from_a_file_and_a_new_one_is_used_when_the_file_changes() {
    let upstream = upstream();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("acme.key");
    std::fs::write(&file, "first\n").expect("the file is written");
    let acme = "{ name: acme, plans: [a/keys], api_keys: [{ value: \"${file:acme.key}\" }] }";
    let yaml = yaml("{ name: keys, api_key: {} }", "", &upstream, acme);
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    let gateway = Tollgate::start_in(folder, 1);
    assert_eq!(ask(&gateway, &[("x-api-key", "first")]).text(), "reached");
    std::fs::write(&file, "second").expect("the file is written");
    let deadline = Instant::now() + PATIENCE;
    while ask(&gateway, &[("x-api-key", "second")]).status != 200 {
        assert!(Instant::now() < deadline, "the new key is not used");
    }
    is_refused(&ask(&gateway, &[("x-api-key", "first")]), "api_key_invalid");
}

#[test]
fn a_key_may_be_where_others_have_tokens_and_a_bad_one_sends_nobody_to_log_in() {
    let upstream = upstream();
    let acme = consumer("acme", "good", "a/keys");
    let plans = "{ name: keys, api_key: { bearer: {} } }";
    let gateway = Tollgate::start(&yaml(plans, "authorization: { mode: protect }", &upstream, &acme));
    let with = |field: &str| ask(&gateway, &[("Authorization", field)]);
    assert_eq!(with("Bearer good").text(), "reached");
    assert_eq!(with("bearer good").text(), "reached");
    is_refused(&with("Bearer bad"), "api_key_invalid");
    is_refused(&with("Basic good"), "api_key_missing");
    is_refused(&ask(&gateway, &[("x-api-key", "good")]), "api_key_missing");
    assert!(upstream.seen().iter().all(|seen| seen.all("authorization").is_empty()));
}
