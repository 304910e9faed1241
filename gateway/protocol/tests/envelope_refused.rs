//! Bodies that are refused, and as what.

use crate::envelope_cases::request;
use tollgate_protocol::envelope::{Batches, Envelope, EnvelopeError, MAX_BATCH, MAX_DEPTH};
use tollgate_protocol::json::{JsonError, Reason};

fn refused(body: impl AsRef<[u8]>) -> EnvelopeError {
    let body = body.as_ref();
    let error = Envelope::read(body, Batches::Allowed).unwrap_err();
    if body.trim_ascii().first() != Some(&b'[') {
        assert_eq!(Envelope::read(body, Batches::Refused), Err(error));
    }
    error
}

fn reason(body: impl AsRef<[u8]>) -> Reason {
    match refused(body) {
        EnvelopeError::Json(error) => error.reason,
        other => panic!("{other:?}"),
    }
}

fn call(rest: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call",{rest}}}"#)
}

#[test]
fn what_is_not_one_json_text_in_utf8_is_a_parse_error() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (body, expected) in [
        (String::new(), Reason::Truncated),
        (" ".repeat(1 << 20), Reason::Truncated),
        (format!("\u{feff}{ping}"), Reason::ByteOrderMark),
        (format!("{ping}{ping}"), Reason::TrailingBytes),
        (format!("{ping}\n{ping}"), Reason::TrailingBytes),
        (format!("{ping}]"), Reason::TrailingBytes),
        (format!("{ping}\0"), Reason::TrailingBytes),
        (format!("[{ping}] 1"), Reason::TrailingBytes),
        (format!("[{ping},]"), Reason::Unexpected),
        (format!("[{ping} {ping}]"), Reason::Unexpected),
        (format!("// c\n{ping}"), Reason::Unexpected),
        (format!("\u{a0}{ping}"), Reason::Unexpected),
        (request("ping", "{\"a\":NaN}"), Reason::Unexpected),
        (request("ping", "{\"a\":1,}"), Reason::Unexpected),
        (request("ping", "{a:1}"), Reason::Unexpected),
        (request("ping", "{'a':1}"), Reason::Unexpected),
        (request("ping", "{\"a\":01}"), Reason::Number),
        (request("ping", "{\"a\":+1}"), Reason::Unexpected),
        (request("ping", "{\"a\":\"\t\"}"), Reason::ControlCharacter),
        (request("ping", "{\"a\":\"\\x\"}"), Reason::Escape),
        (request("ping", "{\"a\":\"\\ud83\"}"), Reason::Escape),
        (request("ping", "{\"a\":\"\\u{41}\"}"), Reason::Escape),
    ] {
        assert_eq!(reason(&body), expected, "{}", body.get(..80).unwrap_or(&body));
        assert_eq!(refused(&body).code(), -32700);
    }
    let utf16: Vec<u8> = ping.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(reason(utf16), Reason::Unexpected);
    assert_eq!(reason(b"\xff\xfe{\0}\0"), Reason::NotUtf8);
    assert_eq!(reason([b"{\"a\":\"", &[0xe9][..], b"\"}"].concat()), Reason::NotUtf8);
}

