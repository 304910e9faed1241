use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderValue;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::request::Caller;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;

fn checked(settings: Json) -> (Option<Headers>, Vec<String>) {
    let (settings, mut findings) = (serde_json::from_value(settings).unwrap(), Findings::default());
    let policy = check(&settings, &KeyPath::root(), &mut findings);
    (policy, findings.problems.iter().map(|problem| problem.path.to_string()).collect())
}

/// What a policy with these settings does to a request of this caller, or the rule by which it refuses it.
fn done(settings: Json, caller: Caller<'_>) -> Result<Effects, String> {
    let headers = HeaderMap::new();
    let (method, host, path) = ("POST", "gw.example", "/mcp");
    let (client, caller) = (Some(IpAddr::from([192, 0, 2, 7])), Some(caller));
    let request = Request { method, host, path, headers: &headers, client, api: "api", caller, now: 0 };
    let (policy, problems) = checked(settings);
    let policy = policy.unwrap_or_else(|| panic!("{problems:?}"));
    assert_eq!(policy.needs(), Needs { head: true, ..Needs::default() });
    let mut effects = Effects::default();
    match policy.on_head(&request, &mut effects) {
        Verdict::Continue => Ok(effects),
        Verdict::Deny(denial) => {
            assert_eq!(denial.reason, &CONDITION_FAILED);
            assert!(effects.request_fields.is_empty() && effects.response_fields.is_empty());
            Err(denial.rule.unwrap().into())
        }
        other => panic!("{other:?}"),
    }
}

/// The value a request gets for an expression about these claims.
fn told(expression: &str, claims: &Json) -> Option<HeaderValue> {
    let settings = json!({ "request": { "set": { "x-value": { "cel": expression } } } });
    let effects = done(settings, Caller { claims: Some(claims), ..Caller::default() }).ok()?;
    match effects.request_fields.as_slice() {
        [FieldEdit::Set(name, value)] if name == "x-value" => Some(value.clone()),
        other => panic!("{other:?}"),
    }
}

fn name(text: &str) -> HeaderName {
    text.parse().unwrap()
}

fn text(text: &str) -> HeaderValue {
    text.parse().unwrap()
}

#[test]
fn fields_are_removed_set_and_appended_on_both_sides() {
    let settings = json!({
        "request": { "set": { "X-Team": "red" }, "append": { "x-tag": "a" }, "remove": ["cookie", "X-Debug"] },
        "response": { "set": { "strict-transport-security": "max-age=60" }, "append": { "set-cookie": "a=b" } },
    });
    let effects = done(settings, Caller::default()).unwrap();
    let expected = [
        FieldEdit::Remove(name("cookie")),
        FieldEdit::Remove(name("x-debug")),
        FieldEdit::Set(name("x-team"), text("red")),
        FieldEdit::Append(name("x-tag"), text("a")),
    ];
    assert_eq!(effects.request_fields, expected);
    let expected = [
        FieldEdit::Set(name("strict-transport-security"), text("max-age=60")),
        FieldEdit::Append(name("set-cookie"), text("a=b")),
    ];
    assert_eq!(effects.response_fields, expected);
}

#[test]
fn what_is_set_or_removed_goes_in_every_spelling_a_server_could_take_for_it() {
    let all = ["x-user", "x_user", "x.user", "x-users", "y-user"].map(name);
    let going = |edit: FieldEdit| all.each_ref().map(|name| edit.takes_away(name));
    assert_eq!(going(FieldEdit::Set(name("x-user"), text("a"))), [true, true, true, false, false]);
    assert_eq!(going(FieldEdit::Remove(name("x_user"))), [true, true, true, false, false]);
    assert_eq!(going(FieldEdit::Append(name("x-user"), text("a"))), [false; 5]);
}

