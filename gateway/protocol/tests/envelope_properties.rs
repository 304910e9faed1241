//! What holds for every envelope: the same message in another spelling reads the same, and a part of one never reads.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate_protocol::envelope::{Batches, Envelope, Kind, Message, Target};

const SPACES: &[&str] = &["", " ", "\n", "\t", "\r\n", "  "];

/// Values of members nobody reads, in spellings that only their bytes can tell apart.
const VALUES: &[&str] =
    &["1", "-2.5e3", "null", "true", r#""\ud83d""#, r#""\u00e9""#, "[1,[ ]]", r#"{"a":1,"a":2}"#];

/// A value as a tree: members in the order in which they are written, and everything else as text.
#[derive(Clone, Debug)]
enum Tree {
    Text(String),
    Object(Vec<(String, Tree)>),
}

/// Puts a tree into text, each time with the next of the spaces between, and members turned by the next of the turns.
fn written(
    tree: &Tree,
    spaces: &mut impl Iterator<Item = &'static str>,
    turns: &mut impl Iterator<Item = usize>,
) -> String {
    let mut space = || spaces.next().unwrap_or("");
    match tree {
        Tree::Text(text) => format!("{}{text}{}", space(), space()),
        Tree::Object(members) => {
            let mut members = members.clone();
            let turn = turns.next().unwrap_or(0) % members.len().max(1);
            members.rotate_left(turn);
            if turn % 2 == 1 {
                members.reverse();
            }
            let before = space();
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    let (left, right) = (spaces.next().unwrap_or(""), spaces.next().unwrap_or(""));
                    format!("{left}{}{right}:{}", quoted(name), written(value, spaces, turns))
                })
                .collect();
            format!("{before}{{{}}}{}", members.join(","), spaces.next().unwrap_or(""))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn string(text: &str) -> Tree {
    Tree::Text(quoted(text))
}

/// Members nobody reads, whose names are all different and like none that is read.
fn others() -> impl Strategy<Value = Vec<(String, Tree)>> {
    vec(("[x-z é]{1,4}", select(VALUES)), 0..5).prop_map(|members| {
        let numbered = members.into_iter().enumerate();
        numbered.map(|(at, (name, value))| (format!("{name}{at}"), Tree::Text(value.to_owned()))).collect()
    })
}

fn message() -> impl Strategy<Value = Tree> {
    let named = prop_oneof![
        Just(("tools/call", "name")),
        Just(("prompts/get", "name")),
        Just(("resources/read", "uri")),
        Just(("tasks/get", "taskId")),
        Just(("notifications/progress", "name")),
        Just(("x/é", "uri")),
    ];
    let id = prop_oneof!["-?[1-9][0-9]{0,18}", "\"[a-z ]{0,9}\""];
    (named, "[ -~é世\n]{0,12}", proptest::option::of(id), any::<bool>(), others(), others(), others())
        .prop_map(|((method, member), name, id, meta, top, mut params, arguments)| {
            params.push((member.to_owned(), string(&name)));
            params.push(("arguments".to_owned(), Tree::Object(arguments)));
            if meta {
                let version = ("io.modelcontextprotocol/protocolVersion".to_owned(), string("2026-07-28"));
                params.push(("_meta".to_owned(), Tree::Object(vec![version])));
            }
            let mut members = top;
            members.push(("jsonrpc".to_owned(), string("2.0")));
            members.push(("method".to_owned(), string(method)));
            members.push(("params".to_owned(), Tree::Object(params)));
            members.extend(id.map(|id| ("id".to_owned(), Tree::Text(id))));
            Tree::Object(members)
        })
}

fn read(body: &str) -> Message<'_> {
    match Envelope::read(body.as_bytes(), Batches::Refused) {
        Ok(Envelope::Single(message)) => message,
        other => panic!("{body}: {other:?}"),
    }
}

/// What a policy sees: id, target, method and revision.
fn seen(body: &str) -> (Option<String>, Target<'_>, Option<String>, Option<String>) {
    let message = read(body);
    let id = match message.kind {
        Kind::Request { id, .. } => Some(id.literal().to_owned()),
        _ => None,
    };
    let method = message.method().map(str::to_owned);
    let revision = message.revision.map(|revision| revision.into_owned());
    (id, message.target, method, revision)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn space_and_the_order_of_members_make_no_difference(
        tree in message(), spaces in vec(select(SPACES), 1..40), turns in vec(0usize..6, 1..6),
    ) {
        let plain = written(&tree, &mut std::iter::empty(), &mut std::iter::empty());
        let other = written(&tree, &mut spaces.into_iter().cycle(), &mut turns.into_iter().cycle());
        prop_assert_eq!(seen(&plain), seen(&other));
        let members = |body: &str| read(body).arguments.map(|it| serde_json::from_str::<serde_json::Value>(&it.text().replace("\\ud83d", "")).unwrap());
        prop_assert_eq!(members(&plain), members(&other));
    }

    #[test]
    fn a_part_of_a_message_is_never_a_message(tree in message(), spaces in vec(select(SPACES), 1..40), wrapped in any::<bool>()) {
        let text = written(&tree, &mut spaces.into_iter().cycle(), &mut std::iter::empty());
        let body = if wrapped { format!("[{text}]") } else { text.trim().to_owned() };
        prop_assert!(Envelope::read(body.as_bytes(), Batches::Allowed).is_ok());
        for end in 0..body.len() {
            prop_assert!(Envelope::read(&body.as_bytes()[..end], Batches::Allowed).is_err());
        }
    }

    #[test]
    fn serde_json_sees_the_same_message(tree in message(), spaces in vec(select(SPACES), 1..40), turns in vec(0usize..6, 1..6)) {
        let body = written(&tree, &mut spaces.into_iter().cycle(), &mut turns.into_iter().cycle()).replace("\\ud83d", "");
        let theirs: serde_json::Value = serde_json::from_str(&body).unwrap();
        let message = read(&body);
        prop_assert_eq!(message.method(), theirs["method"].as_str());
        let name = |member: &str| theirs["params"][member].as_str();
        let (ours, theirs) = match &message.target {
            Target::Tool(it) | Target::Prompt(it) => (Some(it.as_ref()), name("name")),
            Target::Resource(it) => (Some(it.as_ref()), name("uri")),
            Target::Task(it) => (Some(it.as_ref()), name("taskId")),
            _ => (None, None),
        };
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn a_member_that_is_read_cannot_be_there_twice(
        tree in message(), level in 0usize..2, which in 0usize..16, at in 0usize..16,
    ) {
        let Tree::Object(mut members) = tree else { unreachable!() };
        let target = if level == 0 { &mut members } else {
            let params = members.iter_mut().find_map(|(name, value)| match value {
                Tree::Object(params) if name == "params" => Some(params),
                _ => None,
            });
            params.unwrap()
        };
        let twin = target[which % target.len()].clone();
        let at = at % (target.len() + 1);
        target.insert(at, twin);
        let body = written(&Tree::Object(members), &mut std::iter::empty(), &mut std::iter::empty());
        prop_assert!(Envelope::read(body.as_bytes(), Batches::Refused).is_err());
    }
}
