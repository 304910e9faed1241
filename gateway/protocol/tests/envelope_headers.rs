//! Headers against the body (MCP 2026-07-28 basic/transports/streamable-http, Server Validation).

use crate::envelope_cases::{request, single};
use Fault::*;
use tollgate_protocol::envelope::{
    EnvelopeError, Fault, Field, Header, Headers, Parameter, Pointer, Revision, compare,
};

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;

fn field<'h>(values: &[&'h str]) -> Field<'h> {
    values.iter().map(|value| value.as_bytes()).collect()
}

/// Compares a body with the three headers, each given as its values.
fn compared(version: &[&str], method: &[&str], name: &[&str], body: &str) -> Result<(), EnvelopeError> {
    let headers = Headers {
        protocol_version: field(version),
        method: field(method),
        name: field(name),
        parameters: &[],
    };
    compare(&headers, &single(body))
}

fn call(params: &str) -> String {
    request("tools/call", &format!("{{{params},{META}}}"))
}

#[test]
fn headers_that_say_what_the_body_says_agree() {
    let modern = &["2026-07-28"];
    for (method, params, name) in [
        ("tools/call", r#""name":"search""#, &["search"][..]),
        ("tools/call", r#""name":"s\u0065arch""#, &[" search\t"]),
        ("tools/call", r#""name":"search""#, &["=?base64?c2VhcmNo?="]),
        ("tools/call", r#""name":"caf\u00e9""#, &["=?base64?Y2Fmw6k=?="]),
        ("tools/call", r#""name":"=?BASE64?YQ==?=""#, &["=?BASE64?YQ==?="]),
        ("tools/call", r#""name":"""#, &[""]),
        ("prompts/get", r#""name":"p""#, &["p"]),
        ("resources/read", r#""uri":"file:///a""#, &["file:///a"]),
        ("resources/subscribe", r#""uri":"u""#, &["u"]),
        ("resources/subscribe", r#""uri":"u""#, &[]),
        ("tasks/get", r#""taskId":"t""#, &["t"]),
        ("x.example/run", r#""name":"n","uri":"u""#, &["u"]),
        ("tools/list", r#""cursor":"c""#, &[]),
        ("server/discover", r#""a":1"#, &[]),
    ] {
        let body = request(method, &format!("{{{params},{META}}}"));
        assert_eq!(compared(modern, &[method], name, &body), Ok(()), "{body} {name:?}");
    }
}

#[test]
fn a_header_that_is_missing_given_twice_malformed_or_different_is_a_mismatch() {
    let body = &call(r#""name":"search""#);
    let (version, method, name) = (&["2026-07-28"][..], &["tools/call"][..], &["search"][..]);
    assert_eq!(compared(version, method, name, body), Ok(()));
    for (values, fault) in [
        (&[][..], Missing),
        (&["2026-07-28", "2026-07-28"], Repeated),
        (&["2025-11-25"], Different),
        (&["2026-07-28, 2026-07-28"], Different),
        (&[""], Different),
        (&["2026-07-28\u{e9}"], Malformed),
    ] {
        let expected = EnvelopeError::Header(Header::ProtocolVersion, fault);
        assert_eq!(compared(values, method, name, body), Err(expected), "{values:?}");
    }
    for (values, fault) in [
        (&[][..], Missing),
        (&["tools/call", "tools/call"], Repeated),
        (&["tools/list"], Different),
        (&["Tools/Call"], Different),
        (&["tools%2Fcall"], Different),
        (&["=?base64?dG9vbHMvY2FsbA==?="], Different),
        (&[""], Different),
        (&["tools/call\0"], Malformed),
    ] {
        let expected = EnvelopeError::Header(Header::Method, fault);
        assert_eq!(compared(version, values, name, body), Err(expected), "{values:?}");
    }
    for (values, fault) in [
        (&[][..], Missing),
        (&["search", "delete"], Repeated),
        (&["delete"], Different),
        (&["Search"], Different),
        (&["%73earch"], Different),
        (&["sea  rch"], Different),
        (&[""], Different),
        (&["=?base64?ZGVsZXRl?="], Different),
        (&["=?Base64?c2VhcmNo?="], Different),
        (&["=?base64?c2VhcmN?="], Malformed),
        (&["=?base64?_w==?="], Malformed),
        (&["s\u{e9}arch"], Malformed),
    ] {
        let expected = EnvelopeError::Header(Header::Name, fault);
        assert_eq!(compared(version, method, values, body), Err(expected), "{values:?}");
        assert_eq!(expected.code(), -32020);
    }
}

#[test]
fn a_name_without_anything_it_could_repeat_is_a_mismatch() {
    let different = Err(EnvelopeError::Header(Header::Name, Different));
    for (method, params) in [("tools/list", r#""cursor":"c""#), ("x.example/run", r#""name":"a","uri":1"#)] {
        let body = request(method, &format!("{{{params},{META}}}"));
        assert_eq!(compared(&["2026-07-28"], &[method], &["search"], &body), different, "{method}");
    }
    let literal = call(r#""name":"=?base64?YQ==?=""#);
    assert_eq!(compared(&["2026-07-28"], &["tools/call"], &["=?base64?YQ==?="], &literal), different);
}

#[test]
fn a_request_is_of_the_revision_that_header_or_body_claims() {
    let bare = &request("ping", "{}");
    let version = |fault| Err(EnvelopeError::Header(Header::ProtocolVersion, fault));
    assert_eq!(compared(&["2026-07-28"], &["ping"], &[], bare), Err(EnvelopeError::MetaVersion));
    assert_eq!(compared(&[], &["ping"], &[], &request("ping", &format!("{{{META}}}"))), version(Missing));
    let unknown = &request("ping", r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2027-01-01"}}"#);
    assert_eq!(compared(&["2027-01-01"], &["ping"], &[], unknown), Ok(()), "the server says what it speaks");
    assert_eq!(
        compared(&["2027-01-01"], &["pong"], &[], unknown),
        Err(EnvelopeError::Header(Header::Method, Different))
    );
    assert_eq!(compared(&["2027-01-01"], &["ping"], &[], bare), Err(EnvelopeError::MetaVersion));
    assert_eq!(compared(&["2026-07-28"], &[], &[], unknown), version(Different));
}

#[test]
fn before_2026_07_28_headers_decide_nothing() {
    let body = &request("tools/call", r#"{"name":"a"}"#);
    for version in [&[][..], &["2025-03-26"], &["2025-06-18"], &["2025-11-25"]] {
        assert_eq!(compared(version, &["x", "y"], &["\u{e9}"], body), Ok(()), "{version:?}");
    }
    let same = &request("ping", r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}}"#);
    assert_eq!(compared(&["2025-11-25"], &[], &[], same), Ok(()));
    let twice = compared(&["2025-11-25", "2026-07-28"], &[], &[], body);
    assert_eq!(twice, Err(EnvelopeError::Header(Header::ProtocolVersion, Repeated)));
}

#[test]
fn of_a_notification_nothing_is_demanded_but_what_is_there_must_agree() {
    let bare = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
    assert_eq!(compared(&["2026-07-28"], &[], &[], bare), Ok(()));
    assert_eq!(compared(&["2026-07-28"], &["notifications/cancelled"], &[], bare), Ok(()));
    let different = Err(EnvelopeError::Header(Header::Method, Different));
    assert_eq!(compared(&["2026-07-28"], &["tools/call"], &[], bare), different);
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    assert_eq!(compared(&["2026-07-28"], &["tools/call"], &[], response), different);
}

#[test]
fn parameters_are_held_to_the_arguments() {
    let arguments = r#"{"s":"us-west1","u":"Hello, 世界","i":42,"f":42.0,"t":true,"z":null,"o":{"in":"x"},"a":[1],"big":9007199254740993,"d":1.5,"h":"\ud800"}"#;
    let body = call(&format!(r#""name":"a","arguments":{arguments}"#));
    let parameter = |pointer: &str, values: &[&str]| {
        let pointer = Pointer::parse(pointer).unwrap();
        let parameters = [Parameter { pointer: &pointer, field: field(values) }];
        let headers = Headers {
            protocol_version: field(&["2026-07-28"]),
            method: field(&["tools/call"]),
            name: field(&["a"]),
            parameters: &parameters,
        };
        compare(&headers, &single(&body))
    };
    for (pointer, values) in [
        ("/s", &["us-west1"][..]),
        ("/s", &["=?base64?dXMtd2VzdDE=?="]),
        ("/u", &["=?base64?SGVsbG8sIOS4lueVjA==?="]),
        ("/i", &["42"]),
        ("/i", &["42.0"]),
        ("/f", &["42"]),
        ("/d", &["1.5"]),
        ("/big", &["9007199254740993"]),
        ("/t", &["true"]),
        ("/o/in", &["x"]),
        ("/z", &[]),
        ("/o", &[]),
        ("/a", &[]),
        ("/none", &[]),
    ] {
        assert_eq!(parameter(pointer, values), Ok(()), "{pointer} {values:?}");
    }
    for (pointer, values, fault) in [
        ("/s", &[][..], Missing),
        ("/i", &[], Missing),
        ("/s", &["us-west1", "us-west1"], Repeated),
        ("/s", &["US-west1"], Different),
        ("/s", &["\"us-west1\""], Different),
        ("/u", &["Hello, 世界"], Malformed),
        ("/i", &["43"], Different),
        ("/i", &["042"], Different),
        ("/i", &["+42"], Different),
        ("/i", &["42.1"], Different),
        ("/i", &["42."], Different),
        ("/big", &["9007199254740992"], Different),
        ("/big", &["9007199254740993.0"], Different),
        ("/t", &["True"], Different),
        ("/z", &["null"], Different),
        ("/none", &[""], Different),
        ("/o", &["{\"in\":\"x\"}"], Different),
    ] {
        let expected = Err(EnvelopeError::Header(Header::Parameter, fault));
        assert_eq!(parameter(pointer, values), expected, "{pointer} {values:?}");
    }
    assert_eq!(parameter("/S", &["us-west1"]), Err(EnvelopeError::CaseTwin));
    assert_eq!(parameter("/h", &["x"]), Err(EnvelopeError::LoneSurrogate));
}

#[test]
fn the_revision_the_headers_claim_says_how_to_read_the_body() {
    let claimed = |values| Headers { protocol_version: field(values), ..Headers::default() }.revision();
    assert_eq!(claimed(&[]), Ok(None));
    assert_eq!(claimed(&["2025-06-18"]), Ok(Some(Revision::V2025_06_18)));
    assert_eq!(claimed(&["x"]), Ok(Some(Revision::NEWEST)));
    let repeated = EnvelopeError::Header(Header::ProtocolVersion, Repeated);
    assert_eq!(claimed(&["2025-06-18", "2025-06-18"]), Err(repeated));
    assert_eq!(repeated.message(), "the header MCP-Protocol-Version is given more than once");
}
