//! Lists in bodies and streams, against serde_json and a plain reader of the event format.

use serde_json::Value;
use tollgate_protocol::lists::{Events, Item, ListError, filter};

const LISTS: [(&str, &str); 4] =
    [("tools", "name"), ("prompts", "name"), ("resources", "uri"), ("resourceTemplates", "uriTemplate")];
const LIMIT: usize = 512;
const WITHHELD: &str = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"gateway","data":"A request of the server was withheld."}}"#;
const REFUSED: &str = r#"{"code":-32003,"message":"The server has asked for what it may not.","data":{"reason":"access_denied"}}"#;

/// A body, or a stream of events; the first byte says which items are kept and how the stream is cut.
pub fn lists(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    body(rest, *first);
    stream(rest, *first);
}

fn kept(name: &str, rule: u8) -> bool {
    match rule % 4 {
        0 => true,
        1 => false,
        _ => name.bytes().fold(rule / 4, u8::wrapping_add) % 2 == 0,
    }
}

fn filtered(body: &[u8], rule: u8) -> Result<Option<Vec<u8>>, ListError> {
    filter(body, &mut |item: &Item<'_>| {
        let mirrored = item.mirrored();
        for (place, one) in mirrored.iter().enumerate() {
            assert!(
                mirrored[..place].iter().all(|other| other.header != one.header),
                "a header is for one argument"
            );
        }
        kept(item.listed.name(), rule)
    })
}

fn body(body: &[u8], rule: u8) {
    let Ok(edited) = filtered(body, rule) else {
        let rest = filtered(body, 0);
        assert!(rest.is_err(), "what is kept makes no difference to what is refused");
        return;
    };
    let trimmed = body.trim_ascii();
    for cut in [0, 1, trimmed.len() / 2, trimmed.len().saturating_sub(1)] {
        assert!(filtered(&trimmed[..cut], rule).is_err(), "a part of a body is no body");
    }
    let out = edited.as_deref().unwrap_or(body);
    assert_eq!(filtered(out, rule), Ok(None), "editing again changes nothing");
    assert!(edited.as_deref() != Some(body), "an edit changes something");
    // Half surrogate pairs and numbers beyond f64 are not read here, and are an error there.
    let Ok(mut expected) = serde_json::from_slice::<Value>(body) else { return };
    match &mut expected {
        Value::Array(messages) => messages.iter_mut().for_each(|message| edit(message, rule)),
        message => edit(message, rule),
    }
    let value = serde_json::from_slice::<Value>(out).expect("JSON stays JSON");
    assert_eq!(value, expected, "what goes goes, and nothing else");
}

/// The same on a tree.
fn edit(message: &mut Value, rule: u8) {
    let is_request = message.get("id").is_some();
    if let Some(method) = message.get("method").and_then(Value::as_str).filter(|_| is_request)
        && !kept(method, rule)
    {
        *message = serde_json::from_str(WITHHELD).expect("JSON");
        return;
    }
    let asks = message.pointer("/result/inputRequests").and_then(Value::as_object);
    if asks.is_some_and(|asks| {
        asks.values().any(|ask| !kept(ask["method"].as_str().expect("a request has a method"), rule))
    }) {
        let members = message.as_object_mut().expect("a message is an object");
        members.remove("result");
        members.insert("error".to_owned(), serde_json::from_str(REFUSED).expect("JSON"));
        return;
    }
    let Some(result) = message.get_mut("result").and_then(Value::as_object_mut) else { return };
    let mut lists = false;
    for (list, key) in LISTS {
        let Some(items) = result.get_mut(list) else { continue };
        lists = true;
        let items = items.as_array_mut().expect("a list is an array");
        items.retain(|item| kept(item[key].as_str().expect("an item has a name"), rule));
    }
    if let Some(scope) = result.get_mut("cacheScope").filter(|_| lists) {
        *scope = Value::from("private");
    }
}

fn stream(stream: &[u8], rule: u8) {
    let whole = passed(stream, stream.len(), rule, LIMIT);
    assert_eq!(passed(stream, 1, rule, LIMIT), whole, "where the stream is cut makes no difference");
    assert_eq!(passed(stream, usize::from(rule) % 7 + 2, rule, LIMIT), whole);
    let Ok(out) = whole else { return };
    let expected: Vec<Event> = events(stream).into_iter().map(|event| event.filtered(rule)).collect();
    assert_eq!(events(&out), expected, "the client sees the same events with shorter lists");
    // A scope that was short makes an event longer.
    let again = passed(&out, out.len(), rule, 4 * LIMIT);
    assert_eq!(again.as_ref(), Ok(&out), "editing again changes nothing");
}

fn passed(stream: &[u8], size: usize, rule: u8, limit: usize) -> Result<Vec<u8>, ListError> {
    let mut events = Events::new(limit);
    let mut out = Vec::new();
    for chunk in stream.chunks(size.max(1)) {
        out.extend(events.push(chunk, &mut |item: &Item<'_>| kept(item.listed.name(), rule))?);
    }
    Ok(out)
}

/// What a client makes of an event: the values of its fields in their order, and its data as one.
#[derive(PartialEq, Eq, Debug, Default)]
struct Event {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    data: Option<Vec<u8>>,
}

impl Event {
    fn filtered(mut self, rule: u8) -> Event {
        let last = self.fields.iter().rfind(|(name, _)| name == b"event");
        let message = last.is_none_or(|(_, value)| value.is_empty() || value == b"message");
        if let Some(data) = self.data.as_mut().filter(|data| message && !data.trim_ascii().is_empty()) {
            let edited = filtered(data, rule).expect("a stream that passes has only such messages");
            *data = edited.unwrap_or_else(|| data.clone());
        }
        self
    }
}

/// The finished events of a stream.
fn events(stream: &[u8]) -> Vec<Event> {
    let text = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let lines = String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = lines.split('\n').collect();
    lines.pop();
    let (mut events, mut event) = (Vec::new(), Event::default());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            _ if line.is_empty() => events.push(std::mem::take(&mut event)),
            "" => {}
            "data" => match &mut event.data {
                Some(data) => data.extend_from_slice(format!("\n{value}").as_bytes()),
                None => event.data = Some(value.as_bytes().to_vec()),
            },
            _ => event.fields.push((name.as_bytes().to_vec(), value.as_bytes().to_vec())),
        }
    }
    events
}