#[test]
fn a_value_is_what_an_expression_says_of_the_caller() {
    let claims =
        json!({ "org": "o1", "level": 3, "share": 0.5, "admin": true, "of": { "id": "x" }, "all": ["a"] });
    for (expression, expected) in [
        ("claims.org", Some("o1")),
        ("claims.level", Some("3")),
        ("claims.level - 5", Some("-2")),
        ("claims.share", Some("0.5")),
        ("claims.admin", Some("true")),
        ("claims.of.id + '/' + client.address", Some("x/192.0.2.7")),
        ("claims.all", None),
        ("claims.of", None),
        ("claims.none", None),
        ("claims.share / 0.0", None),
        ("request.headers['x-none']", None),
    ] {
        assert_eq!(told(expression, &claims), expected.map(text), "{expression}");
    }
    let labels = [("tier".to_owned(), "gold".to_owned())];
    let caller = Caller { consumer: Some("acme"), labels: &labels, ..Caller::default() };
    let expression = "consumer.name + ' ' + consumer.labels.tier";
    let settings = json!({ "response": { "set": { "x-tier": { "cel": expression } } } });
    let effects = done(settings, caller).unwrap();
    assert_eq!(effects.response_fields, [FieldEdit::Set(name("x-tier"), text("acme gold"))]);
}

#[test]
fn an_empty_value_makes_an_empty_field_so_that_a_callers_own_never_stands_for_it() {
    let settings = json!({ "request": { "set": { "x-consumer": { "cel": "consumer.name" } } } });
    let effects = done(settings, Caller::default()).unwrap();
    assert_eq!(effects.request_fields, [FieldEdit::Set(name("x-consumer"), text(""))]);
}

#[test]
fn a_value_that_would_be_read_as_something_else_refuses_the_request() {
    for bad in [
        "a\r\nx-admin: 1",
        "a\nb",
        "a\rb",
        "a\0b",
        "\u{b}",
        "\u{7f}",
        " a",
        "a ",
        "\ta",
        "\n",
        "Zoë",
        "a\u{85}b",
        "\u{2028}",
        &"a".repeat(4097),
    ] {
        assert_eq!(told("claims.v", &json!({ "v": bad })), None, "{bad:?}");
    }
    for good in ["a b", "a\tb", "a, b; c=\"d\"", &"a".repeat(4096)] {
        assert_eq!(told("claims.v", &json!({ "v": good })), Some(text(good)));
    }
    let settings = json!({
        "request": { "set": { "x-a": "a" }, "append": { "x-b": { "cel": "claims.v" } } },
        "response": { "set": { "x-c": "c" } },
    });
    assert_eq!(done(settings, Caller::default()).err().as_deref(), Some("request.append.x-b"));
    let settings =
        json!({ "request": { "remove": ["x-a"] }, "response": { "set": { "x-c": { "cel": "claims.v" } } } });
    assert_eq!(done(settings, Caller::default()).err().as_deref(), Some("response.set.x-c"));
}

proptest! {
    #[test]
    fn a_field_is_exactly_the_claim_or_there_is_none(value in "\\PC{0,8}|[\\x00-\\x7f]{0,8}|[ -~]{0,8}") {
        let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) && value.trim() == value;
        let field = told("claims.v", &json!({ "v": value }));
        prop_assert_eq!(field.as_ref().map(HeaderValue::as_bytes), is_plain.then_some(value.as_bytes()));
    }
}

