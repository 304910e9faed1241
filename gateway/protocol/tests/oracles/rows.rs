//! The rows of `messages.txt`, which says how they are written.

use super::meaning::pointed;
use super::readers::Input;
use serde_json::json;
use std::collections::BTreeSet;
use tollgate_protocol::envelope::{Batches, Envelope, EnvelopeError, Kind, Message, Target};

pub struct Row {
    name: String,
    verdict: String,
    body: Vec<u8>,
    /// Where it leads, and to what.
    pointer: Option<(String, String)>,
}

pub fn all() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut lines = include_str!("messages.txt").lines();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(pointer) = line.strip_prefix("    @") {
            let (pointer, value) = pointer.split_once(": ").unwrap();
            let pointer = String::from_utf8(bytes(pointer)).unwrap();
            rows.last_mut().unwrap().pointer = Some((pointer, value.to_owned()));
            continue;
        }
        let (name, verdict) = line.split_once(": ").unwrap_or_else(|| panic!("no verdict: {line}"));
        let body = lines.next().and_then(|body| body.strip_prefix("    "));
        rows.push(Row {
            name: name.to_owned(),
            verdict: String::from_utf8(bytes(verdict)).unwrap(),
            body: bytes(body.unwrap_or_else(|| panic!("no body: {line}"))),
            pointer: None,
        });
    }
    let (mut names, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        assert!(names.insert(&row.name), "two rows are called {}", row.name);
        assert!(bodies.insert((&row.body, &row.pointer)), "{} repeats the body of another", row.name);
    }
    rows
}

/// The text with what stands between ‹ and › put into bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('‹') {
        let (inside, after) = after.split_once('›').unwrap_or_else(|| panic!("not closed: {text}"));
        out.extend_from_slice(before.as_bytes());
        out.extend(meant(inside));
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

fn meant(inside: &str) -> Vec<u8> {
    if let Some(text) = inside.strip_prefix("utf-16le ") {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    if let Some(text) = inside.strip_prefix("utf-16be ") {
        return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    }
    if let Some(text) = inside.strip_prefix("utf-32le ") {
        return text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
    }
    if let Some((text, times)) = inside.rsplit_once('*') {
        return text.repeat(times.parse().unwrap()).into_bytes();
    }
    inside.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

impl Row {
    pub fn input(&self) -> Input {
        let pointer = self.pointer.as_ref().map(|(pointer, _)| pointer.clone());
        Input { name: self.name.clone(), body: self.body.clone(), pointer }
    }

    /// What the envelope says else than the row.
    pub fn faults(&self) -> Vec<String> {
        let read = |batches| Envelope::read(&self.body, batches);
        let mut faults = Vec::new();
        let mut compare = |what: &str, found: &str, expected: &str| {
            if found != expected {
                let cut = |text: &str| text.chars().take(200).collect::<String>();
                faults.push(format!("{}{what}: {} and not {}", self.name, cut(found), cut(expected)));
            }
        };
        compare("", &verdict(read(Batches::Allowed)), &self.verdict);
        let without = if self.is_array() { "BatchRefused" } else { &self.verdict };
        compare(", where batches are refused", &verdict(read(Batches::Refused)), without);
        if let Some((pointer, expected)) = &self.pointer {
            let envelope = read(Batches::Allowed).unwrap();
            let [message] = envelope.messages() else { panic!("{} is a batch", self.name) };
            let found = match pointed(message, pointer) {
                Ok(value) if value.is_null() => "nothing".to_owned(),
                Ok(value) => value["kind"].as_str().map_or(value.to_string(), str::to_owned),
                Err(error) => error,
            };
            compare(", at the pointer", &found, expected);
        }
        faults
    }

    /// Whether a reader of text sees an array begin. Others see no text.
    fn is_array(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"[") && std::str::from_utf8(&self.body).is_ok()
    }
}

fn verdict(read: Result<Envelope<'_>, EnvelopeError>) -> String {
    match read {
        Err(EnvelopeError::Json(error)) => format!("Json({:?})", error.reason),
        Err(error) => format!("{error:?}"),
        Ok(envelope) => envelope.messages().iter().map(shown).collect::<Vec<_>>().join(" + "),
    }
}

fn shown(message: &Message<'_>) -> String {
    let kind = match &message.kind {
        Kind::Request { id, method } => format!("request {} {}", id.literal(), json!(method)),
        Kind::Notification { method } => format!("notification {}", json!(method)),
        Kind::Response { id } => format!("response {}", id.map_or("-", |id| id.literal())),
    };
    let target = match &message.target {
        Target::None => String::new(),
        Target::Tool(name) => format!(" tool {}", json!(name)),
        Target::Prompt(name) => format!(" prompt {}", json!(name)),
        Target::Resource(uri) => format!(" resource {}", json!(uri)),
        Target::Template(uri) => format!(" template {}", json!(uri)),
        Target::Task(id) => format!(" task {}", json!(id)),
    };
    let revision = message.revision.as_deref().map(|revision| format!(" revision {}", json!(revision)));
    [kind, target, revision.unwrap_or_default()].concat()
}
