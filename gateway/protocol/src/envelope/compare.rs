//! Whether the headers that repeat parts of a body say what the body says.
//!
//! Others on the way decide by the headers alone, the server by the body. Whoever reads both has to hold them to each
//! other from revision 2026-07-28 on (basic/transports/streamable-http, Server Validation). Before it, only the
//! protocol version is one of the protocol's own headers, and the rest decide nothing.

use super::object::text;
use super::sentinel::{decoded, plain};
use super::{EnvelopeError, Fault, Fragment, Header, Message, Pointer, Revision, Target};
use crate::json::{Kind, Scanner};
use std::borrow::Cow;

/// A header as a request has it: `fields.collect()` of its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Field<'h> {
    #[default]
    Absent,
    Once(&'h [u8]),
    Repeated,
}

/// The headers of a request. Names of headers are the caller's to match, without regard to case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'h> {
    /// `MCP-Protocol-Version`
    pub protocol_version: Field<'h>,
    /// `Mcp-Method`
    pub method: Field<'h>,
    /// `Mcp-Name`
    pub name: Field<'h>,
    /// Those of `Mcp-Param-*` the called tool is known to have, absent ones too; the others are nobody's to judge.
    pub parameters: &'h [Parameter<'h>],
}

/// One of `Mcp-Param-*`, and where in the arguments the tool's `inputSchema` has its `x-mcp-header`.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'h> {
    pub pointer: &'h Pointer,
    pub field: Field<'h>,
}

impl<'h> FromIterator<&'h [u8]> for Field<'h> {
    fn from_iter<I: IntoIterator<Item = &'h [u8]>>(values: I) -> Field<'h> {
        values.into_iter().fold(Field::Absent, Field::and)
    }
}

impl<'h> Field<'h> {
    /// With one more value.
    pub fn and(self, value: &'h [u8]) -> Field<'h> {
        match self {
            Field::Absent => Field::Once(value),
            Field::Once(_) | Field::Repeated => Field::Repeated,
        }
    }

    fn once(self) -> Result<Option<&'h [u8]>, Fault> {
        match self {
            Field::Absent => Ok(None),
            Field::Once(value) => Ok(Some(value)),
            Field::Repeated => Err(Fault::Repeated),
        }
    }

    fn plain(self) -> Result<Option<&'h str>, Fault> {
        self.once()?.map(plain).transpose()
    }

    fn decoded(self) -> Result<Option<Cow<'h, str>>, Fault> {
        self.once()?.map(decoded).transpose()
    }
}

impl Headers<'_> {
    /// The revision the headers claim, which says how a body is read; `None` where they claim none. What is not known is
    /// newer: the server says whether it speaks that.
    ///
    /// # Errors
    /// `MCP-Protocol-Version` more than once or with a value that is not allowed.
    pub fn revision(&self) -> Result<Option<Revision>, EnvelopeError> {
        let name = self.protocol_version.plain().map_err(Header::ProtocolVersion.with())?;
        Ok(name.map(known))
    }
}

/// Holds the headers of a request to the message in its body.
///
/// A message is of revision 2026-07-28 or later if either of the two says so. Then a request must have
/// `MCP-Protocol-Version` and `Mcp-Method`, and `Mcp-Name` for `tools/call`, `prompts/get` and `resources/read`; of a
/// notification nothing is demanded. What is there must be what the body says, whoever demands it.
///
/// # Errors
/// [`EnvelopeError::Header`]; [`EnvelopeError::MetaVersion`] for a request whose body says no revision; what [`Fragment::at`] says of the arguments.
pub fn compare(headers: &Headers<'_>, message: &Message<'_>) -> Result<(), EnvelopeError> {
    let in_header = headers.protocol_version.plain().map_err(Header::ProtocolVersion.with())?;
    let in_body = message.revision.as_deref();
    let version = |fault| Err(EnvelopeError::Header(Header::ProtocolVersion, fault));
    let revision = match (in_header, in_body) {
        (None, None) => return Ok(()),
        (Some(header), Some(body)) if header != body => return version(Fault::Different),
        (Some(either), _) | (None, Some(either)) => known(either),
    };
    if !revision.has_headers() {
        return Ok(());
    }
    match (in_header, in_body) {
        (None, _) if message.is_request() => return version(Fault::Missing),
        (_, None) if message.is_request() => return Err(EnvelopeError::MetaVersion),
        _ => {}
    }
    method(headers.method, message).map_err(Header::Method.with())?;
    name(headers.name, message).map_err(Header::Name.with())?;
    headers.parameters.iter().try_for_each(|one| parameter(*one, message.arguments))
}

impl Header {
    fn with(self) -> impl Fn(Fault) -> EnvelopeError {
        move |fault| EnvelopeError::Header(self, fault)
    }
}

fn known(revision: &str) -> Revision {
    Revision::named(revision).unwrap_or(Revision::NEWEST)
}

fn method(field: Field<'_>, message: &Message<'_>) -> Result<(), Fault> {
    match field.plain()? {
        None if message.is_request() => Err(Fault::Missing),
        Some(header) if message.method() != Some(header) => Err(Fault::Different),
        _ => Ok(()),
    }
}

/// Extensions give their methods an `Mcp-Name` too; it has to be one of the names the params have.
fn name(field: Field<'_>, message: &Message<'_>) -> Result<(), Fault> {
    let required = matches!(message.method(), Some("tools/call" | "prompts/get" | "resources/read"));
    let Some(header) = field.decoded()? else {
        return if required && message.is_request() { Err(Fault::Missing) } else { Ok(()) };
    };
    let said = |literal: &str| text(literal).is_ok_and(|said| said == header);
    let agrees = match &message.target {
        Target::Tool(name)
        | Target::Prompt(name)
        | Target::Resource(name)
        | Target::Template(name)
        | Target::Task(name) => *name == header,
        Target::None => message.names.into_iter().flatten().any(said),
    };
    if agrees { Ok(()) } else { Err(Fault::Different) }
}

fn parameter(one: Parameter<'_>, arguments: Option<Fragment<'_>>) -> Result<(), EnvelopeError> {
    let value = arguments.map(|arguments| arguments.at(one.pointer)).transpose()?.flatten();
    let header = one.field.decoded().map_err(Header::Parameter.with())?;
    let agrees = match (&header, value.map(|value| (value.kind(), value))) {
        (None, None | Some((Kind::Null | Kind::Object | Kind::Array, _))) => true,
        (None, Some(_)) => return Err(EnvelopeError::Header(Header::Parameter, Fault::Missing)),
        (Some(header), Some((Kind::String, value))) => value.string()?.as_ref() == Some(header),
        (Some(header), Some((Kind::True | Kind::False, value))) => header == value.text(),
        (Some(header), Some((Kind::Number, value))) => same_number(header, value.text()),
        (Some(_), _) => false,
    };
    if agrees { Ok(()) } else { Err(EnvelopeError::Header(Header::Parameter, Fault::Different)) }
}

/// The same text, or the same integer with and without a fraction of zeros.
fn same_number(one: &str, other: &str) -> bool {
    one == other || integer(one).is_some_and(|value| integer(other) == Some(value))
}

/// An integer every reader holds exactly: smaller than 2^53 (streamable-http, Schema Extension).
fn integer(text: &str) -> Option<i64> {
    let mut scanner = Scanner::new(text, 0);
    if scanner.scalar() != Ok(Kind::Number) || scanner.end().is_err() {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let zeros = fraction.bytes().all(|byte| byte == b'0');
    whole.parse().ok().filter(|value: &i64| zeros && value.unsigned_abs() < 1 << 53)
}
