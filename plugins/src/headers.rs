//! `headers`: fields of requests and answers that are added, replaced and removed.

use std::collections::BTreeMap;

use http::header::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::effects::{Effects, FieldEdit};
use crate::expression::Facts;
use crate::policy::{Denial, Needs, Policy, Verdict};
use crate::reason::of_policies::CONDITION_FAILED;
use crate::request::Request;
use crate::settings::text::FieldName;

mod check;
mod name;
mod value;

pub use check::check;

use name::{Deed, Side};
use value::Value;

/// Fields of requests and answers. Those that say who calls, that frame a message, or that MCP goes by stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `request` or `response`")]
#[schemars(rename = "Headers")]
pub struct Settings {
    /// Of the request the MCP server gets. What is set or removed is removed as callers may spell it for the server to take
    /// it for the same: `x_user` and `x.user` too, where it is `x-user`.
    pub request: Option<Edits>,

    /// Of the answer, whoever answers.
    pub response: Option<Edits>,
}

/// What becomes of fields, each named once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `set`, `append` or `remove`")]
#[schemars(rename = "HeaderEdits")]
pub struct Edits {
    /// Fields in place of all there are of the name. An empty value makes an empty field.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub set: BTreeMap<FieldName, value::Written>,

    /// Fields besides those there are of the name: of a request, besides what the caller has sent.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub append: BTreeMap<FieldName, value::Written>,

    /// Names whose fields are removed.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub remove: Vec<FieldName>,
}

/// The policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    request: Vec<Edit>,
    response: Vec<Edit>,
}

#[derive(Debug, Clone, PartialEq)]
struct Edit {
    name: HeaderName,
    deed: Deed,
    /// Not of those that are removed.
    value: Option<Value>,
}

impl Edit {
    /// What is to be done for this request; `None` when a value cannot be told, or is none of a field.
    fn of(&self, facts: &Facts<'_>) -> Option<FieldEdit> {
        let (name, value) = (self.name.clone(), self.value.as_ref().and_then(|value| value.of(facts).ok()));
        Some(match self.deed {
            Deed::Remove => FieldEdit::Remove(name),
            Deed::Set => FieldEdit::Set(name, value?),
            Deed::Append => FieldEdit::Append(name, value?),
        })
    }
}

impl Policy for Headers {
    fn needs(&self) -> Needs {
        Needs { head: true, ..Needs::default() }
    }

    fn on_head(&self, request: &Request<'_>, effects: &mut Effects) -> Verdict {
        let facts = Facts::of(request);
        let both = edits(&self.request, Side::Request, &facts)
            .and_then(|request| Ok((request, edits(&self.response, Side::Response, &facts)?)));
        match both {
            Ok((request, response)) => {
                effects.request_fields.extend(request);
                effects.response_fields.extend(response);
                Verdict::Continue
            }
            Err(rule) => {
                let denial = Denial { rule: Some(rule.into()), ..Denial::new(&CONDITION_FAILED) };
                Verdict::Deny(Box::new(denial))
            }
        }
    }
}

/// All of them, or the one that cannot be told: without it the MCP server could take the request for another's.
fn edits(edits: &[Edit], side: Side, facts: &Facts<'_>) -> Result<Vec<FieldEdit>, String> {
    let edit = |edit: &Edit| {
        edit.of(facts).ok_or_else(|| format!("{}.{}.{}", side.key(), edit.deed.key(), edit.name))
    };
    edits.iter().map(edit).collect()
}

#[cfg(test)]
mod tests;
