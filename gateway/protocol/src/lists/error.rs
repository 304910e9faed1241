//! Why an answer is not passed on, in one sentence.

use crate::envelope::EnvelopeError;
use crate::json::JsonError;
use std::fmt;

/// What is wrong with an answer that has, or may have, a list in it.
///
/// Nothing in it, and nothing it prints, is a part of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListError {
    /// Not a message that every reader reads alike: [`Json`](EnvelopeError::Json),
    /// [`NotAMessage`](EnvelopeError::NotAMessage), [`DuplicateMember`](EnvelopeError::DuplicateMember),
    /// [`CaseTwin`](EnvelopeError::CaseTwin) or [`LoneSurrogate`](EnvelopeError::LoneSurrogate).
    Message(EnvelopeError),
    /// A member that lists is not an array.
    NotAList,
    /// An item is not an object, or what it is called by is not there or not a string.
    Unnamed,
    /// An event of the stream is longer than what may be held.
    EventTooLong,
}

impl ListError {
    /// What is wrong, in one sentence without its full stop.
    pub fn message(&self) -> &'static str {
        match self {
            ListError::Message(error) => error.message(),
            ListError::NotAList => "a list in the answer is not an array",
            ListError::Unnamed => "an item of a list in the answer has no name",
            ListError::EventTooLong => "an event of the stream is too long to be read",
        }
    }
}

impl From<EnvelopeError> for ListError {
    fn from(error: EnvelopeError) -> ListError {
        ListError::Message(error)
    }
}

impl From<JsonError> for ListError {
    fn from(error: JsonError) -> ListError {
        ListError::Message(EnvelopeError::Json(error))
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message())
    }
}

impl std::error::Error for ListError {}
