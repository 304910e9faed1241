//! What requests are counted by.
//!
//! Nothing a request lacks puts it into one pot with all others that lack it: its client's address stands there instead,
//! as a part of another kind, so that no subject or session can be called like somebody's address.

use std::borrow::Cow;

use cel::Value;
use tollgate_protocol::client::address_text;

use crate::expression::{Expression, Facts, NoAnswer};
use crate::request::client_network;
use crate::whose;

/// One thing that a limit goes by.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Known(whose::Part),
    Cel(Expression),
}

impl Part {
    /// The words for all but [`Part::Cel`].
    pub const WORDS: [(&'static str, whose::Part); 7] = [
        ("consumer", whose::Part::Consumer),
        ("subject", whose::Part::Subject),
        ("client_id", whose::Part::ClientId),
        ("address", whose::Part::Address),
        ("session", whose::Part::Session),
        ("tool", whose::Part::Tool),
        ("plan", whose::Part::Plan),
    ];

    pub fn is_in_messages(&self) -> bool {
        match self {
            Part::Known(part) => *part == whose::Part::Tool,
            Part::Cel(expression) => expression.looks_at_messages(),
        }
    }
}

/// Tells each kind and value that a request is counted by, as a [limiter's key](crate::limiter::Key) has them.
///
/// # Errors
/// When it cannot be told whom a request is counted for.
pub fn tell(
    by: &[Part],
    facts: &Facts<'_>,
    mut push: impl FnMut(&'static str, &str),
) -> Result<(), NoAnswer> {
    for part in by {
        let has_it = match part {
            Part::Cel(expression) => match answer(&expression.evaluate(facts)?)? {
                Some((kind, value)) => {
                    push(kind, &value);
                    true
                }
                None => false,
            },
            Part::Known(part) => part.tell(facts.request, facts.message, &mut push),
        };
        if !has_it {
            let client = facts.request.client.ok_or(NoAnswer)?;
            push("address", &address_text(&client_network(client)));
        }
    }
    Ok(())
}

/// What an expression says; `None` for nothing. A number is not the text that it is written as.
fn answer(value: &Value) -> Result<Option<(&'static str, Cow<'_, str>)>, NoAnswer> {
    Ok(match value {
        Value::String(text) if text.is_empty() => None,
        Value::Null => None,
        Value::String(text) => Some(("cel", text.as_str().into())),
        Value::Int(number) => Some(("cel-number", number.to_string().into())),
        Value::UInt(number) => Some(("cel-number", number.to_string().into())),
        Value::Bool(truth) => Some(("cel-bool", truth.to_string().into())),
        _ => return Err(NoAnswer),
    })
}

/// # Errors
/// For an expression whose value tells nobody apart.
pub fn fits(value: &Value) -> Result<(), &'static str> {
    answer(value).map(drop).map_err(|NoAnswer| "it says neither a text nor a whole number")
}
