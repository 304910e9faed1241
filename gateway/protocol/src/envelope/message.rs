//! One JSON-RPC message (JSON-RPC 2.0 §4 and §5, MCP basic/index).

use super::object::{Reader, text};
use super::target::{Member, Params};
use super::{EnvelopeError, Fragment, Target};
use crate::json::{self, Scanner};
use std::borrow::Cow;

/// A message, borrowed from the body but for strings with escapes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message<'b> {
    pub kind: Kind<'b>,
    /// What the method acts on.
    pub target: Target<'b>,
    /// What `_meta` says the protocol version is: text that may be no revision.
    pub revision: Option<Cow<'b, str>>,
    /// The params, where they are an object. [`Fragment::at`] leads to what has no field of its own.
    pub params: Option<Fragment<'b>>,
    /// The arguments of the call or the prompt: an object, each of whose members is there once.
    pub arguments: Option<Fragment<'b>>,
    /// All of it, as it was written.
    pub whole: Fragment<'b>,
    /// The members of the params a header may repeat: `name`, `uri` and `taskId`, as literals.
    pub(super) names: [Option<&'b str>; 3],
}

/// What a message is, and what it has because of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind<'b> {
    Request {
        id: Id<'b>,
        method: Cow<'b, str>,
    },
    Notification {
        method: Cow<'b, str>,
    },
    /// An answer to the server. An error may have no id, or null, where what it answers could not be read.
    Response {
        id: Option<Id<'b>>,
    },
}

/// A string or an integer of any size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Id<'b> {
    literal: &'b str,
}

impl<'b> Id<'b> {
    /// The id as JSON, quotes and escapes included: what an error response has to repeat.
    pub fn literal(self) -> &'b str {
        self.literal
    }

    /// `None` for null.
    fn read((kind, literal): Member<'b>) -> Result<Option<Id<'b>>, EnvelopeError> {
        match kind {
            json::Kind::Null => Ok(None),
            json::Kind::String => text(literal).map(|_| Some(Id { literal })),
            json::Kind::Number if !literal.contains(['.', 'e', 'E']) => Ok(Some(Id { literal })),
            _ => Err(EnvelopeError::BadId),
        }
    }
}

impl Message<'_> {
    /// The method of a request or a notification.
    pub fn method(&self) -> Option<&str> {
        match &self.kind {
            Kind::Request { method, .. } | Kind::Notification { method } => Some(method),
            Kind::Response { .. } => None,
        }
    }

    pub(super) fn is_request(&self) -> bool {
        matches!(self.kind, Kind::Request { .. })
    }
}

const MEMBERS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

/// Reads the message at the cursor; `depth` is how many levels it may open.
pub(super) fn read<'b>(
    document: &'b str,
    scanner: &mut Scanner<'b>,
    depth: usize,
) -> Result<Message<'b>, EnvelopeError> {
    let mut reader = Reader { document, scanner };
    if !reader.at_object() {
        // Not JSON at all is the better answer where both are true.
        reader.value(depth)?;
        return Err(EnvelopeError::NotAMessage);
    }
    let start = reader.scanner.offset();
    let (mut members, mut params) = ([None; MEMBERS.len()], Params::default());
    reader.object::<EnvelopeError>(depth, &MEMBERS, |reader, place, depth| {
        let member = match MEMBERS.get(place) {
            Some(&"params") => params.read(reader, depth)?,
            _ => reader.value(depth)?,
        };
        if let Some(slot) = members.get_mut(place) {
            *slot = Some(member);
        }
        Ok(())
    })?;
    let [version, id, method, _, result, error] = members;
    match version {
        Some((json::Kind::String, literal)) if text(literal)? == "2.0" => {}
        _ => return Err(EnvelopeError::Version),
    }
    let kind = kind(id, method, result, error)?;
    params.into_message(kind, Fragment { text: reader.since(start) })
}

fn kind<'b>(
    id: Option<Member<'b>>,
    method: Option<Member<'b>>,
    result: Option<Member<'b>>,
    error: Option<Member<'b>>,
) -> Result<Kind<'b>, EnvelopeError> {
    let written = id.is_some();
    let id = id.map(Id::read).transpose()?.flatten();
    match (method, result, error) {
        (Some((kind, literal)), None, None) => {
            if kind != json::Kind::String {
                return Err(EnvelopeError::Method);
            }
            let method = text(literal)?;
            match id {
                Some(id) => Ok(Kind::Request { id, method }),
                // Some readers answer it, some take it for a notification.
                None if written => Err(EnvelopeError::NullId),
                None => Ok(Kind::Notification { method }),
            }
        }
        (None, Some(_), None) => match id {
            Some(id) => Ok(Kind::Response { id: Some(id) }),
            None if written => Err(EnvelopeError::NullId),
            None => Err(EnvelopeError::MissingId),
        },
        (None, None, Some(_)) => Ok(Kind::Response { id }),
        (None, None, None) => Err(EnvelopeError::Shapeless),
        _ => Err(EnvelopeError::Ambiguous),
    }
}