#[test]
fn what_says_who_calls_or_frames_a_message_stays_as_it_is() {
    let of_requests = "authorization proxy-authorization dpop host content-length content-type content-encoding \
        transfer-encoding connection keep-alive te trailer upgrade expect forwarded via x-forwarded-for x-forwarded-user \
        x-real-ip mcp-session-id mcp-protocol-version mcp-param-a accept accept-encoding last-event-id origin \
        X-Forwarded-Host Content_Length x_forwarded.user mcp_session_id authorization";
    let of_answers = "www-authenticate content-length content-type content-encoding transfer-encoding connection keep-alive \
        trailer upgrade mcp-session-id access-control-allow-origin date Access_Control_Max_Age";
    for (side, names) in [("request", of_requests), ("response", of_answers)] {
        for name in names.split_whitespace() {
            for deed in ["set", "append"] {
                let (policy, problems) = checked(json!({ side: { deed: { name: "a" } } }));
                let expected = KeyPath::root().key(side).key(deed).key(name).to_string();
                assert_eq!((policy, problems), (None, vec![expected]));
            }
            let (policy, problems) = checked(json!({ side: { "remove": ["x-a", name] } }));
            assert_eq!((policy, problems), (None, vec![format!("{side}.remove[1]")]), "{name}");
        }
    }
    for (side, name, deeds) in [
        ("request", "cookie", [false, false, true]),
        ("response", "set-cookie", [false, true, true]),
        ("response", "vary", [false, true, false]),
        ("response", "authorization", [true; 3]),
        ("request", "date", [true; 3]),
        ("request", "x-forwarded", [true; 3]),
        ("request", "user-agent", [true; 3]),
    ] {
        let set = checked(json!({ side: { "set": { name: "a" } } })).0;
        let append = checked(json!({ side: { "append": { name: "a" } } })).0;
        let remove = checked(json!({ side: { "remove": [name] } })).0;
        assert_eq!([set.is_some(), append.is_some(), remove.is_some()], deeds, "{side} {name}");
    }
}

#[test]
fn every_field_is_named_once_and_by_a_name_and_has_a_value() {
    for (settings, places) in [
        (json!({}), vec![""]),
        (json!({ "request": {} }), vec!["request"]),
        (json!({ "request": { "set": {} }, "response": { "remove": [] } }), vec!["request", "response"]),
        (json!({ "request": { "set": { "x-a": "a", "X-A": "b" } } }), vec!["request.set.x-a"]),
        (json!({ "request": { "set": { "x-a": "a", "x_a": "b" } } }), vec!["request.set.x_a"]),
        (json!({ "request": { "set": { "x-a": "a" }, "remove": ["X-A"] } }), vec!["request.set.x-a"]),
        (
            json!({ "request": { "set": { "x-a": "a" }, "append": { "x-a": "b" } } }),
            vec!["request.append.x-a"],
        ),
        (json!({ "response": { "remove": ["x-a", "x-b", "x-a"] } }), vec!["response.remove[2]"]),
        (
            json!({ "request": { "set": { "x a": "a", "": "b" } } }),
            vec!["request.set[\"\"]", "request.set[\"x a\"]"],
        ),
        (
            json!({ "request": { "set": { "x-a": "", "x-b": "a\nb" } } }),
            vec!["request.set.x-a", "request.set.x-b"],
        ),
        (json!({ "request": { "set": { "x-a": " a" } } }), vec!["request.set.x-a"]),
        (json!({ "request": { "set": { "x-a": "${TOKEN}" } } }), vec!["request.set.x-a"]),
        (json!({ "request": { "append": { "x-a": { "cel": "claims." } } } }), vec!["request.append.x-a.cel"]),
        (json!({ "response": { "set": { "x-a": { "cel": "scopes" } } } }), vec!["response.set.x-a.cel"]),
        (
            json!({ "response": { "set": { "x-a": { "cel": "message.method" } } } }),
            vec!["response.set.x-a.cel"],
        ),
    ] {
        let shown = settings.to_string();
        assert_eq!(checked(settings), (None, places.into_iter().map(String::from).collect()), "{shown}");
    }
    assert!(
        checked(json!({ "response": { "set": { "x-a": "a", "x_a": "b" } } })).0.is_some(),
        "clients tell them apart"
    );
    for written in [json!(7), json!(["a"]), json!({ "cel": "plan", "text": "a" }), json!({})] {
        let settings = json!({ "request": { "set": { "x-a": written } } });
        assert!(serde_json::from_value::<Settings>(settings).is_err(), "{written}");
    }
}
