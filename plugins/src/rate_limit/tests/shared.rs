//! Limits that are counted in a store of several gateways.

use serde_json::json;

use super::*;
use crate::limiter::Counted;

fn shared(on_failure: OnFailure) -> Running {
    limit(&by(&json!("consumer"))).start(&Alone { shared: Some(on_failure), ..Alone::default() })
}

fn acme() -> Asker {
    Asker { consumer: Some("acme"), ..from("192.0.2.1") }
}

fn charge(limit: &Running) -> Charge {
    match acme().head(limit) {
        Verdict::Charge(charge) => *charge,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_store_is_asked_for_a_key_that_no_other_limit_has() {
    let charge = charge(&shared(OnFailure::Local));
    assert_eq!(charge.key, "limit=crm%2Fgold%2Fcalls,consumer=acme");
    assert_eq!((charge.cost, charge.now, charge.windows.len()), (1, NOW, 1));
}

#[test]
fn what_the_store_says_holds() {
    let limit = shared(OnFailure::Closed);
    let (charge, mut effects) = (charge(&limit), Effects::default());
    let counted = |used| Counted { used, ends_in: std::time::Duration::from_secs(30) };
    let taken = |used| Some(charge.windows.judge(&[counted(used)], charge.cost));
    assert!(limit.on_charged(&charge, taken(1), &mut effects).goes_on());
    assert_eq!(fields(&effects)[1], r#"ratelimit: "calls";r=0;t=30"#);
    let denial = denial(limit.on_charged(&charge, taken(2), &mut effects));
    assert_eq!((denial.reason.slug, denial.retry_after), ("rate_limited", Some(30)));
    assert_eq!(limit.limiter.keys(), 0, "nothing is counted twice");
}

#[test]
fn without_an_answer_of_the_store_it_goes_as_the_operator_has_said() {
    let without = |on_failure| {
        let limit = shared(on_failure);
        let charge = charge(&limit);
        let ask = |_| limit.on_charged(&charge, None, &mut Effects::default());
        (0..4)
            .map(ask)
            .map(|verdict| if verdict.goes_on() { "" } else { denial(verdict).reason.slug })
            .collect()
    };
    let said: [Vec<_>; 3] = [OnFailure::Local, OnFailure::Open, OnFailure::Closed].map(without);
    assert_eq!(said[0], ["", "", "rate_limited", "rate_limited"], "counted here");
    assert_eq!(said[1], [""; 4]);
    assert_eq!(said[2], ["limits_unavailable"; 4]);
}

#[test]
fn what_costs_nothing_asks_nobody_and_is_told_nothing() {
    let mut settings = by(&json!("consumer"));
    settings["count"] = json!("tools/call");
    settings["weights"] = json!({ "help": 0 });
    let limit = limit(&settings).start(&Alone { shared: Some(OnFailure::Closed), ..Alone::default() });
    let (list, mut effects) =
        (json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }), Effects::default());
    assert_eq!(
        acme().post(&limit, &json!([list, call("help"), call("other")]), &mut effects),
        [true, true, false]
    );
    assert_eq!(fields(&effects), [""; 0]);
}
