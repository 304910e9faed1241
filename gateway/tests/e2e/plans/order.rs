//! Which plan decides, and that what it decides is final.

use super::{ask, consumer, is_refused, upstream, yaml};
use crate::support::tollgate::{Tollgate, binary};

#[test]
fn a_bad_key_never_falls_through_to_the_plan_that_asks_for_none() {
    let upstream = upstream();
    let gateway =
        yaml("{ name: keys, api_key: {} }, keyless", "", &upstream, &consumer("acme", "good", "a/keys"));
    let mut gateway = Tollgate::start(&gateway);
    is_refused(&ask(&gateway, &[("x-api-key", "bad")]), "api_key_invalid");
    assert!(upstream.seen().is_empty());
    for (headers, plan) in [(vec![], "keyless"), (vec![("x-api-key", "good")], "keys")] {
        assert_eq!(ask(&gateway, &headers).text(), "reached");
        let named = format!(r#""plan":"{plan}""#);
        gateway.process.wait_for(0, &named.clone(), |line| line.contains(&named).then_some(()));
    }
}

#[test]
fn a_closed_plan_refuses_whoever_has_its_kind_of_credential() {
    let upstream = upstream();
    let acme = consumer("acme", "good", "a/keys");
    let start = |state: &str| {
        let plans = format!("{{ name: keys, api_key: {{}}, state: {state} }}, keyless");
        Tollgate::start(&yaml(&plans, "", &upstream, &acme))
    };
    let closed = start("closed");
    is_refused(&ask(&closed, &[("x-api-key", "good")]), "plan_closed");
    is_refused(&ask(&closed, &[("x-api-key", "bad")]), "plan_closed");
    assert_eq!(ask(&closed, &[]).text(), "reached", "who has none is none of its business");
    let deprecated = start("deprecated");
    assert_eq!(ask(&deprecated, &[("x-api-key", "good")]).text(), "reached");
    let checked = binary().args(["check", "-c"]).arg(deprecated.config_path()).output().expect("it runs");
    let said =
        String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.contains("deprecated and still used by acme"), "{said}");
}
