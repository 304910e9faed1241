//! How large a value is in other measures than bytes: what a reader has to hold of it, or to call itself for.

use super::{Fragment, MAX_DEPTH};

/// Of a value with everything in it, read or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// How deep objects and arrays are nested: 0 for a value that is neither.
    pub depth: usize,
    /// The most members of any one object, or elements of any one array. A member that is there twice counts twice.
    pub members: usize,
}

impl Fragment<'_> {
    /// Looks at every byte once, and allocates nothing.
    pub fn extent(self) -> Extent {
        let (mut extent, mut depth) = (Extent::default(), 0usize);
        // The commas of every container that is open, from the outermost. No body is nested deeper.
        let mut commas = [0usize; MAX_DEPTH];
        let mut before = b' ';
        let mut bytes = self.text().bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => continue,
                b'"' => skip_string(&mut bytes),
                b'{' | b'[' => {
                    if let Some(commas) = commas.get_mut(depth) {
                        *commas = 0;
                    }
                    depth += 1;
                    extent.depth = extent.depth.max(depth);
                }
                b',' => {
                    if let Some(commas) = depth.checked_sub(1).and_then(|inside| commas.get_mut(inside)) {
                        *commas += 1;
                    }
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    let commas = commas.get(depth).copied().unwrap_or_default();
                    let is_empty = matches!(before, b'{' | b'[');
                    extent.members = extent.members.max(if is_empty { 0 } else { commas + 1 });
                }
                _ => {}
            }
            before = byte;
        }
        extent
    }
}

/// To behind the quote that ends it.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Batches, Envelope};
    use proptest::prelude::*;
    use serde_json::Value;

    fn extent(params: &str) -> Extent {
        let body = format!(r#" {{"jsonrpc":"2.0","method":"x","params":{params}}} "#);
        let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
        envelope.messages()[0].whole.extent()
    }

    #[test]
    fn the_deepest_and_the_widest_part_count_wherever_they_are() {
        for (params, depth, members) in [
            ("{}", 2, 3),
            ("{ }", 2, 3),
            (r#"{"a":[ ]}"#, 3, 3),
            (r#"{"a":[1,2,3,4]}"#, 3, 4),
            (r#"{"a":[1,2,[],4,{}]}"#, 4, 5),
            (r#"{"a":[[1,2,3,4,5],[]],"b":{}}"#, 4, 5),
            (r#"{"a":{"b":{"c":{"d":null}}},"e":[1,2]}"#, 5, 3),
            (r#"{"a":{"b":1,"b":2,"b":3,"b":4}}"#, 3, 4),
            ("[[[[]]]]", 5, 3),
            ("\n{ \"a\" :\t[ 1 ,\r\n2 , 3 , 4 ] }", 3, 4),
        ] {
            assert_eq!(extent(params), Extent { depth, members }, "{params}");
        }
    }

    #[test]
    fn what_stands_in_a_string_is_no_bracket_and_no_comma() {
        for text in [r"[[[[{{{{,,,,", r#"\"[[[,,,,,\\"#, r"\\\\", r"\u0022,,,,,\u005b", "é,,,,,]]]]}}"] {
            let params = format!(r#"{{"{text}":"{text}"}}"#);
            assert_eq!(extent(&params), Extent { depth: 2, members: 3 }, "{text}");
        }
    }

    #[test]
    fn what_is_empty_has_no_members() {
        for (params, expected) in [("{}", (1, 0)), ("{ }", (1, 0)), ("{\"a\":[\n]}", (2, 1))] {
            let body = format!(r#"{{"jsonrpc":"2.0","method":"x","params":{params}}}"#);
            let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
            let Extent { depth, members } = envelope.messages()[0].params.unwrap().extent();
            assert_eq!((depth, members), expected, "{params}");
        }
    }

    #[test]
    fn each_message_of_a_batch_is_measured_alone() {
        let body = br#"[{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":1,"result":{"a":[[1,2,3,4]]}}]"#;
        let envelope = Envelope::read(body, Batches::Allowed).unwrap();
        let extents: Vec<_> = envelope.messages().iter().map(|message| message.whole.extent()).collect();
        assert_eq!(extents, [Extent { depth: 1, members: 2 }, Extent { depth: 4, members: 4 }]);
    }

    #[test]
    fn a_body_as_deep_as_one_may_be_is_measured_whole() {
        let inner = MAX_DEPTH - 2;
        let params = format!("{{\"a\":{}1,2,3,4,5{}}}", "[".repeat(inner), "]".repeat(inner));
        assert_eq!(extent(&params), Extent { depth: MAX_DEPTH, members: 5 });
    }

    fn model(value: &Value) -> Extent {
        let inside: Vec<&Value> = match value {
            Value::Array(elements) => elements.iter().collect(),
            Value::Object(members) => members.values().collect(),
            _ => return Extent::default(),
        };
        let deepest = inside.iter().map(|value| model(value).depth).max().unwrap_or_default();
        let widest = inside.iter().map(|value| model(value).members).max().unwrap_or_default();
        Extent { depth: deepest + 1, members: widest.max(inside.len()) }
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = "[a-c\"\\\\,:{}\\[\\] ]{0,4}";
        let leaf =
            prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), text.prop_map(Value::from)];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(text, inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_tree_of_the_same_text_has_the_same_extent(value in values(), is_spread in any::<bool>()) {
            let text = if is_spread { format!("{value:#}") } else { value.to_string() };
            let outer = Extent { depth: model(&value).depth + 1, members: model(&value).members.max(3) };
            prop_assert_eq!(extent(&text), outer);
        }
    }
}
