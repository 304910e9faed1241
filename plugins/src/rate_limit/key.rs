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

/// A kind and a value, as a [limiter's key](crate::limiter::Key) has them.
pub type Pair<'r> = (&'static str, Cow<'r, str>);

/// # Errors
/// When it cannot be told whom a request is counted for.
pub fn parts<'r>(by: &[Part], facts: &Facts<'r>) -> Result<Vec<Pair<'r>>, NoAnswer> {
    let mut pairs = Vec::with_capacity(by.len() + 1);
    for part in by {
        let found = pairs.len();
        match part {
            Part::Cel(expression) => pairs.extend(answer(&expression.evaluate(facts)?)?),
            Part::Known(part) => {
                part.tell(facts.request, facts.message, |kind, value| pairs.push((kind, value.into())));
            }
        }
        if pairs.len() == found {
            pairs.push(address(facts)?);
        }
    }
    Ok(pairs)
}

fn address<'r>(facts: &Facts<'r>) -> Result<Pair<'r>, NoAnswer> {
    let client = facts.request.client.ok_or(NoAnswer)?;
    Ok(("address", address_text(&client_network(client)).into()))
}

/// What an expression says; `None` for nothing. A number is not the text that it is written as.
fn answer<'r>(value: &Value) -> Result<Option<Pair<'r>>, NoAnswer> {
    Ok(match value {
        Value::String(text) if text.is_empty() => None,
        Value::Null => None,
        Value::String(text) => Some(("cel", text.to_string().into())),
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