#[test]
fn nesting_beyond_the_limit_is_refused_wherever_it_is_and_however_deep() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(reason(request("ping", &nested(MAX_DEPTH))), Reason::TooDeep);
    let arguments = format!(r#"{{"name":"a","arguments":{{"x":{}}}}}"#, nested(MAX_DEPTH - 2));
    assert_eq!(reason(request("tools/call", &arguments)), Reason::TooDeep);
    assert_eq!(reason(format!("[{}]", request("ping", &nested(MAX_DEPTH - 1)))), Reason::TooDeep);
    for million in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000)] {
        assert_eq!(reason(request("ping", &million)), Reason::TooDeep);
        assert_eq!(reason(call(&format!(r#""params":{{"arguments":{{"a":{million}"#))), Reason::TooDeep);
    }
    assert_eq!(
        refused("[".repeat(1_000_000)),
        EnvelopeError::Json(JsonError { reason: Reason::TooDeep, offset: MAX_DEPTH })
    );
}

#[test]
fn a_member_twice_is_refused_at_every_level_that_is_read() {
    for body in [
        call(r#""jsonrpc":"2.0","params":{"name":"a"}"#),
        call(r#""id":1,"params":{"name":"a"}"#),
        call(r#""method":"tools/call","params":{"name":"a"}"#),
        call(r#""m\u0065thod":"tools/list","params":{"name":"a"}"#),
        call(r#""params":{"name":"a"},"params":{"name":"a"}"#),
        call(r#""params":{"name":"a"},"extra":1,"extr\u0061":1"#),
        call(r#""params":{"name":"a","name":"b"}"#),
        call(r#""params":{"name":"a","n\u0061me":"a"}"#),
        call(r#""params":{"name":"a","arguments":{},"arguments":{}}"#),
        call(r#""params":{"name":"a","arguments":{"x":1,"y":2,"x":1}}"#),
        call(r#""params":{"name":"a","arguments":{"x":1,"\u0078":1}}"#),
        call(r#""params":{"name":"a","arguments":{"\u0078":1,"x":1}}"#),
        call(r#""params":{"name":"a","x":1,"x":1}"#),
        call(r#""params":{"name":"a","_meta":{},"_meta":{}}"#),
        call(r#""params":{"name":"a","_meta":{"a":1,"a":1}}"#),
        request("resources/read", r#"{"uri":"a","uri":"b"}"#),
        request("completion/complete", r#"{"ref":{"type":"ref/prompt","name":"a","name":"b"}}"#),
        r#"{"jsonrpc":"2.0","id":1,"result":{},"result":{}}"#.to_owned(),
        format!("[{}]", call(r#""params":{"name":"a","name":"a"}"#)),
    ] {
        assert_eq!(refused(&body), EnvelopeError::DuplicateMember, "{body}");
    }
    let many: String = (0..1000).map(|at| format!("\"a{at}\":1,")).collect();
    let last = |name: &str| call(&format!(r#""params":{{"name":"a","arguments":{{{many}"{name}":1}}}}"#));
    assert_eq!(refused(last("a999")), EnvelopeError::DuplicateMember);
    assert!(Envelope::read(last("a1000").as_bytes(), Batches::Refused).is_ok());
}

#[test]
fn a_member_in_another_case_is_refused_with_and_without_its_twin() {
    for name in [
        "Method",
        "METHOD",
        "metHod",
        "Params",
        "param\u{17f}",
        "re\u{17f}ult",
        "JsonRPC",
        "ID",
        "\u{131}d",
        "Error",
        "ｍethod",
        "\\u004dethod",
    ] {
        assert_eq!(
            refused(call(&format!(r#""params":{{"name":"a"}},"{name}":1"#))),
            EnvelopeError::CaseTwin,
            "{name}"
        );
    }
    for name in [
        "Name",
        "NAME",
        "Uri",
        "URI",
        "ur\u{131}",
        "Arguments",
        "argument\u{17f}",
        "_Meta",
        "Ref",
        "taskid",
        "tas\u{212a}Id",
    ] {
        assert_eq!(
            refused(call(&format!(r#""params":{{"name":"a","{name}":1}}"#))),
            EnvelopeError::CaseTwin,
            "{name}"
        );
        assert_eq!(
            refused(call(&format!(r#""params":{{"{name}":"a"}}"#))),
            EnvelopeError::CaseTwin,
            "{name}"
        );
    }
    let meta = r#""params":{"name":"a","_meta":{"io.modelcontextprotocol/protocolversion":"2026-07-28"}}"#;
    assert_eq!(refused(call(meta)), EnvelopeError::CaseTwin);
    assert_eq!(
        refused(request("completion/complete", r#"{"ref":{"Type":"ref/prompt"}}"#)),
        EnvelopeError::CaseTwin
    );
}

#[test]
fn half_a_surrogate_pair_is_refused_in_every_string_that_is_read() {
    for half in [r"\ud800", r"\udc00", r"\ud83d\u0041", r"\ud83d\ud83d", r"\ude00\ud83d", r"x\uDFFFx"] {
        for body in [
            call(&format!(r#""params":{{"name":"{half}"}}"#)),
            call(&format!(r#""params":{{"name":"a","arguments":{{"{half}":1}}}}"#)),
            call(&format!(r#""params":{{"name":"a","{half}":1}}"#)),
            call(&format!(r#""params":{{"name":"a"}},"{half}":1"#)),
            call(&format!(
                r#""params":{{"name":"a","_meta":{{"io.modelcontextprotocol/protocolVersion":"{half}"}}}}"#
            )),
            format!(r#"{{"jsonrpc":"2.0","id":"{half}","method":"ping"}}"#),
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{half}"}}"#),
            format!(r#"{{"jsonrpc":"{half}","id":1,"method":"ping"}}"#),
        ] {
            assert_eq!(refused(&body), EnvelopeError::LoneSurrogate, "{body}");
        }
    }
}

#[test]
fn what_is_no_message_of_json_rpc_is_an_invalid_request() {
    use EnvelopeError::*;
    for (body, expected) in [
        ("3", NotAMessage),
        ("\"{}\"", NotAMessage),
        ("null", NotAMessage),
        ("[1]", NotAMessage),
        (r#"[[{"jsonrpc":"2.0","id":1,"method":"ping"}]]"#, NotAMessage),
        ("{}", Version),
        (r#"{"id":1,"method":"ping"}"#, Version),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, Version),
        (r#"{"jsonrpc":"2.0 ","id":1,"method":"ping"}"#, Version),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, Version),
        (r#"{"jsonrpc":"2.0"}"#, Shapeless),
        (r#"{"jsonrpc":"2.0","id":1}"#, Shapeless),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, Ambiguous),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","error":{}}"#, Ambiguous),
        (r#"{"jsonrpc":"2.0","id":1,"error":{},"result":{}}"#, Ambiguous),
        (r#"{"jsonrpc":"2.0","id":1,"method":null}"#, Method),
        (r#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#, Method),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, NullId),
        (r#"{"jsonrpc":"2.0","id":null,"result":{}}"#, NullId),
        (r#"{"jsonrpc":"2.0","result":{}}"#, MissingId),
        (r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, BadId),
        (r#"{"jsonrpc":"2.0","id":1e2,"method":"ping"}"#, BadId),
        (r#"{"jsonrpc":"2.0","id":1E2,"method":"ping"}"#, BadId),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, BadId),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, BadId),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, BadId),
        ("[]", BatchEmpty),
        (" [ ] ", BatchEmpty),
    ] {
        assert_eq!(refused(body), expected, "{body}");
        assert_eq!(expected.code(), -32600);
    }
    let one = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    assert_eq!(refused(format!("[{}]", vec![one; MAX_BATCH + 1].join(","))), BatchTooLong);
    for batch in ["[]".to_owned(), format!("[{one}]"), "[".to_owned()] {
        assert_eq!(Envelope::read(batch.as_bytes(), Batches::Refused), Err(BatchRefused));
    }
}

#[test]
fn a_call_that_does_not_say_on_what_in_one_way_has_invalid_params() {
    use EnvelopeError::*;
    for (method, params, expected) in [
        ("tools/call", "[\"a\"]", Params),
        ("tools/call", "\"a\"", Params),
        ("resources/read", "[{\"uri\":\"a\"}]", Params),
        ("completion/complete", "[]", Params),
        ("tools/call", "null", Target),
        ("tools/call", "{}", Target),
        ("tools/call", r#"{"name":null}"#, Target),
        ("tools/call", r#"{"name":1}"#, Target),
        ("tools/call", r#"{"name":["a"]}"#, Target),
        ("tools/call", r#"{"uri":"a"}"#, Target),
        ("prompts/get", "{}", Target),
        ("resources/read", r#"{"name":"a"}"#, Target),
        ("resources/subscribe", r#"{"uri":1}"#, Target),
        ("tasks/result", "{}", Target),
        ("completion/complete", "{}", Target),
        ("completion/complete", r#"{"ref":"a"}"#, Target),
        ("completion/complete", r#"{"ref":{"type":"ref/tool","name":"a"}}"#, Target),
        ("completion/complete", r#"{"ref":{"type":"ref/prompt","uri":"a"}}"#, Target),
        ("tools/call", r#"{"name":"a","arguments":"{}"}"#, Arguments),
        ("tools/call", r#"{"name":"a","arguments":[]}"#, Arguments),
        ("prompts/get", r#"{"name":"a","arguments":1}"#, Arguments),
        ("ping", r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}"#, MetaVersion),
        ("ping", r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":null}}"#, MetaVersion),
    ] {
        assert_eq!(refused(request(method, params)), expected, "{method} {params}");
        assert_eq!(expected.code(), -32602);
    }
    assert_eq!(refused(r#"{"jsonrpc":"2.0","method":"tools/call"}"#), Target);
}

#[test]
fn an_error_is_one_sentence_without_a_part_of_the_body() {
    for body in
        [r#"{"secret":"#, r#"{"jsonrpc":"secret"}"#, "\"secret\"", r#"{"jsonrpc":"2.0","METHOD":"secret"}"#]
    {
        let error = refused(body);
        assert_eq!(error.to_string(), error.message());
        assert!(
            !format!("{error} {error:?}").contains("secret") && !error.message().ends_with('.'),
            "{body}"
        );
    }
}
