//! What is kept of a request, and what becomes a record.

use std::sync::Mutex;

use http::{HeaderMap, HeaderValue};
use tollgate_protocol::envelope::{Batches, Envelope};

use super::settings::METHODS;
use super::*;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::testing::Alone;

/// Keeps what it is given, as text.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl Sink for Kept {
    fn write(&self, record: &Record<'_>) {
        let call = record.call.map(|call| {
            let name = call.name.as_ref().map_or("-", |name| &name.shown);
            format!("{} {name} {}", call.method.shown, call.arguments_sha256.as_deref().unwrap_or("-"))
        });
        self.0.lock().unwrap().push(call.unwrap_or("unread".to_owned()));
    }
}

fn auditor(methods: &[&str], arguments: Arguments, kept: &Arc<Kept>) -> Auditor {
    let methods = methods.iter().map(|method| Pattern::parse(method)).collect();
    let services = Alone { sink: Some(kept.clone()), ..Alone::default() };
    Audit { target: Target::Stdout, methods, arguments }.start(&services).unwrap()
}

/// A request with this method and body, as far as these policies see it.
fn seen_by(auditors: &[&Auditor], method: &str, body: Option<&str>) -> Effects {
    let mut headers = HeaderMap::new();
    headers.insert("mcp-session-id", HeaderValue::from_static("a-secret"));
    let (host, path, api) = ("gw.example", "/mcp", "a");
    let request = Request { method, host, path, headers: &headers, client: None, api, caller: None, now: 0 };
    let mut effects = Effects::default();
    auditors.iter().for_each(|auditor| assert!(auditor.on_head(&request, &mut effects).goes_on()));
    let envelope = body.map(|body| Envelope::read(body.as_bytes(), Batches::Allowed).unwrap());
    for auditor in auditors {
        for message in envelope.iter().flat_map(Envelope::messages) {
            assert!(auditor.on_message(&request, message, &mut effects).goes_on());
        }
    }
    effects
}

fn recorded(methods: &[&str], arguments: Arguments, method: &str, body: Option<&str>) -> Vec<String> {
    let kept = Arc::new(Kept::default());
    let effects = seen_by(&[&auditor(methods, arguments, &kept)], method, body);
    effects.audited.iter().for_each(|audited| audited.write(&Record::default()));
    kept.0.lock().unwrap().clone()
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{ "to": "mallory" }}}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
const READ: &str = r#"{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"file:///a"}}"#;
const RESPONSE: &str = r#"{"jsonrpc":"2.0","id":4,"result":{}}"#;

/// Of the bytes `{ "to": "mallory" }`, as sha256sum says.
const HASH: &str = "e2c707622fbf66918e86bf6e3d8e29bed24192719038d354e054e0b8b06578b7";

#[test]
fn each_message_of_a_batch_with_such_a_method_is_recorded_with_the_hash_of_its_arguments() {
    let body = format!("[{CALL},{PING},{READ},{RESPONSE}]");
    let records = recorded(&METHODS, Arguments::Sha256, "POST", Some(&body));
    assert_eq!(records, [format!("tools/call pay {HASH}"), "resources/read file:///a -".to_owned()]);
    let records = recorded(&["*"], Arguments::None, "POST", Some(&body));
    assert_eq!(records, ["tools/call pay -", "ping - -", "resources/read file:///a -"]);
}

#[test]
fn a_message_that_was_not_read_leaves_a_record_unless_the_request_is_of_a_kind_that_has_none() {
    for (method, expected) in [("POST", 1), ("PUT", 1), ("GET", 0), ("DELETE", 0)] {
        let records = recorded(&METHODS, Arguments::Sha256, method, None);
        assert_eq!(records, vec!["unread"; expected], "{method}");
    }
    for read in [PING, RESPONSE] {
        assert_eq!(recorded(&METHODS, Arguments::Sha256, "POST", Some(read)), [""; 0], "{read}");
    }
    assert_eq!(
        recorded(&METHODS, Arguments::None, "GET", Some(CALL)),
        ["tools/call pay -"],
        "a body at a GET"
    );
}

#[test]
fn policies_with_the_same_target_record_what_each_of_them_is_for_and_once_what_was_not_read() {
    let kept = Arc::new(Kept::default());
    let [calls, reads] =
        [["tools/*"], ["resources/*"]].map(|methods| auditor(&methods, Arguments::None, &kept));
    for body in [Some(format!("[{CALL},{READ}]")), None] {
        let effects = seen_by(&[&calls, &reads], "POST", body.as_deref());
        effects.audited.iter().for_each(|audited| audited.write(&Record::default()));
    }
    assert_eq!(*kept.0.lock().unwrap(), ["tools/call pay -", "resources/read file:///a -", "unread"]);
}

#[test]
fn nothing_that_is_kept_holds_arguments_or_the_id_of_a_session() {
    let kept = Arc::new(Kept::default());
    let effects = seen_by(&[&auditor(&["*"], Arguments::Sha256, &kept)], "POST", Some(CALL));
    let text = format!("{:?}", effects.audited);
    assert!(text.contains("pay") && text.contains(HASH), "{text}");
    assert!(!text.contains("secret") && !text.contains("mallory"), "{text}");
    // Of `a-secret`.
    assert!(text.contains("\"b4d87524393b45e7\""), "{text}");
}

#[test]
fn a_name_as_long_as_a_message_is_cut_between_two_characters_and_says_how_long_it_was() {
    let short = Text::of("pay");
    assert_eq!((short.shown.as_str(), short.cut_from), ("pay", None));
    let exact = Text::of(&"x".repeat(1024));
    assert_eq!((exact.shown.len(), exact.cut_from), (1024, None));
    let long = Text::of(&"€".repeat(400));
    assert_eq!((long.shown.len(), long.cut_from), (1023, Some(1200)));
}

/// The problems with these settings, or none.
fn problems(settings: serde_json::Value) -> Vec<String> {
    let (mut findings, written) = (Findings::default(), serde_json::from_value(settings).unwrap());
    let checked = check(&written, &KeyPath::root(), &mut findings);
    let problems = findings.problems.iter().map(|it| format!("{}: {}", it.path, it.message));
    let problems: Vec<_> = problems.collect();
    assert_eq!(checked.is_none(), problems.iter().any(|it| it.starts_with("to.file")), "{problems:?}");
    problems
}

#[test]
fn a_file_is_named_by_an_absolute_path_and_methods_are_named_once() {
    let at = |file: &str| problems(serde_json::json!({ "to": { "file": file } }));
    assert!(at("/var/log/tollgate/audit.jsonl").is_empty());
    for bad in ["audit.jsonl", "", "/var/log/", "/var/../log/a", "/a\0b"] {
        assert_eq!(at(bad).len(), 1, "{bad:?}");
    }
    let methods = |list: &[&str]| problems(serde_json::json!({ "to": "stdout", "methods": list }));
    assert!(methods(&["tools/call", "resources/*"]).is_empty());
    assert_eq!(methods(&[]), ["methods: the list is empty: at least one method is needed"]);
    assert_eq!(methods(&["a", "a"]), ["methods[1]: `a` is in the list twice"]);
}
