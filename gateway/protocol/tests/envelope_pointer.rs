//! JSON pointers into the arguments (RFC 6901), and what on their way could be read in two ways.

use crate::envelope_cases::{request, single};
use tollgate_protocol::envelope::{EnvelopeError, Pointer};
use tollgate_protocol::json::Kind;

fn at(arguments: &str, pointer: &str) -> Result<Option<String>, EnvelopeError> {
    let body = request("tools/call", &format!(r#"{{"name":"a","arguments": {arguments} }}"#));
    let pointer = Pointer::parse(pointer).unwrap();
    single(&body).arguments.unwrap().at(&pointer).map(|found| found.map(|found| found.text().to_owned()))
}

#[test]
fn a_pointer_leads_where_rfc_6901_says() {
    let arguments = r#"{"a": {"b/c":[1, {"d~":"x"} ,null],"":0}, "":{"":2},"é":3,"1":4}"#;
    for (pointer, found) in [
        ("", Some(arguments)),
        ("/a/b~1c/0", Some("1")),
        ("/a/b~1c/1", Some(r#"{"d~":"x"}"#)),
        ("/a/b~1c/1/d~0", Some("\"x\"")),
        ("/a/b~1c/2", Some("null")),
        ("/a/", Some("0")),
        ("//", Some("2")),
        ("/é", Some("3")),
        ("/1", Some("4")),
        ("/a/b~1c/3", None),
        ("/a/b~1c/-", None),
        ("/a/b~1c/01", None),
        ("/a/b~1c/+1", None),
        ("/a/b~1c/", None),
        ("/a/b~1c/99999999999999999999", None),
        ("/a/b~1c/0/x", None),
        ("/b", None),
    ] {
        assert_eq!(at(arguments, pointer), Ok(found.map(str::to_owned)), "{pointer}");
    }
}

#[test]
fn a_text_that_is_no_pointer_is_not_taken_for_one() {
    for text in ["a", "#/a", " ", "/~", "/a~2", "/~01/~"] {
        assert_eq!(Pointer::parse(text), None, "{text}");
    }
    assert_eq!(at(r#"{"~1":1}"#, "/~01"), Ok(Some("1".to_owned())));
}

#[test]
fn what_is_on_the_way_twice_or_in_another_case_is_refused_and_what_is_not_on_it_is_not_looked_at() {
    use EnvelopeError::*;
    for (arguments, pointer, expected) in [
        (r#"{"a":{"b":1,"b":1}}"#, "/a/b", Err(DuplicateMember)),
        (r#"{"a":{"b":1,"\u0062":2}}"#, "/a/b", Err(DuplicateMember)),
        (r#"{"a":1,"A":2}"#, "/a", Err(CaseTwin)),
        (r#"{"A":2}"#, "/a", Err(CaseTwin)),
        (r#"{"a":{"ſ":2}}"#, "/a/s", Err(CaseTwin)),
        (r#"{"a":{"\ud800":2,"b":1}}"#, "/a/b", Err(LoneSurrogate)),
        (r#"{"a":{"c":1,"c":1,"b":2}}"#, "/a/b", Ok("2")),
        (r#"{"a":{"b":1,"b":1},"c":3}"#, "/c", Ok("3")),
        (r#"{"a":"\ud800","c":3}"#, "/a", Ok(r#""\ud800""#)),
    ] {
        assert_eq!(
            at(arguments, pointer),
            expected.map(|found| Some(found.to_owned())),
            "{arguments} {pointer}"
        );
    }
}

#[test]
fn a_fragment_tells_its_kind_and_what_a_string_says() {
    let body = request(
        "tools/call",
        r#"{"name":"a","arguments":{"s":"\u0078","n":-1,"t":true,"f":false,"z":null,"a":[],"o":{},"h":"\ud800"}}"#,
    );
    let arguments = single(&body).arguments.unwrap();
    let get = |name: &str| arguments.at(&Pointer::parse(name).unwrap()).unwrap().unwrap();
    for (name, kind) in [
        ("/s", Kind::String),
        ("/n", Kind::Number),
        ("/t", Kind::True),
        ("/f", Kind::False),
        ("/z", Kind::Null),
        ("/a", Kind::Array),
        ("/o", Kind::Object),
    ] {
        assert_eq!(get(name).kind(), kind);
        assert_eq!(get(name).string().unwrap().as_deref(), (name == "/s").then_some("x"));
    }
    assert_eq!(get("/h").string(), Err(EnvelopeError::LoneSurrogate));
    assert!(!format!("{:?}", get("/s")).contains("0078"));
}
