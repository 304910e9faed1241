//! What a field is to say: a text, or what an expression says of the caller.
//!
//! Neither is mended. What stands in a claim was chosen by somebody else, and a value that a server would read as more
//! than one field, or as another value, is none.

use std::borrow::Cow;
use std::fmt;

use cel::Value as Said;
use http::header::HeaderValue;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::expression::{Expression, Facts, NoAnswer, Sight};
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::Problem;
use crate::settings::text::Words;

/// Longer ones are refused by many servers, with all else that is in the request.
const BYTES_MAX: usize = 4096;

/// Not checked yet.
#[derive(Debug)]
pub enum Written {
    Text(String),
    Cel(Words),
}

/// What the caller is, at the time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Cel {
    /// An expression in CEL about the head and the caller, such as `consumer.name` or `claims.org`. Its value is text, a
    /// number, true or false. A request is refused for which there is none, or one that cannot stand in a header: with other
    /// characters than those of ASCII, with line breaks, or with a space at either end.
    cel: Words,
}

/// Checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(HeaderValue),
    Cel(Expression),
}

impl Value {
    pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> Option<Value> {
        let problem = match written {
            // It may be what only the server is to know, so it is not shown.
            Written::Text(text) => match text_field(text) {
                Ok(field) => return Some(Value::Text(field)),
                Err((message, help)) => Problem::error(path.clone(), message).hidden().help(help),
            },
            Written::Cel(text) => match Expression::parse(text.as_str(), Sight::Caller, fits) {
                Ok(expression) => return Some(Value::Cel(expression)),
                Err(why) => {
                    let problem = Problem::error(path.key("cel"), format!("no value can be told: {why}"));
                    problem.help("write an expression in CEL, such as `consumer.name`")
                }
            },
        };
        findings.add(problem);
        None
    }

    /// # Errors
    /// When there is no value for this request, or none that a field can have.
    pub fn of(&self, facts: &Facts<'_>) -> Result<HeaderValue, NoAnswer> {
        match self {
            Value::Text(field) => Ok(field.clone()),
            Value::Cel(expression) => said(&expression.evaluate(facts)?).ok_or(NoAnswer),
        }
    }
}

/// What a configuration has may not be empty: it is removed rather.
fn text_field(text: &str) -> Result<HeaderValue, (&'static str, &'static str)> {
    if text.is_empty() {
        return Err(("this value is empty", "name the field in `remove` to take it away"));
    }
    if text.contains("${") {
        let help =
            "write `{ cel: ... }` for what is known of the caller; secrets belong into `auth` of an endpoint";
        return Err(("nothing is put in place of `${...}` here", help));
    }
    let help =
        "write at most 4096 characters of ASCII, without line breaks, and without a space at either end";
    field(text).ok_or(("this cannot be the value of a header", help))
}

/// Visible ASCII, with spaces and tabs inside: no line breaks, and nothing that depends on a server's character set.
fn field(text: &str) -> Option<HeaderValue> {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    let is_whole = text.trim_matches([' ', '\t']) == text && text.len() <= BYTES_MAX;
    HeaderValue::from_str(text).ok().filter(|_| is_plain && is_whole)
}

fn said(value: &Said) -> Option<HeaderValue> {
    match value {
        Said::String(text) => field(text),
        Said::Int(number) => Some(HeaderValue::from(*number)),
        Said::UInt(number) => Some(HeaderValue::from(*number)),
        Said::Float(number) if number.is_finite() => field(&number.to_string()),
        Said::Bool(value) => Some(HeaderValue::from_static(if *value { "true" } else { "false" })),
        _ => None,
    }
}

fn fits(value: &Said) -> Result<(), &'static str> {
    match value {
        Said::String(_) | Said::Int(_) | Said::UInt(_) | Said::Float(_) | Said::Bool(_) => Ok(()),
        _ => Err("it is neither text nor a number, nor true or false"),
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, or a mapping with `cel`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        Cel::deserialize(MapAccessDeserializer::new(map)).map(|Cel { cel }| Written::Cel(cel))
    }
}

impl JsonSchema for Written {
    fn schema_name() -> Cow<'static, str> {
        "HeaderValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text =
            json_schema!({ "type": "string", "minLength": 1, "description": "A text, as it stands here." });
        json_schema!({ "oneOf": [text, Cel::json_schema(generator)] })
    }
}
