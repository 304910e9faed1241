//! What is read from bodies that pass (JSON-RPC 2.0 §4, MCP basic/index and the methods' own pages).

use std::borrow::Cow;
use tollgate_protocol::envelope::{Batches, Envelope, Kind, MAX_BATCH, MAX_DEPTH, Message, Revision, Target};

pub fn single(body: &str) -> Message<'_> {
    match Envelope::read(body.as_bytes(), Batches::Refused) {
        Ok(Envelope::Single(message)) => message,
        other => panic!("{body}: {other:?}"),
    }
}

/// A request with this method and these params.
pub fn request(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

fn id(body: &str) -> Option<&str> {
    match single(body).kind {
        Kind::Request { id, .. } => Some(id.literal()),
        Kind::Notification { .. } => None,
        Kind::Response { id } => id.map(|id| id.literal()),
    }
}

#[test]
fn a_call_is_read_without_a_copy_of_any_part_of_it() {
    let body = r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"name":"search","arguments":{"q":"x\ny", "n":[{}]},"_meta":{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let message = single(body);
    let Kind::Request { id, method: Cow::Borrowed(method) } = &message.kind else { panic!("{message:?}") };
    assert_eq!((id.literal(), *method), ("\"a-1\"", "tools/call"));
    assert!(matches!(message.target, Target::Tool(Cow::Borrowed("search"))));
    assert!(matches!(message.revision, Some(Cow::Borrowed("2026-07-28"))));
    assert_eq!(message.arguments.unwrap().text(), r#"{"q":"x\ny", "n":[{}]}"#);
    assert!(message.params.unwrap().text().starts_with(r#"{"name":"search","#));
    assert_eq!(message.method(), Some("tools/call"));
}

#[test]
fn each_method_that_acts_on_something_says_on_what() {
    let text = |name| Cow::Borrowed(name);
    for (method, params, target) in [
        ("tools/call", r#"{"name":"a"}"#, Target::Tool(text("a"))),
        ("tools/call", r#"{"arguments":null,"uri":"u","name":""}"#, Target::Tool(text(""))),
        ("prompts/get", r#"{"name":"p","arguments":{"a":"1"}}"#, Target::Prompt(text("p"))),
        ("resources/read", r#"{"uri":"file:///a","name":"n"}"#, Target::Resource(text("file:///a"))),
        ("resources/subscribe", r#"{"uri":"u"}"#, Target::Resource(text("u"))),
        ("resources/unsubscribe", r#"{"uri":"u"}"#, Target::Resource(text("u"))),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/prompt","name":"p"},"name":"x"}"#,
            Target::Prompt(text("p")),
        ),
        (
            "completion/complete",
            r#"{"ref":{"uri":"a/{b}","type":"ref/resource"}}"#,
            Target::Template(text("a/{b}")),
        ),
        ("tasks/get", r#"{"taskId":"t"}"#, Target::Task(text("t"))),
        ("tasks/cancel", r#"{"taskId":"t"}"#, Target::Task(text("t"))),
        ("tools/list", r#"{"name":"a","cursor":"c"}"#, Target::None),
        ("resources/templates/list", "{}", Target::None),
        ("tools/Call", r#"{"name":"a"}"#, Target::None),
        ("ping", "null", Target::None),
        ("ping", "[1,2]", Target::None),
        ("ping", "\"text\"", Target::None),
    ] {
        let body = request(method, params);
        assert_eq!(single(&body).target, target, "{method} {params}");
    }
}

#[test]
fn members_may_come_in_any_order_with_any_others_between() {
    let body = " {\"params\":{\"x\":1,\"arguments\":{},\"name\":\"a\"},\"y\":[{}],\"method\":\"tools/call\",\n\t\"id\":7,\"jsonrpc\":\"2.0\"}\r\n";
    let message = single(body);
    assert_eq!(message.target, Target::Tool(Cow::Borrowed("a")));
    assert_eq!(message.arguments.unwrap().text(), "{}");
}

#[test]
fn escapes_in_names_and_values_mean_what_json_says() {
    let body = r#"{"\u006asonrpc":"2\u002e0","id":"\ud83d\ude00","meth\u006fd":"tools\/call","params":{"n\u0061me":"s\u0065arch"}}"#;
    let message = single(body);
    assert_eq!(message.method(), Some("tools/call"));
    assert_eq!(message.target, Target::Tool(Cow::Borrowed("search")));
    assert_eq!(id(body), Some(r#""\ud83d\ude00""#));
}

#[test]
fn a_message_is_what_its_members_make_it() {
    let request = r#"{"jsonrpc":"2.0","id":0,"method":""}"#;
    assert!(matches!(single(request).kind, Kind::Request { .. }));
    let notification = single(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert!(matches!(notification.kind, Kind::Notification { .. }));
    assert!(
        notification.params.is_none() && notification.arguments.is_none() && notification.revision.is_none()
    );
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"result":{"method":"x","result":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-1}}"#,
    ] {
        assert!(matches!(single(body).kind, Kind::Response { .. }), "{body}");
        assert_eq!(single(body).method(), None);
    }
}

#[test]
fn an_id_is_kept_as_it_was_written() {
    let long = format!("\"{}\"", "x".repeat(4096));
    for literal in
        ["1", "-0", "0", "9007199254740993", "-123456789012345678901234567890", "\"\"", r#""\u0031""#, &long]
    {
        let body = format!(r#"{{"jsonrpc":"2.0","id": {literal} ,"method":"ping"}}"#);
        assert_eq!(id(&body), Some(literal));
    }
}

#[test]
fn what_no_policy_reads_only_has_to_be_json() {
    for body in [
        request("tools/call", r#"{"name":"a","arguments":{"deep":{"x":1,"x":2}}}"#),
        request("tools/call", r#"{"name":"a","arguments":{"text":"cut \ud83d","n":1e999}}"#),
        request("tools/call", r#"{"name":"a","arguments":{"name":1,"Name":2,"NAME":3}}"#),
        request("ping", r#"{"name":1,"uri":null,"arguments":"x","_meta":[]}"#),
        request("initialize", r#"{"protocolVersion":"2025-06-18","capabilities":{"a":{},"a":{}}}"#),
        r#"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}"#.to_owned(),
    ] {
        single(&body);
    }
}

#[test]
fn nesting_is_read_to_the_limit() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    single(&request("ping", &nested(MAX_DEPTH - 1)));
    let arguments = format!(r#"{{"name":"a","arguments":{{"x":{}}}}}"#, nested(MAX_DEPTH - 3));
    single(&request("tools/call", &arguments));
    let batch = format!("[{}]", request("ping", &nested(MAX_DEPTH - 2)));
    assert!(Envelope::read(batch.as_bytes(), Batches::Allowed).is_ok());
}

#[test]
fn a_batch_is_read_in_its_order_where_it_is_allowed() {
    let body = r#" [ {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}} ,
        {"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":2,"result":{}}] "#;
    let envelope = Envelope::read(body.as_bytes(), Batches::Allowed).unwrap();
    let methods: Vec<_> = envelope.messages().iter().map(Message::method).collect();
    assert_eq!(methods, [Some("tools/call"), Some("notifications/initialized"), None]);
    let one = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let full = format!("[{}]", vec![one; MAX_BATCH].join(","));
    assert_eq!(Envelope::read(full.as_bytes(), Batches::Allowed).unwrap().messages().len(), MAX_BATCH);
    assert_eq!(Envelope::read(one.as_bytes(), Batches::Allowed).unwrap().messages().len(), 1);
}

#[test]
fn revisions_are_known_by_their_one_name_and_differ_in_batches_and_headers() {
    for revision in Revision::ALL {
        assert_eq!(Revision::named(revision.name()), Some(revision));
        assert_eq!(revision.has_batches(), revision.name() < "2025-06-18");
        assert_eq!(revision.has_headers(), revision.name() >= "2026-07-28");
    }
    for name in ["", "2025-3-26", " 2025-03-26", "2025-03-27", "latest", "DRAFT-2026-v1"] {
        assert_eq!(Revision::named(name), None);
    }
}
