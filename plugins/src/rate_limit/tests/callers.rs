//! Who is counted together.

use serde_json::json;

use super::*;

#[test]
fn callers_without_what_is_counted_by_are_counted_by_their_addresses() {
    for key in ["consumer", "subject", "client_id", "session", "address"] {
        let limit = start(&by(&json!(key)));
        assert_eq!(from("192.0.2.1").passes(&limit), 2, "{key}");
        assert_eq!(from("192.0.2.2").passes(&limit), 2, "{key}");
    }
    let limit = start(&by(&json!("session")));
    let unnamed = |address| Asker { session: Some(""), ..from(address) };
    assert_eq!((unnamed("192.0.2.1").passes(&limit), unnamed("192.0.2.2").passes(&limit)), (2, 2));
    let limit = start(&by(&json!("consumer")));
    let acme = |address| Asker { consumer: Some("acme"), ..from(address) };
    assert_eq!((acme("192.0.2.1").passes(&limit), acme("192.0.2.2").passes(&limit)), (2, 0));
}

#[test]
fn nobody_can_be_called_like_the_address_of_another() {
    let limit = start(&by(&json!("session")));
    assert_eq!(Asker { session: Some("192.0.2.1"), ..from("192.0.2.9") }.passes(&limit), 2);
    assert_eq!(from("192.0.2.1").passes(&limit), 2);
}

#[test]
fn the_same_subject_of_two_issuers_is_two_callers() {
    let limit = start(&by(&json!("subject")));
    let of =
        |issuer: &str| Asker { subject: Some("u1"), claims: json!({ "iss": issuer }), ..from("192.0.2.1") };
    assert_eq!((of("https://a.example").passes(&limit), of("https://b.example").passes(&limit)), (2, 2));
    assert_eq!(of("https://a.example").passes(&limit), 0);
}

#[test]
fn an_ipv6_client_is_its_network_and_an_ipv4_one_the_same_in_both_forms() {
    let limit = start(&by(&json!("address")));
    assert_eq!(from("2001:db8::1").passes(&limit), 2);
    assert_eq!(from("2001:db8::2:1").passes(&limit), 0);
    assert_eq!(from("2001:db8:0:1::1").passes(&limit), 2);
    assert_eq!(from("192.0.2.1").passes(&limit), 2);
    assert_eq!(from("::ffff:192.0.2.1").passes(&limit), 0);
}

#[test]
fn several_things_are_counted_by_together() {
    let limit = start(&by(&json!(["consumer", "session"])));
    let asker = |consumer, session| Asker { consumer, session, ..from("192.0.2.1") };
    for (consumer, session) in [("a", "1"), ("a", "2"), ("b", "1")] {
        assert_eq!(asker(Some(consumer), Some(session)).passes(&limit), 2, "{consumer} {session}");
    }
    assert_eq!((asker(Some("a"), None).passes(&limit), asker(None, Some("a")).passes(&limit)), (2, 2));
}

#[test]
fn an_expression_says_whom_a_request_is_counted_for() {
    let limit = start(&by(&json!({ "cel": "claims.tenant" })));
    let of = |claims| Asker { claims, ..from("192.0.2.1") };
    for tenant in [json!("t1"), json!("t2"), json!("7"), json!(7), json!(true), json!("true")] {
        assert_eq!(of(json!({ "tenant": tenant })).passes(&limit), 2, "{tenant}");
    }
    for nothing in [json!(""), json!(null)] {
        let asker = |address| Asker { claims: json!({ "tenant": nothing }), ..from(address) };
        let (address, other) =
            if nothing.is_null() { ("10.0.0.1", "10.0.0.2") } else { ("10.0.1.1", "10.0.1.2") };
        assert_eq!((asker(address).passes(&limit), asker(other).passes(&limit)), (2, 2), "{nothing}");
    }
    for untold in [json!({}), json!({ "tenant": [] }), json!({ "tenant": {} }), json!({ "tenant": 1.5 })] {
        let denial = denial(of(untold.clone()).head(&limit));
        assert_eq!((denial.reason.slug, denial.reason.status), ("condition_failed", 403), "{untold}");
    }
}

#[test]
fn an_expression_that_looks_at_messages_needs_them() {
    let limit = start(&by(&json!([{ "cel": "message.name" }, "plan"])));
    assert_eq!(limit.needs(), Needs { message: Reading::Enforce, ..Needs::default() });
    assert_eq!(start(&by(&json!({ "cel": "consumer.name" }))).needs().message, Reading::No);
    let client = from("192.0.2.1");
    assert!(
        (0..2).all(|_| client.calls(&limit, "a")) && client.calls(&limit, "b") && !client.calls(&limit, "a")
    );
}

#[test]
fn a_request_that_nothing_is_known_of_is_refused() {
    let limit = start(&by(&json!("consumer")));
    let nobody = Asker { address: None, ..from("192.0.2.1") };
    assert_eq!(denial(nobody.head(&limit)).reason.slug, "condition_failed");
}
