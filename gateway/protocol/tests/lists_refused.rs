//! Bodies in which two readers may see different lists, or none: refused whatever would have been kept.

use tollgate_protocol::envelope::{EnvelopeError, MAX_DEPTH};
use tollgate_protocol::json::Reason;
use tollgate_protocol::lists::{ListError, filter};

fn refused(body: &[u8]) -> ListError {
    let errors = [true, false].map(|kept| filter(body, &mut |_| kept).unwrap_err());
    assert_eq!(errors[0], errors[1], "what is kept makes no difference");
    errors[0]
}

fn reason(body: &[u8]) -> Reason {
    match refused(body) {
        ListError::Message(EnvelopeError::Json(error)) => error.reason,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(body)),
    }
}

fn result(members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{{members}}}}}"#)
}

#[test]
fn what_is_not_json_is_refused() {
    for (body, expected) in [
        (&b""[..], Reason::Truncated),
        (b"  ", Reason::Truncated),
        (b"not json", Reason::Unexpected),
        (b"{\"result\":{\"tools\":[{\"name\":\"a\"}]}", Reason::Truncated),
        (b"{\"result\":{\"tools\":[{\"name\":\"a\"},]}}", Reason::Unexpected),
        (b"{\"result\":{\"tools\":[,{\"name\":\"a\"}]}}", Reason::Unexpected),
        (b"{\"result\":{\"tools\":[{\"name\":\"a\"} {\"name\":\"b\"}]}}", Reason::Unexpected),
        (b"{\"result\":{\"tools\":[]}} {}", Reason::TrailingBytes),
        (b"[{\"result\":{\"tools\":[]}}],", Reason::TrailingBytes),
        (b"[{}", Reason::Truncated),
        (b"{\"a\":\"\xff\"}", Reason::NotUtf8),
        (b"\xef\xbb\xbf{}", Reason::ByteOrderMark),
        (b"{\"result\":{\"tools\":[{\"name\":\"a\n\"}]}}", Reason::ControlCharacter),
        (b"{\"result\":{\"tools\":[{\"name\":\"a\",\"b\":01}]}}", Reason::Number),
    ] {
        assert_eq!(reason(body), expected, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn what_is_no_message_is_refused() {
    for body in ["1", "null", r#""{\"result\":{}}""#, "[[]]", r#"[[{"result":{"tools":[]}}]]"#, "[{},1]"] {
        assert_eq!(refused(body.as_bytes()), ListError::Message(EnvelopeError::NotAMessage), "{body}");
    }
}

#[test]
fn a_message_is_as_deep_as_one_that_is_asked_with() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (body, before) in [
        (r#"{"a":?}"#, 1),
        (r#"{"result":{"a":?}}"#, 2),
        (r#"{"result":{"tools":[{"name":"a","b":?}]}}"#, 4),
        (r#"[{"result":{"tools":[{"name":"a","b":?}]}}]"#, 5),
        (r#"[{"result":?}]"#, 2),
    ] {
        let fits = body.replace('?', &nested(MAX_DEPTH - before));
        assert_eq!(filter(fits.as_bytes(), &mut |_| true), Ok(None), "{body}");
        let deeper = body.replace('?', &nested(MAX_DEPTH - before + 1));
        assert_eq!(reason(deeper.as_bytes()), Reason::TooDeep, "{body}");
    }
}

#[test]
fn a_member_twice_where_it_is_read_is_refused() {
    for body in [
        r#"{"result":{},"result":{"tools":[]}}"#.to_owned(),
        r#"{"id":1,"id":1,"result":{}}"#.to_owned(),
        r#"{"result":{},"r\u0065sult":{"tools":[]}}"#.to_owned(),
        result(r#""tools":[],"tools":[]"#),
        result(r#""tools":[],"tool\u0073":[]"#),
        result(r#""a":1,"a":1"#),
        result(r#""cacheScope":"private","cacheScope":"public""#),
        result(r#""tools":[{"name":"a","name":"b"}]"#),
        result(r#""tools":[{"name":"a","title":"b","title":"c"}]"#),
        result(r#""resources":[{"uri":"a"},{"uri":"a","\u0075ri":"b"}]"#),
    ] {
        assert_eq!(refused(body.as_bytes()), ListError::Message(EnvelopeError::DuplicateMember), "{body}");
    }
}

#[test]
fn a_member_that_is_read_in_another_case_is_refused() {
    for body in [
        r#"{"Result":{}}"#.to_owned(),
        r#"{"re\u017fult":{},"method":"m"}"#.to_owned(),
        result(r#""Tools":[]"#),
        result(r#""toolſ":[{"name":"a"}]"#),
        result(r#""prompts":[],"PROMPTS":[]"#),
        result(r#""resourcetemplates":[]"#),
        result(r#""ｒｅｓｏｕｒｃｅｓ":[]"#),
        result(r#""cachescope":"public""#),
        result(r#""tools":[{"name":"a","NAME":"b"}]"#),
        result(r#""resources":[{"URI":"a"}]"#),
        result(r#""resourceTemplates":[{"uriTemplate":"a","uritemplate":"b"}]"#),
    ] {
        assert_eq!(refused(body.as_bytes()), ListError::Message(EnvelopeError::CaseTwin), "{body}");
    }
}

#[test]
fn a_list_that_is_no_array_is_refused() {
    for list in ["tools", "prompts", "resources", "resourceTemplates"] {
        for value in ["null", "{}", r#"{"0":{"name":"a"}}"#, r#""[]""#, "1"] {
            assert_eq!(refused(result(&format!(r#""{list}":{value}"#)).as_bytes()), ListError::NotAList);
        }
    }
}

#[test]
fn an_item_without_its_name_is_refused() {
    for item in ["1", "null", "[]", r#""a""#, "{}", r#"{"uri":"a"}"#, r#"{"name":1}"#, r#"{"name":null}"#] {
        for list in ["tools", "prompts"] {
            let body = result(&format!(r#""{list}":[{{"name":"a"}},{item}]"#));
            assert_eq!(refused(body.as_bytes()), ListError::Unnamed, "{body}");
        }
    }
    for (list, item) in [
        ("resources", r#"{"name":"a"}"#),
        ("resources", r#"{"uriTemplate":"a"}"#),
        ("resourceTemplates", r#"{"uri":"a"}"#),
        ("resourceTemplates", r#"{"uriTemplate":["a"]}"#),
    ] {
        assert_eq!(refused(result(&format!(r#""{list}":[{item}]"#)).as_bytes()), ListError::Unnamed);
    }
}

#[test]
fn half_a_surrogate_pair_in_a_name_is_refused() {
    for body in [
        result(r#""tools":[{"name":"a\ud83d"}]"#),
        result(r#""tools":[{"name":"a","\ude00":1}]"#),
        result(r#""\ud83d":1"#),
        r#"{"\ud83d":1}"#.to_owned(),
    ] {
        assert_eq!(refused(body.as_bytes()), ListError::Message(EnvelopeError::LoneSurrogate), "{body}");
    }
}

#[test]
fn a_refusal_is_one_sentence_without_a_part_of_the_body() {
    for (error, sentence) in [
        (refused(b"x"), "a character stands where JSON does not allow it"),
        (refused(result(r#""tools":1"#).as_bytes()), "a list in the answer is not an array"),
        (refused(result(r#""tools":[1]"#).as_bytes()), "an item of a list in the answer has no name"),
        (ListError::EventTooLong, "an event of the stream is too long to be read"),
    ] {
        assert_eq!(error.to_string(), sentence);
    }
}
