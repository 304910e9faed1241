//! The params of a message, and what the method acts on.

use super::message::{Kind, Message};
use super::object::{Reader, text};
use super::{EnvelopeError, Fragment};
use crate::json;
use std::borrow::Cow;

/// A value as the scanner found it: its kind and its text.
pub(super) type Member<'b> = (json::Kind, &'b str);

/// What a method acts on, where it acts on something that has a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target<'b> {
    /// Lists, `ping`, `initialize`, responses, and every method not named below.
    None,
    /// `tools/call`: its `name`.
    Tool(Cow<'b, str>),
    /// `prompts/get`: its `name`; `completion/complete` with a `ref/prompt`: the name in its `ref`.
    Prompt(Cow<'b, str>),
    /// `resources/read`, `resources/subscribe`, `resources/unsubscribe`: their `uri`, which the last two may lack.
    Resource(Cow<'b, str>),
    /// `completion/complete` with a `ref/resource`: the `uri` in its `ref`, which is a template (RFC 6570) or a URI.
    Template(Cow<'b, str>),
    /// `tasks/get`, `tasks/result`, `tasks/update`, `tasks/cancel`: their `taskId`.
    Task(Cow<'b, str>),
}

const MEMBERS: [&str; 6] = ["name", "uri", "taskId", "arguments", "_meta", "ref"];
const REFERENCE: [&str; 3] = ["type", "name", "uri"];
const META: [&str; 1] = ["io.modelcontextprotocol/protocolVersion"];

/// What the params of a message hold. Which of it matters, the method says, and the method may follow.
#[derive(Default)]
pub(super) struct Params<'b> {
    whole: Option<Member<'b>>,
    /// In the order of `MEMBERS`.
    members: [Option<Member<'b>>; 6],
    /// In the order of `REFERENCE`, where `ref` is an object.
    reference: [Option<Member<'b>>; 3],
    revision: Option<Cow<'b, str>>,
}

impl<'b> Params<'b> {
    /// Walks the value of `params`.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'b, '_>,
        depth: usize,
    ) -> Result<Member<'b>, EnvelopeError> {
        let whole = within(reader, depth, &MEMBERS, |reader, place, depth| {
            let member = match MEMBERS.get(place) {
                Some(&"arguments") => within(reader, depth, &[], |_, _, _| Ok(()))?,
                Some(&"_meta") => within(reader, depth, &META, |reader, _, depth| {
                    let revision = reader.string(depth)?;
                    self.revision = Some(revision.ok_or(EnvelopeError::MetaVersion)?);
                    Ok(())
                })?,
                Some(&"ref") => within(reader, depth, &REFERENCE, |reader, place, depth| {
                    let member = reader.value(depth)?;
                    if let Some(slot) = self.reference.get_mut(place) {
                        *slot = Some(member);
                    }
                    Ok(())
                })?,
                _ => reader.value(depth)?,
            };
            if let Some(slot) = self.members.get_mut(place) {
                *slot = Some(member);
            }
            Ok(())
        })?;
        self.whole = Some(whole);
        Ok(whole)
    }

    pub(super) fn into_message(
        self,
        kind: Kind<'b>,
        whole: Fragment<'b>,
    ) -> Result<Message<'b>, EnvelopeError> {
        let target = match &kind {
            Kind::Request { method, .. } | Kind::Notification { method } => self.target(method)?,
            Kind::Response { .. } => Target::None,
        };
        let [name, uri, task, arguments, ..] = self.members;
        let literal = |(kind, text)| (kind == json::Kind::String).then_some(text);
        Ok(Message {
            kind,
            target,
            revision: self.revision,
            params: self.whole.and_then(object),
            arguments: arguments.and_then(object),
            whole,
            names: [name.and_then(literal), uri.and_then(literal), task.and_then(literal)],
        })
    }

    /// Everything a policy must know of the call is there, or it is an error: upstream, a lenient reader may see more.
    fn target(&self, method: &str) -> Result<Target<'b>, EnvelopeError> {
        let [name, uri, task, arguments, ..] = self.members;
        let [kind, reference_name, reference_uri] = self.reference;
        let (target, member): (fn(Cow<'b, str>) -> Target<'b>, _) = match method {
            "tools/call" => (Target::Tool, name),
            "prompts/get" => (Target::Prompt, name),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => (Target::Resource, uri),
            "tasks/get" | "tasks/result" | "tasks/update" | "tasks/cancel" => (Target::Task, task),
            "completion/complete" => match kind.map(string).transpose()?.as_deref() {
                Some("ref/prompt") => (Target::Prompt, reference_name),
                Some("ref/resource") => (Target::Template, reference_uri),
                _ => (Target::Template, None),
            },
            _ => return Ok(Target::None),
        };
        if self.whole.is_some_and(is_something_else) {
            return Err(EnvelopeError::Params);
        }
        // Among others, a string that holds JSON, which some servers parse once more.
        if matches!(method, "tools/call" | "prompts/get") && arguments.is_some_and(is_something_else) {
            return Err(EnvelopeError::Arguments);
        }
        match member {
            // Of methods that are gone a client may try what they say to nothing.
            None if matches!(method, "resources/subscribe" | "resources/unsubscribe") => Ok(Target::None),
            member => string(member.ok_or(EnvelopeError::Target)?).map(target),
        }
    }
}

/// Neither an object nor null, which most readers take for nothing.
fn is_something_else((kind, _): Member<'_>) -> bool {
    !matches!(kind, json::Kind::Object | json::Kind::Null)
}

fn string((kind, literal): Member<'_>) -> Result<Cow<'_, str>, EnvelopeError> {
    if kind == json::Kind::String { text(literal) } else { Err(EnvelopeError::Target) }
}

fn object((kind, text): Member<'_>) -> Option<Fragment<'_>> {
    (kind == json::Kind::Object).then_some(Fragment { text })
}

/// Walks a value, and its members if it is an object.
fn within<'b>(
    reader: &mut Reader<'b, '_>,
    depth: usize,
    known: &[&str],
    read: impl FnMut(&mut Reader<'b, '_>, usize, usize) -> Result<(), EnvelopeError>,
) -> Result<Member<'b>, EnvelopeError> {
    if !reader.at_object() {
        return reader.value(depth);
    }
    let start = reader.scanner.offset();
    reader.object(depth, known, read)?;
    Ok((json::Kind::Object, reader.since(start)))
}
