//! What requests are counted by.
//!
//! Nothing a request lacks puts it into one pot with all others that lack it: its client's address stands there instead,
//! as a part of another kind, so that no subject or session can be called like somebody's address.

use std::borrow::Cow;

use cel::Value;
use serde_json::Value as Json;
use tollgate_protocol::envelope::Target;

use crate::expression::{Expression, Facts, NoAnswer};
use crate::request::{Caller, client_network};

/// One thing that a limit goes by.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Consumer,
    Subject,
    ClientId,
    Address,
    Session,
    Tool,
    Plan,
    Cel(Expression),
}

impl Part {
    /// The words for all but [`Part::Cel`].
    pub const WORDS: [(&'static str, Part); 7] = [
        ("consumer", Part::Consumer),
        ("subject", Part::Subject),
        ("client_id", Part::ClientId),
        ("address", Part::Address),
        ("session", Part::Session),
        ("tool", Part::Tool),
        ("plan", Part::Plan),
    ];

    pub fn is_in_messages(&self) -> bool {
        match self {
            Part::Tool => true,
            Part::Cel(expression) => expression.looks_at_messages(),
            _ => false,
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
            part => known(part, facts, &mut pairs),
        }
        if pairs.len() == found {
            pairs.push(address(facts)?);
        }
    }
    Ok(pairs)
}

/// Adds nothing where the request has no such thing.
fn known<'r>(part: &Part, facts: &Facts<'r>, pairs: &mut Vec<Pair<'r>>) {
    let caller = facts.request.caller.unwrap_or_default();
    let (kind, value) = match part {
        Part::Consumer => ("consumer", caller.consumer),
        Part::Subject => ("subject", caller.subject),
        Part::ClientId => ("client_id", caller.client_id),
        Part::Session => ("session", facts.request.session()),
        Part::Plan => ("plan", Some(caller.plan)),
        Part::Tool => ("tool", facts.message.and_then(|message| tool(&message.target))),
        Part::Address | Part::Cel(_) => return,
    };
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        pairs.push((kind, value.into()));
        if matches!(part, Part::Subject | Part::ClientId) {
            // Both are names that another issuer may have given to somebody else.
            pairs.extend(issuer(&caller).map(|issuer| ("issuer", issuer.into())));
        }
    }
}

fn issuer<'r>(caller: &Caller<'r>) -> Option<&'r str> {
    caller.claims?.get("iss").and_then(Json::as_str)
}

fn tool<'r>(target: &'r Target<'_>) -> Option<&'r str> {
    match target {
        Target::Tool(name) => Some(name),
        _ => None,
    }
}

fn address<'r>(facts: &Facts<'r>) -> Result<Pair<'r>, NoAnswer> {
    let client = facts.request.client.ok_or(NoAnswer)?;
    Ok(("address", client_network(client).to_string().into()))
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
