//! What holds for every answer with lists: what goes is gone, what stays stays, byte for byte.

use crate::entry;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate_protocol::lists::{Events, Item as ListItem, filter};

const SPACES: &[&str] = &["", " ", "\n", "\t", "\r\n", "  "];
const LISTS: [(&str, &str); 4] =
    [("tools", "name"), ("prompts", "name"), ("resources", "uri"), ("resourceTemplates", "uriTemplate")];

/// Members nobody reads, in spellings that only their bytes can tell apart.
const OTHERS: &[&str] = &[
    r#""title":"t, \"},{\" x""#,
    r#""inputSchema":{"name":"z","name":[{}]}"#,
    r#""description":"\ud83d""#,
    r#""size" : -2.50e3"#,
    r#""_meta":{ }"#,
];

/// An item: whether it is kept, what it is written as, and the space around it.
#[derive(Clone, Debug)]
struct Item {
    kept: bool,
    name_first: bool,
    other: &'static str,
    before: &'static str,
    after: &'static str,
}

#[derive(Clone, Debug)]
struct List {
    which: usize,
    items: Vec<Item>,
    before: &'static str,
}

impl List {
    /// The texts of the items, and whether each is kept. No two are the same.
    fn texts(&self) -> impl Iterator<Item = (bool, &Item, String)> {
        let key = LISTS[self.which].1;
        self.items.iter().enumerate().map(move |(at, item)| {
            let word = if item.kept { "kept" } else { "gone" };
            let name = format!(r#""{key}":"{word}-{}-{at}-""#, self.which);
            let (first, second) =
                if item.name_first { (name.as_str(), item.other) } else { (item.other, name.as_str()) };
            (item.kept, item, format!("{{{first},{}{second}}}", item.after))
        })
    }

    fn written(&self) -> String {
        let items: Vec<String> =
            self.texts().map(|(_, item, text)| format!("{}{text}{}", item.before, item.after)).collect();
        format!("[{}{}]", if items.is_empty() { self.before } else { "" }, items.join(","))
    }
}

fn lists() -> impl Strategy<Value = Vec<List>> {
    let item = (any::<bool>(), any::<bool>(), select(OTHERS), select(SPACES), select(SPACES))
        .prop_map(|(kept, name_first, other, before, after)| Item { kept, name_first, other, before, after });
    let list = (vec(item, 0..7), select(SPACES));
    vec(list, 4).prop_map(|lists| {
        let numbered = lists.into_iter().enumerate();
        numbered.map(|(which, (items, before))| List { which, items, before }).collect()
    })
}

/// The answer around the lists: `parts` has one piece of text more than there are lists.
fn answer(lists: &[String], parts: &[String]) -> String {
    let mut text = parts[0].clone();
    for ((list, part), (member, _)) in lists.iter().zip(&parts[1..]).zip(LISTS) {
        text.push_str(&format!("\"{member}\":{list}{part}"));
    }
    text
}

fn parts(space: &str, cursor: &str) -> Vec<String> {
    vec![
        format!("{space}{{\"id\":{space}1,\"result\":{{{space}"),
        format!("{space},\"nextCursor\":\"{cursor}\","),
        format!(",{space}\"ttlMs\":6e4,{space}"),
        format!(",\"_meta\":{{\"gone\":1}},{space}"),
        format!(",\"cacheScope\":\"private\"{space}}}}}{space}"),
    ]
}

fn keep(item: &ListItem<'_>) -> bool {
    item.listed.name().starts_with("kept")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn items_that_go_are_gone_and_all_else_is_there_in_its_order(
        lists in lists(), space in select(SPACES), cursor in "[a-z]{0,5}",
    ) {
        let parts = parts(space, &cursor);
        let written: Vec<String> = lists.iter().map(List::written).collect();
        let body = answer(&written, &parts);
        let edited = filter(body.as_bytes(), &mut keep).unwrap();
        prop_assert_eq!(edited.is_none(), lists.iter().all(|list| list.items.iter().all(|item| item.kept)));
        let out = edited.map_or(body, |bytes| String::from_utf8(bytes).unwrap());

        prop_assert!(!out.contains("gone-"));
        // Piece by piece: what stands between the pieces is space, and commas between items.
        let mut rest = out.as_str();
        let mut take = |piece: &str, between: &str| {
            let at = rest.find(piece);
            let found = at.filter(|at| rest[..*at].trim_matches([' ', '\n', '\t', '\r']) == between);
            rest = &rest[at.map_or(rest.len(), |at| at + piece.len())..];
            prop_assert!(found.is_some(), "{} in {}", piece, out);
            Ok(())
        };
        take(&parts[0], "")?;
        for (list, part) in lists.iter().zip(&parts[1..]) {
            take(&format!("\"{}\":[", LISTS[list.which].0), "")?;
            for (nth, (_, _, text)) in list.texts().filter(|(kept, ..)| *kept).enumerate() {
                take(&text, if nth == 0 { "" } else { "," })?;
            }
            take(&format!("]{part}"), "")?;
        }
        prop_assert_eq!(rest, "");
        let valid = out.replace(r"\ud83d", "");
        prop_assert!(serde_json::from_str::<serde_json::Value>(&valid).is_ok());
    }

    #[test]
    fn where_all_is_kept_nothing_changes(lists in lists(), space in select(SPACES)) {
        let written: Vec<String> = lists.iter().map(List::written).collect();
        let body = answer(&written, &parts(space, "c"));
        prop_assert_eq!(filter(body.as_bytes(), &mut |_| true), Ok(None));
    }

    #[test]
    fn serde_json_and_a_plain_reader_of_events_see_the_same(
        lists in lists(), space in select(SPACES), rule in any::<u8>(), end in select(&["\n", "\r", "\r\n"][..]),
    ) {
        let written: Vec<String> = lists.iter().take(2).map(List::written).collect();
        let parts = parts(space, "c");
        let ended = [&parts[..2], &[",\"cacheScope\":0}}".to_owned()]].concat();
        let body = answer(&written, &ended).replace(r"\ud83d", "");
        entry::lists(&[&[rule][..], body.as_bytes()].concat());
        let lines = body.replace(['\n', '\r'], &format!("{end}data: "));
        entry::lists(format!("{}id: 1{end}data: {lines}{end}{end}", char::from(rule % 128)).as_bytes());
    }

    #[test]
    fn a_stream_is_edited_alike_wherever_it_is_cut(
        lists in lists(), end in select(&["\n", "\r", "\r\n"][..]), cuts in vec(1usize..200, 1..40),
    ) {
        let written: Vec<String> = lists.iter().map(List::written).collect();
        let body = answer(&written, &parts("", "c"));
        let lines = body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', &format!("{end}data: "));
        let stream = format!(": c{end}event: message{end}data: {lines}{end}{end}").repeat(2);
        let whole = Events::new(1 << 20).push(stream.as_bytes(), &mut keep).unwrap();
        prop_assert!(!String::from_utf8_lossy(&whole).contains("gone-"));
        let (mut events, mut out, mut rest) = (Events::new(1 << 20), Vec::new(), stream.as_bytes());
        for size in cuts.into_iter().cycle() {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            out.extend(events.push(chunk, &mut keep).unwrap());
            rest = after;
            if rest.is_empty() { break }
        }
        prop_assert_eq!(out, whole);
    }
}
