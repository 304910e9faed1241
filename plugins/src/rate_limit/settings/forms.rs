//! Settings that are written in several forms, or whose order counts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::key::Part;
use super::{By, Cel, Key, Weights};

/// Reads a [`Key`], or several where those are allowed.
struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = By;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one word such as `consumer`, a list of them, or a mapping with `cel`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<By, E> {
        Ok(By::One(Key::Word(word.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<By, A::Error> {
        Cel::deserialize(MapAccessDeserializer::new(map)).map(|cel| By::One(Key::Cel(cel)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<By, A::Error> {
        let mut keys = Vec::new();
        while let Some(key) = list.next_element()? {
            keys.push(key);
        }
        Ok(By::Several(keys))
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Keys)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Keys)? {
            By::One(key) => Ok(key),
            By::Several(_) => Err(de::Error::custom("a list inside a list: write one list")),
        }
    }
}

impl JsonSchema for By {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RateLimitBy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = Part::WORDS.map(|(word, _)| word);
        let word = json_schema!({ "type": "string", "enum": words });
        let cel = generator.subschema_for::<Cel>();
        let one = json_schema!({ "oneOf": [word, cel] });
        json_schema!({ "oneOf": [word, cel, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Weights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of tools and costs, such as `{ \"export_*\": 10 }`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Weights, A::Error> {
                let mut weights = Vec::new();
                while let Some(weight) = map.next_entry()? {
                    weights.push(weight);
                }
                Ok(Weights(weights))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl JsonSchema for Weights {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RateLimitWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let cost = json_schema!({ "type": "integer", "minimum": 0 });
        json_schema!({ "type": "object", "additionalProperties": cost })
    }
}
