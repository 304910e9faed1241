//! Why a body is not acted on, as a JSON-RPC code and one sentence.

use crate::json::{JsonError, Reason};
use std::fmt;

/// What is wrong with a body, or with the headers that repeat a part of it.
///
/// Nothing in it, and nothing it prints, is a part of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EnvelopeError {
    /// Not JSON, or JSON that is not read: too deep, no UTF-8, a byte order mark, bytes after the end.
    Json(JsonError),
    /// Neither an object nor an array, or a batch with something else in it.
    NotAMessage,
    /// A member name occurs twice in an object that is read.
    DuplicateMember,
    /// A member name is one that is read, in another case; a reader that ignores case would take it.
    CaseTwin,
    /// A string that is read holds half a surrogate pair; what becomes of it depends on the reader.
    LoneSurrogate,
    /// `jsonrpc` is not the string `2.0`.
    Version,
    /// The id is neither a string nor an integer, a fraction or an exponent included.
    BadId,
    /// A request or a result whose id is null.
    NullId,
    /// A result without an id.
    MissingId,
    /// `method` is not a string.
    Method,
    /// Neither `method` nor `result` nor `error`.
    Shapeless,
    /// More than one of `method`, `result` and `error`.
    Ambiguous,
    /// A batch where the revision has none.
    BatchRefused,
    BatchEmpty,
    /// More than [`MAX_BATCH`](super::MAX_BATCH) messages.
    BatchTooLong,
    /// The method is one whose params are judged, and they are not an object.
    Params,
    /// The method acts on something that its params do not name, or not with a string.
    Target,
    /// The arguments of a tool or a prompt are not an object.
    Arguments,
    /// The protocol version in `_meta` is not a string, or a request whose header has one has none there.
    MetaVersion,
    /// A header and the body do not say the same, from revision 2026-07-28 on.
    Header(Header, Fault),
}

/// A header that repeats a part of the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// `MCP-Protocol-Version`
    ProtocolVersion,
    /// `Mcp-Method`
    Method,
    /// `Mcp-Name`
    Name,
    /// One of `Mcp-Param-*`
    Parameter,
}

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is not there, and the body has what it must repeat.
    Missing,
    /// It is there more than once.
    Repeated,
    /// It has bytes that no such header may have, or an encoding that cannot be undone.
    Malformed,
    /// The body says something else, or nothing.
    Different,
}

impl EnvelopeError {
    /// The code of the JSON-RPC error response (JSON-RPC 2.0 §5.1, MCP 2026-07-28 basic/index, Error Codes).
    pub fn code(&self) -> i64 {
        match self {
            EnvelopeError::Json(_) => -32700,
            EnvelopeError::Params
            | EnvelopeError::Target
            | EnvelopeError::Arguments
            | EnvelopeError::MetaVersion => -32602,
            EnvelopeError::Header(..) => -32020,
            _ => -32600,
        }
    }

    /// What is wrong, in one sentence without its full stop.
    pub fn message(&self) -> &'static str {
        match self {
            EnvelopeError::Json(JsonError { reason: Reason::TooDeep, .. }) => {
                "the body is nested more than 64 levels deep"
            }
            EnvelopeError::Json(error) => error.message(),
            EnvelopeError::NotAMessage => "the body is not a JSON-RPC message",
            EnvelopeError::DuplicateMember => "a member occurs twice in the message",
            EnvelopeError::CaseTwin => "a member of the message is written in another case than it has to be",
            EnvelopeError::LoneSurrogate => "a string of the message holds half a surrogate pair",
            EnvelopeError::Version => "the member jsonrpc is not the string 2.0",
            EnvelopeError::BadId => "the id is neither a string nor an integer",
            EnvelopeError::NullId => "the id is null",
            EnvelopeError::MissingId => "the response has no id",
            EnvelopeError::Method => "the method is not a string",
            EnvelopeError::Shapeless => "the message has no method, no result and no error",
            EnvelopeError::Ambiguous => "the message has more than one of method, result and error",
            EnvelopeError::BatchRefused => "batches are not part of this protocol version",
            EnvelopeError::BatchEmpty => "the batch is empty",
            EnvelopeError::BatchTooLong => "the batch has more than 64 messages",
            EnvelopeError::Params => "the params of this method have to be an object",
            EnvelopeError::Target => "the params do not name what the method acts on",
            EnvelopeError::Arguments => "the arguments have to be an object",
            EnvelopeError::MetaVersion => "the protocol version in _meta is not there, or not a string",
            EnvelopeError::Header(header, fault) => header.message(*fault),
        }
    }
}

macro_rules! sentences {
    ($name:literal, $fault:expr) => {
        match $fault {
            Fault::Missing => concat!("the header ", $name, " is missing"),
            Fault::Repeated => concat!("the header ", $name, " is given more than once"),
            Fault::Malformed => concat!("the header ", $name, " has a value that is not allowed"),
            Fault::Different => concat!("the header ", $name, " does not match the body"),
        }
    };
}

impl Header {
    fn message(self, fault: Fault) -> &'static str {
        match self {
            Header::ProtocolVersion => sentences!("MCP-Protocol-Version", fault),
            Header::Method => sentences!("Mcp-Method", fault),
            Header::Name => sentences!("Mcp-Name", fault),
            Header::Parameter => sentences!("Mcp-Param-*", fault),
        }
    }
}

impl From<JsonError> for EnvelopeError {
    fn from(error: JsonError) -> EnvelopeError {
        EnvelopeError::Json(error)
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message())
    }
}

impl std::error::Error for EnvelopeError {}
