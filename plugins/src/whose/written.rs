//! How it is written: one word, or a list of them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, SeqAccess, Visitor};

use super::Part;

/// Not checked yet.
#[derive(Debug, Clone)]
pub struct Written(Vec<Part>);

impl Written {
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor).map(Written)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Vec<Part>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word such as `consumer`, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<Part>, E> {
        Part::deserialize(text.into_deserializer()).map(|part| vec![part])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<Part>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list))
    }
}

impl JsonSchema for Written {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Whose".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let part = json_schema!({
            "enum": ["consumer", "subject", "client_id", "address", "session", "tool", "plan"]
        });
        json_schema!({
            "oneOf": [part.clone(), { "type": "array", "items": part, "minItems": 1, "uniqueItems": true }]
        })
    }
}
