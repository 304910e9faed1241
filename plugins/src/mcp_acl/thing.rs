//! What a message acts on, as rules see it.

use std::borrow::Cow;

use tollgate_protocol::envelope::{Message, Pointer, Target};
use tollgate_protocol::json::Kind;
use tollgate_protocol::lists::Listed;

use super::uri::Uri;

/// Something a rule can name.
#[derive(Debug, PartialEq, Eq)]
pub enum Thing<'t> {
    /// Nothing that has a name.
    None,
    Tool(Cow<'t, str>),
    Prompt(Cow<'t, str>),
    Resource(Uri<'t>),
    /// A template of URIs (RFC 6570).
    Template(Cow<'t, str>),
    /// Something that cannot be read in one way only: nothing in particular, and no rule allows it.
    Unreadable,
}

/// What a message asks for.
#[derive(Debug)]
pub struct Asked<'m> {
    pub method: &'m str,
    /// All of them. At least one.
    pub things: Vec<Thing<'m>>,
    /// Nobody has to allow it.
    pub is_free: bool,
}

impl<'m> Asked<'m> {
    /// `None` for what no rule is about: answers to the server, and what keeps a session going.
    pub fn of(message: &'m Message<'_>) -> Option<Asked<'m>> {
        let method = message.method()?;
        if keeps_a_session_going(method) {
            return None;
        }
        let thing = match &message.target {
            Target::Tool(name) => Thing::Tool(Cow::Borrowed(name)),
            Target::Prompt(name) => Thing::Prompt(Cow::Borrowed(name)),
            Target::Resource(uri) => Thing::Resource(Uri::read(uri)),
            Target::Template(text) => template(text),
            Target::None | Target::Task(_) => Thing::None,
        };
        let things = match method {
            "subscriptions/listen" => subscribed(message),
            _ => vec![thing],
        };
        Some(Asked { method, things, is_free: is_free(method) })
    }
}

fn keeps_a_session_going(method: &str) -> bool {
    matches!(method, "initialize" | "ping" | "server/discover") || method.starts_with("notifications/")
}

/// Lists lose what the caller may not use; whose a task is, the server knows.
fn is_free(method: &str) -> bool {
    method.starts_with("tasks/")
        || matches!(
            method,
            "tools/list"
                | "prompts/list"
                | "resources/list"
                | "resources/templates/list"
                | "logging/setLevel"
                | "subscriptions/listen"
        )
}

/// What servers ask of clients, up to MCP 2026-07-28.
const ASKED_OF_CLIENTS: [&str; 3] = ["sampling/createMessage", "elicitation/create", "roots/list"];

/// Whether servers ask for something that this is about.
pub fn is_asked_of_clients(fits: impl Fn(&str) -> bool) -> bool {
    ASKED_OF_CLIENTS.into_iter().any(fits)
}

/// An item of a list, and how it would be used; or what a server asks for.
pub fn listed<'t>(item: &'t Listed<'_>) -> (&'t str, Thing<'t>) {
    match item {
        Listed::Tool(name) => ("tools/call", Thing::Tool(Cow::Borrowed(name))),
        Listed::Prompt(name) => ("prompts/get", Thing::Prompt(Cow::Borrowed(name))),
        Listed::Resource(uri) => ("resources/read", Thing::Resource(Uri::read(uri))),
        Listed::Template(text) => ("resources/read", template(text)),
        Listed::Request(method) => (method, Thing::None),
    }
}

/// A template without variables is a URI.
fn template(text: &str) -> Thing<'_> {
    match text.contains('{') {
        true => Thing::Template(Cow::Borrowed(text)),
        false => Thing::Resource(Uri::read(text)),
    }
}

/// The resources whose changes a client wants to hear of (MCP 2026-07-28, `subscriptions/listen`). To hear of a resource is
/// to use it.
fn subscribed<'m>(message: &'m Message<'_>) -> Vec<Thing<'m>> {
    let unreadable = || vec![Thing::Unreadable];
    let (Some(params), Some(at)) = (message.params, Pointer::parse("/notifications/resourceSubscriptions"))
    else {
        return vec![Thing::None];
    };
    let uris = match params.at(&at) {
        Ok(None) => return vec![Thing::None],
        Ok(Some(list)) if list.kind() == Kind::Array => serde_json::from_str::<Vec<String>>(list.text()),
        _ => return unreadable(),
    };
    let Ok(uris) = uris else { return unreadable() };
    let things = uris.into_iter().map(|uri| Thing::Resource(Uri::read_owned(uri)));
    [Thing::None].into_iter().chain(things).collect()
}
