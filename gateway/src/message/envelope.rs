//! The envelope of a message, held to the headers that repeat parts of it.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue};
use tollgate_plugins::request::unix_millis;
use tollgate_protocol::envelope::{
    Batches, Envelope, EnvelopeError, Headers, Message, Parameter, Target, compare,
};

use crate::policies;
use crate::reason;
use crate::respond::{Answered, Refusal};
use crate::tools::{KnownTools, Tool};

/// What the body asks for, with headers that say nothing else.
///
/// # Errors
/// When the upstream could take it for anything else than is read here.
pub fn read<'b>(headers: &HeaderMap, body: &'b [u8], tools: &KnownTools) -> Result<Envelope<'b>, Refusal> {
    let fields = headers;
    let headers = mirrors(fields);
    let revision = headers.revision();
    // Without the header a client is of 2025-03-26 at most, which has batches.
    let batches = match revision {
        Ok(revision) if revision.is_none_or(|revision| revision.has_batches()) => Batches::Allowed,
        _ => Batches::Refused,
    };
    let envelope = Envelope::read(body, batches).map_err(|error| refusal(error, None))?;
    let compared = envelope.messages().iter().map(|message| {
        let tool = called(message, tools);
        let mirrored = tool.iter().flat_map(|tool| tool.mirrored());
        let parameters = mirrored.map(|(name, pointer)| {
            let values = fields.get_all(name).iter().map(HeaderValue::as_bytes);
            Parameter { pointer, field: values.collect() }
        });
        compare(&Headers { parameters: &parameters.collect::<Vec<_>>(), ..headers }, message)
    });
    match revision.err().or_else(|| compared.filter_map(Result::err).next()) {
        Some(error) => Err(refusal(error, policies::answered(&envelope))),
        None => Ok(envelope),
    }
}

/// The headers that repeat parts of any message, found in one pass: looking each up costs more than that.
fn mirrors(fields: &HeaderMap) -> Headers<'_> {
    let mut found = Headers::default();
    for (name, value) in fields.iter().filter(|(name, _)| name.as_str().starts_with("mcp-")) {
        let field = match name.as_str() {
            "mcp-protocol-version" => &mut found.protocol_version,
            "mcp-method" => &mut found.method,
            "mcp-name" => &mut found.name,
            _ => continue,
        };
        *field = field.and(value.as_bytes());
    }
    found
}

/// The tool a message calls, where its MCP server has listed it lately.
fn called(message: &Message<'_>, tools: &KnownTools) -> Option<Arc<Tool>> {
    match &message.target {
        Target::Tool(name) => tools.listed_lately(name, unix_millis()),
        _ => None,
    }
}

fn refusal(error: EnvelopeError, answered: Option<Answered>) -> Refusal {
    let refusal = Refusal::because(&reason::BAD_MESSAGE, sentence(error));
    Refusal { code: Some(error.code()), answered: answered.map(Box::new), ..refusal }
}

fn sentence(error: EnvelopeError) -> String {
    let message = error.message();
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
