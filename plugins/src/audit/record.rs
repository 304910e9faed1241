//! What is recorded.

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tollgate_protocol::envelope::{Message, Target};

use super::Arguments;

/// Where records are written.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Takes a record. It never waits: one there is no room for is dropped, and counted.
    fn write(&self, record: &Record<'_>);
}

/// A message whose request has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'r> {
    pub request_id: &'r str,
    pub api: &'r str,
    pub plan: &'r str,
    pub consumer: Option<&'r str>,
    /// The name of the API key.
    pub key: Option<&'r str>,
    pub subject: Option<&'r str>,
    pub client_id: Option<&'r str>,
    pub client: Option<IpAddr>,
    /// The beginning of the SHA-256 of the MCP session's id, which is a secret.
    pub session: Option<&'r str>,
    /// Absent where the message was not read.
    pub call: Option<&'r Call>,
    /// Whether the plan or a policy has refused it, or it could not be read where it has to be. All messages of a batch
    /// are refused with one of them.
    pub is_denied: bool,
    /// Why the gateway has answered itself, refusal or failure: a slug.
    pub reason: Option<&'r str>,
    pub policy: Option<&'r str>,
    pub rule: Option<&'r str>,
    /// Of the answer; 0 where there was none.
    pub status: u16,
    pub upstream_status: Option<u16>,
    pub duration: Duration,
}

/// What was seen of one request, until that has ended, for one sink.
#[derive(Debug)]
pub struct Audited {
    pub(super) sink: Arc<dyn Sink>,
    session: Option<String>,
    pub(super) was_read: bool,
    pub(super) calls: Vec<Call>,
}

impl Audited {
    /// The id of the session is hashed now: the fields of a request may be gone when it has ended.
    pub(super) fn new(sink: Arc<dyn Sink>, session: Option<&str>) -> Audited {
        let session = session.map(|id| sha256(id).chars().take(SESSION_DIGITS).collect());
        Audited { sink, session, was_read: false, calls: Vec::new() }
    }

    /// Writes the records, each with what all of them say.
    pub fn write(&self, request: &Record<'_>) {
        let request = Record { session: self.session.as_deref(), ..*request };
        for call in &self.calls {
            self.sink.write(&Record { call: Some(call), ..request });
        }
        if !self.was_read {
            self.sink.write(&request);
        }
    }
}

/// Enough to tell the sessions of a gateway apart.
const SESSION_DIGITS: usize = 16;

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    pub method: Text,
    /// The tool, the prompt, or the URI of the resource.
    pub name: Option<Text>,
    /// Of their bytes as they were sent, from brace to brace.
    pub arguments_sha256: Option<String>,
}

impl Call {
    /// `None` for a response, which asks for nothing.
    pub(super) fn of(message: &Message<'_>, arguments: Arguments) -> Option<Call> {
        let name = match &message.target {
            // Who knows the id of a task may have its outcome, so it is treated like that of a session.
            Target::None | Target::Task(_) => None,
            Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) | Target::Template(name) => {
                Some(Text::of(name))
            }
        };
        let hashed = match arguments {
            Arguments::Sha256 => message.arguments.map(|arguments| sha256(arguments.text())),
            Arguments::None => None,
        };
        Some(Call { method: Text::of(message.method()?), name, arguments_sha256: hashed })
    }
}

/// A text that a client chose: no record becomes as long as a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    pub shown: String,
    /// How many bytes it had, where only the beginning is shown.
    pub cut_from: Option<usize>,
}

impl Text {
    const MAX: usize = 1024;

    pub(super) fn of(text: &str) -> Text {
        let end = text.floor_char_boundary(Text::MAX);
        Text { shown: text[..end].to_owned(), cut_from: (end < text.len()).then_some(text.len()) }
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
