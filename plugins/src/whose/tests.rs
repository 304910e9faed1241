use http::HeaderMap;
use tollgate_protocol::envelope::{Batches, Envelope};

use super::*;
use crate::request::Caller;

fn whose(written: &str) -> Whose {
    let written = serde_json::from_str(written).unwrap();
    Whose::check(&written, &KeyPath::root(), &mut Findings::default()).unwrap()
}

fn text(values: &Values<'_>) -> String {
    values.iter().map(|(kind, value)| format!("{kind}={value}")).collect::<Vec<_>>().join(" ")
}

/// What a request of this caller, from this address, has of the parts.
fn values(parts: &str, caller: Caller<'_>, address: Option<&str>, body: &str) -> (String, Key) {
    let mut headers = HeaderMap::new();
    headers.insert("mcp-session-id", "s1".parse().unwrap());
    let (method, host, path) = ("POST", "gw.example", "/mcp");
    let client = address.map(|address| address.parse().unwrap());
    let caller = Some(caller);
    let request = Request { method, host, path, headers: &headers, client, api: "crm", caller, now: 0 };
    let envelope = Envelope::read(body.as_bytes(), Batches::Refused).ok();
    let message = envelope.as_ref().map(|envelope| &envelope.messages()[0]);
    let whose = whose(parts);
    let values = whose.values(&request, message);
    (text(&values), values.key())
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}"#;
const ALL: &str = r#"["consumer","subject","client_id","address","session","tool","plan"]"#;

#[test]
fn every_part_is_told_by_its_kind() {
    let claims = serde_json::json!({ "iss": "https://as.example" });
    let caller = Caller {
        plan: "gold",
        consumer: Some("acme"),
        subject: Some("u1"),
        client_id: Some("c1"),
        claims: Some(&claims),
        ..Caller::default()
    };
    let (text, _) = values(ALL, caller, Some("192.0.2.7"), CALL);
    let expected = "consumer=acme issuer=https://as.example subject=u1 issuer=https://as.example client_id=c1 \
                    address=192.0.2.7 api=crm session=s1 api=crm tool=search api=crm plan=gold";
    assert_eq!(text, expected);
    assert_eq!(values(r#""consumer""#, caller, None, "").0, "consumer=acme");
}

#[test]
fn what_a_request_does_not_have_is_the_address_it_comes_from() {
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    for part in [r#""consumer""#, r#""subject""#, r#""client_id""#, r#""tool""#, r#""plan""#] {
        for body in [list, ""] {
            let at = |address| values(part, Caller::default(), Some(address), body);
            assert_eq!(at("192.0.2.7").0, "address=192.0.2.7", "{part}");
            assert_ne!(at("192.0.2.7").1, at("192.0.2.8").1, "{part}");
        }
    }
    let empty = Caller { subject: Some(""), ..Caller::default() };
    assert_eq!(values(r#""subject""#, empty, Some("192.0.2.7"), "").0, "address=192.0.2.7");
    assert_eq!(values(r#""subject""#, empty, None, "").0, "nobody=");
}

#[test]
fn nobody_is_counted_as_another_by_calling_itself_so() {
    let named = |consumer, address| {
        values(r#""consumer""#, Caller { consumer, ..Caller::default() }, Some(address), "").1
    };
    assert_ne!(named(Some("192.0.2.7"), "192.0.2.8"), named(None, "192.0.2.7"));
    let of_issuer = |issuer: &str, subject| {
        let claims = serde_json::json!({ "iss": issuer });
        let caller = Caller { subject: Some(subject), claims: Some(&claims), ..Caller::default() };
        values(r#""subject""#, caller, Some("192.0.2.7"), "").1
    };
    assert_eq!(of_issuer("https://a.example", "u1"), of_issuer("https://a.example", "u1"));
    assert_ne!(of_issuer("https://a.example", "u1"), of_issuer("https://b.example", "u1"));
    assert_ne!(of_issuer("https://a.example", "u1"), of_issuer("https://a.example", "u2"));
}

#[test]
fn one_client_has_64_bits_of_ipv6_and_one_ipv4_address_has_one_form() {
    for (address, shown) in [
        ("2001:db8:1:2:3:4:5:6", "address=2001:db8:1:2::"),
        ("2001:db8:1:2::9", "address=2001:db8:1:2::"),
        ("2001:db8:1:3::9", "address=2001:db8:1:3::"),
        ("::ffff:192.0.2.7", "address=192.0.2.7"),
    ] {
        assert_eq!(values(r#""address""#, Caller::default(), Some(address), "").0, shown);
    }
}

#[test]
fn a_word_or_a_list_is_written() {
    assert_eq!(whose(r#""client_id""#), Whose(vec![Part::ClientId]));
    assert_eq!(whose(r#"["tool", "plan"]"#), Whose(vec![Part::Tool, Part::Plan]));
    let known = "`consumer`, `subject`, `client_id`, `address`, `session`, `tool`, `plan`";
    for written in [r#""user""#, r#"["tool", "user"]"#] {
        let error = serde_json::from_str::<Written>(written).unwrap_err().to_string();
        assert!(error.starts_with(&format!("unknown variant `user`, expected one of {known}")), "{error}");
    }
    let error = serde_json::from_str::<Written>("7").unwrap_err().to_string();
    assert!(error.contains("expected a word such as `consumer`, or a list of them"), "{error}");
}

#[test]
fn a_list_has_something_in_it_and_nothing_twice() {
    for (written, place) in [("[]", "by"), (r#"["plan", "tool", "plan"]"#, "by[2]")] {
        let mut findings = Findings::default();
        let written = serde_json::from_str(written).unwrap();
        assert_eq!(Whose::check(&written, &KeyPath::root().key("by"), &mut findings), None);
        let places: Vec<_> = findings.problems.iter().map(|problem| problem.path.to_string()).collect();
        assert_eq!(places, [place]);
    }
}
