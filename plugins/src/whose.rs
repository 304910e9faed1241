//! Whose a request is, where requests are counted: those of a consumer, of an address, of a tool, or of several of these
//! at once.

use std::borrow::Cow;
use std::ops::Deref;

use serde::Deserialize;
use tollgate_protocol::envelope::{Message, Target};

use crate::limiter::Key;
use crate::request::{Request, client_network};
use crate::settings::findings::{Findings, Once};
use crate::settings::key_path::KeyPath;
use crate::settings::problem::Problem;

mod written;

pub use written::Written;

/// What tells requests apart. What a request does not have is replaced by the address it comes from, so that callers who are
/// not known are never counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Consumer,
    /// The user a token is about, among those of its issuer.
    Subject,
    /// The program a token was issued to, among those of its issuer.
    ClientId,
    /// Of IPv6 the first 64 bits, which one client has to itself.
    Address,
    /// As the client says: nobody has checked it.
    Session,
    /// The tool that is called, among those of the API.
    Tool,
    /// Among those of the API.
    Plan,
}

/// At least one part, and none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose(Vec<Part>);

/// Each part has its own value, and perhaps one that says among what it is one.
const VALUES_MAX: usize = 14;

/// What a request has of the parts, with the kind of each. The kinds tell what was replaced by an address.
#[derive(Debug, Default)]
pub struct Values<'r> {
    all: [(&'static str, Cow<'r, str>); VALUES_MAX],
    len: usize,
}

impl Whose {
    pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> Option<Whose> {
        let (parts, mut seen) = (written.parts(), Once::default());
        findings.refuse_empty(parts.is_empty(), path, "part");
        let mut is_good = !parts.is_empty();
        for (index, part) in parts.iter().enumerate() {
            if let Some(first) = seen.note(*part, &path.item(index)) {
                let problem = Problem::error(path.item(index), "this is in the list already");
                findings.add(problem.first(first).help("remove it"));
                is_good = false;
            }
        }
        is_good.then(|| Whose(parts.to_vec()))
    }

    pub fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }

    /// What this request has of the parts, in their order. Allocates for an address alone.
    pub fn values<'r>(&self, request: &'r Request<'_>, message: Option<&'r Message<'_>>) -> Values<'r> {
        let mut values = Values::default();
        for part in &self.0 {
            if !part.tell(request, message, |kind, value| values.push(kind, Cow::Borrowed(value))) {
                // Where not even that is known, there is nothing left to tell callers apart by.
                match request.client {
                    Some(address) => values.push("address", Cow::Owned(client_network(address).to_string())),
                    None => values.push("nobody", Cow::Borrowed("")),
                }
            }
        }
        values
    }
}

impl Part {
    /// Tells what a request has of it, and before that among what it is one. False where it has nothing of the kind.
    pub fn tell<'r>(
        self,
        request: &'r Request<'_>,
        message: Option<&'r Message<'_>>,
        mut push: impl FnMut(&'static str, &'r str),
    ) -> bool {
        let caller = request.caller.unwrap_or_default();
        let issuer = || Some(("issuer", caller.claims?.get("iss")?.as_str()?));
        let api = Some(("api", request.api));
        let (among, kind, value) = match self {
            Part::Consumer => (None, "consumer", caller.consumer),
            Part::Subject => (issuer(), "subject", caller.subject),
            Part::ClientId => (issuer(), "client_id", caller.client_id),
            Part::Address => (None, "address", None),
            Part::Session => (api, "session", request.session()),
            Part::Tool => (api, "tool", message.and_then(tool)),
            Part::Plan => (api, "plan", Some(caller.plan)),
        };
        let Some(value) = value.filter(|value| !value.is_empty()) else { return false };
        if let Some((kind, value)) = among {
            push(kind, value);
        }
        push(kind, value);
        true
    }
}

impl<'r> Values<'r> {
    fn push(&mut self, kind: &'static str, value: Cow<'r, str>) {
        if let Some(slot) = self.all.get_mut(self.len) {
            *slot = (kind, value);
            self.len += 1;
        }
    }

    /// What stands for them in memory.
    pub fn key(&self) -> Key {
        Key::of(self.iter().map(|(kind, value)| (*kind, value.as_ref())))
    }
}

impl<'r> Deref for Values<'r> {
    type Target = [(&'static str, Cow<'r, str>)];

    fn deref(&self) -> &Self::Target {
        self.all.get(..self.len).unwrap_or_default()
    }
}

fn tool<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    match &message.target {
        Target::Tool(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
