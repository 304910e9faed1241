//! What policies do to a request besides letting it through.

use std::fmt;

use http::header::{HeaderName, HeaderValue};

use crate::audit::Audited;
use crate::policy::Denial;
use crate::spelling;

/// Everything the policies of one request have left to be done. Empty, it costs nothing.
#[derive(Default)]
pub struct Effects {
    /// For the head the MCP server gets, in this order.
    pub request_fields: Vec<FieldEdit>,
    /// For the head of the answer, whoever answers.
    pub response_fields: Vec<FieldEdit>,
    /// Dropped when the request has ended, however it ends.
    pub guards: Vec<Box<dyn Guard>>,
    /// What is to be recorded when the request has ended.
    pub audited: Vec<Audited>,
    /// What a policy in shadow mode would have refused.
    pub shadowed: Vec<Denial>,
    /// How many bytes the body of the request may have, whether or not it announces them; `None` is no limit.
    pub request_limit: Option<u64>,
    /// How much of an answer is passed on.
    pub answer_limits: AnswerLimits,
}

impl Effects {
    /// The stricter of this and what was said before.
    pub fn limit_request(&mut self, bytes: u64) {
        self.request_limit = least(self.request_limit, Some(bytes));
    }
}

fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// One change of a head. Of a request, what is set or removed is so in every spelling that a server could take for the
/// name, which no caller can then say it under; [`FieldEdit::takes_away`] tells which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldEdit {
    /// In place of all fields of this name.
    Set(HeaderName, HeaderValue),
    Append(HeaderName, HeaderValue),
    Remove(HeaderName),
}

impl FieldEdit {
    /// Whether a field of this name that a request has goes because of it, before anything is set.
    pub fn takes_away(&self, name: &HeaderName) -> bool {
        match self {
            FieldEdit::Set(edited, _) | FieldEdit::Remove(edited) => spelling::are_one(edited, name),
            FieldEdit::Append(..) => false,
        }
    }
}

/// Something that is held while a request lasts.
pub trait Guard: Send + Sync {}

impl<T: Send + Sync> Guard for T {}

/// Bytes; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Of an answer that is no event stream.
    pub body: Option<u64>,
    /// Of each event of a stream.
    pub event: Option<u64>,
}

impl AnswerLimits {
    /// The stricter of both.
    pub fn tighten(&mut self, other: AnswerLimits) {
        self.body = least(self.body, other.body);
        self.event = least(self.event, other.event);
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Effects").field("guards", &self.guards.len()).finish_non_exhaustive()
    }
}
