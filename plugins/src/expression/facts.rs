//! What an expression is about, as values of CEL.

use std::collections::HashMap;
use std::net::IpAddr;

use cel::{ExecutionError, Value};
use http::HeaderMap;
use serde_json::Value as Json;
use tollgate_protocol::envelope::{Batches, Envelope, Fragment, Message, Target};
use tollgate_protocol::json::Kind;

use super::arguments::Argument;
use crate::request::{Caller, Request};

/// A request, and one message of it where it was read.
#[derive(Clone, Copy)]
pub struct Facts<'r> {
    pub request: &'r Request<'r>,
    pub message: Option<&'r Message<'r>>,
}

type Map = HashMap<String, Value>;

impl<'r> Facts<'r> {
    /// The head alone.
    pub fn of(request: &'r Request<'r>) -> Facts<'r> {
        Facts { request, message: None }
    }

    /// What a name stands for. Of whoever has no token, or is no consumer, texts are empty.
    pub(super) fn value(&self, name: &str, arguments: &[Argument]) -> Result<Value, ExecutionError> {
        let caller = self.request.caller.unwrap_or_default();
        let text = |text: Option<&str>| Value::from(text.unwrap_or_default());
        Ok(match name {
            "request" => Value::from(request(self.request)),
            "client" => Value::from(Map::from([("address".to_owned(), address(self.request.client))])),
            "api" => Value::from(self.request.api),
            "plan" => Value::from(caller.plan),
            "consumer" => Value::from(consumer(&caller)),
            "subject" => text(caller.subject),
            "client_id" => text(caller.client_id),
            "scopes" => texts(caller.scopes),
            "groups" => texts(caller.groups),
            "claims" => caller.claims.map_or_else(|| Value::from(Map::new()), json),
            "session" => text(self.request.session()),
            "message" => Value::from(message(self.message)),
            "arguments" => Value::from(self.arguments(arguments)?),
            _ => Value::Null,
        })
    }

    fn arguments(&self, named: &[Argument]) -> Result<Map, ExecutionError> {
        let Some(arguments) = self.message.and_then(|message| message.arguments) else {
            return Ok(Map::new());
        };
        let mut values = Map::new();
        for Argument { text, pointer } in named {
            let unreadable = || ExecutionError::function_error("arguments", "ambiguous");
            if let Some(value) = arguments.at(pointer).map_err(|_| unreadable())? {
                values.insert(text.clone(), argument(value).ok_or_else(unreadable)?);
            }
        }
        Ok(values)
    }
}

fn request(request: &Request<'_>) -> Map {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    HashMap::from([
        text("method", request.method),
        text("host", request.host),
        text("path", request.path),
        ("headers".to_owned(), Value::from(headers(request.headers))),
    ])
}

/// By lower-case names; several fields of a name are one, as RFC 9110 §5.3 joins them.
///
/// Without those that repeat the message: they say what the body says only once it was read and compared, and of clients
/// before 2026-07-28 not even then. What they say is asked of the message.
fn headers(headers: &HeaderMap) -> Map {
    let joined = |name: &http::HeaderName| {
        let fields = headers.get_all(name).iter();
        fields.map(|field| String::from_utf8_lossy(field.as_bytes())).collect::<Vec<_>>().join(", ")
    };
    let own = headers.keys().filter(|name| !repeats_the_message(name.as_str()));
    own.map(|name| (name.to_string(), Value::from(joined(name)))).collect()
}

fn repeats_the_message(name: &str) -> bool {
    matches!(name, "mcp-method" | "mcp-name") || name.starts_with("mcp-param-")
}

fn address(client: Option<IpAddr>) -> Value {
    Value::from(client.map(|address| address.to_string()).unwrap_or_default())
}

fn consumer(caller: &Caller<'_>) -> Map {
    let labels: Map =
        caller.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    HashMap::from([
        ("name".to_owned(), Value::from(caller.consumer.unwrap_or_default())),
        ("labels".to_owned(), Value::from(labels)),
    ])
}

fn texts(texts: &[String]) -> Value {
    Value::from(texts.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>())
}

fn message(message: Option<&Message<'_>>) -> Map {
    let method = message.and_then(Message::method).unwrap_or_default();
    let name = message.and_then(|message| match &message.target {
        Target::None => None,
        Target::Tool(name)
        | Target::Prompt(name)
        | Target::Resource(name)
        | Target::Template(name)
        | Target::Task(name) => Some(name.as_ref()),
    });
    HashMap::from([
        ("method".to_owned(), Value::from(method)),
        ("name".to_owned(), Value::from(name.unwrap_or_default())),
    ])
}

/// A value that every reader reads alike: none with an object in it, whose members may be there twice.
fn argument(value: Fragment<'_>) -> Option<Value> {
    if value.kind() == Kind::Object {
        return None;
    }
    let parsed: Json = serde_json::from_str(value.text()).ok()?;
    (!has_object(&parsed)).then(|| json(&parsed))
}

fn has_object(value: &Json) -> bool {
    match value {
        Json::Object(_) => true,
        Json::Array(items) => items.iter().any(has_object),
        _ => false,
    }
}

fn json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Int(integer),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Null,
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(json).collect::<Vec<_>>()),
        Json::Object(members) => {
            let members: Map = members.iter().map(|(name, value)| (name.clone(), json(value))).collect();
            Value::from(members)
        }
    }
}

/// A call of a caller with a token, of which it knows nothing in particular.
pub(super) fn like_many<T>(look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let headers = HeaderMap::new();
    let claims = Json::Object(serde_json::Map::new());
    let (method, host, path) = ("POST", "gateway.example", "/mcp");
    let caller = Caller { plan: "plan", claims: Some(&claims), ..Caller::default() };
    let client = Some(IpAddr::from([192, 0, 2, 1]));
    let request =
        Request { method, host, path, headers: &headers, client, api: "api", caller: Some(caller), now: 0 };
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tool","arguments":{}}}"#;
    let envelope = Envelope::read(body, Batches::Refused).ok();
    let message = envelope.as_ref().and_then(|envelope| envelope.messages().first());
    look(&Facts { request: &request, message })
}
