//! What a body asks for, as the envelope says it, against what another reader says.

use serde_json::{Value, json};
use tollgate_protocol::envelope::{Envelope, Fragment, Id, Kind, Message, Pointer, Target};
use tollgate_protocol::json::{self, unescape};

/// The methods that act on something with a name. For every other one the target is none.
const ACTING: [&str; 10] = [
    "tools/call",
    "prompts/get",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/get",
    "tasks/result",
    "tasks/update",
    "tasks/cancel",
    "completion/complete",
];

/// In which member a reader finds something else than the envelope; `None` where they agree.
pub fn difference(envelope: &Envelope<'_>, reading: &Value, pointer: Option<&str>) -> Option<String> {
    let theirs = reading["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let batch = matches!(envelope, Envelope::Batch(_));
    if reading["batch"] != batch || theirs.len() != envelope.messages().len() {
        return Some(format!("{} messages, batch: {}", theirs.len(), reading["batch"]));
    }
    let pairs = envelope.messages().iter().zip(theirs);
    pairs.filter_map(|(ours, theirs)| of_message(ours, theirs, pointer)).next()
}

fn of_message(message: &Message<'_>, theirs: &Value, pointer: Option<&str>) -> Option<String> {
    let method = message.method();
    let is_completion = method == Some("completion/complete");
    let mut expected = vec![
        ("id", id(message, theirs)),
        ("method", text(method)),
        ("revision", text(message.revision.as_deref())),
    ];
    expected.extend(match &message.target {
        Target::None if method.is_some_and(|method| ACTING.contains(&method)) => {
            return Some("acts on something".to_owned());
        }
        Target::None => vec![],
        Target::Tool(name) => vec![("name", json!(name))],
        Target::Prompt(name) if is_completion => {
            vec![("ref type", json!("ref/prompt")), ("ref name", json!(name))]
        }
        Target::Prompt(name) => vec![("name", json!(name))],
        Target::Resource(uri) => vec![("uri", json!(uri))],
        Target::Template(uri) => vec![("ref type", json!("ref/resource")), ("ref uri", json!(uri))],
        Target::Task(id) => vec![("taskId", json!(id))],
    });
    let is_object = theirs["arguments"] == kind("object");
    if is_object != message.arguments.is_some() {
        return Some(format!("arguments are {}", theirs["arguments"]));
    }
    if let Some(found) = pointer.map(|pointer| pointed(message, pointer)) {
        expected.extend(found.ok().map(|found| ("pointed", found)));
    }
    let differs = expected.into_iter().find(|(member, ours)| theirs[*member] != *ours);
    differs.map(|(member, ours)| format!("{member} is {} and not {ours}", theirs[member]))
}

fn kind(name: &str) -> Value {
    json!({ "kind": name })
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

pub fn message_id<'b>(message: &Message<'b>) -> Option<Id<'b>> {
    match &message.kind {
        Kind::Request { id, .. } => Some(*id),
        Kind::Notification { .. } => None,
        Kind::Response { id } => *id,
    }
}

fn id(message: &Message<'_>, theirs: &Value) -> Value {
    match message_id(message).map(Id::literal) {
        // An error may say null, or nothing.
        None if message.method().is_none() && theirs["id"] == kind("null") => kind("null"),
        None => Value::Null,
        Some(literal) if literal.starts_with('"') => json!(unescape(literal)),
        Some(_) => kind("number"),
    }
}

/// What a policy that looks there finds. An error when it is refused, and then no reader matters.
pub fn pointed(message: &Message<'_>, pointer: &str) -> Result<Value, String> {
    let pointer = Pointer::parse(pointer).unwrap();
    let found = message.params.map(|params| params.at(&pointer)).transpose();
    let found = found.map_err(|error| format!("{error:?}"))?.flatten();
    found.map_or(Ok(Value::Null), value)
}

fn value(fragment: Fragment<'_>) -> Result<Value, String> {
    match fragment.kind() {
        json::Kind::String => fragment.string().map(|text| json!(text)).map_err(|error| format!("{error:?}")),
        json::Kind::Null => Ok(kind("null")),
        json::Kind::True | json::Kind::False => Ok(kind("boolean")),
        json::Kind::Number => Ok(kind("number")),
        json::Kind::Array => Ok(kind("array")),
        json::Kind::Object => Ok(kind("object")),
    }
}
