//! What is listed, and where.

use crate::envelope::Fragment;
use std::borrow::Cow;

/// An item of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item<'b> {
    pub listed: Listed<'b>,
    /// Of a tool, where it is an object: its `inputSchema`.
    pub input_schema: Option<Fragment<'b>>,
}

/// What is listed, by what it is called; borrowed from the body but for names with escapes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listed<'b> {
    /// Of `tools`: its `name`.
    Tool(Cow<'b, str>),
    /// Of `prompts`: its `name`.
    Prompt(Cow<'b, str>),
    /// Of `resources`: its `uri`.
    Resource(Cow<'b, str>),
    /// Of `resourceTemplates`: its `uriTemplate` (RFC 6570), as it was written.
    Template(Cow<'b, str>),
    /// What the server asks of the client, by its method: a request of its own, or one of the `inputRequests` of a result.
    Request(Cow<'b, str>),
}

impl Listed<'_> {
    /// What the item is called, whatever it is.
    pub fn name(&self) -> &str {
        match self {
            Listed::Tool(name)
            | Listed::Prompt(name)
            | Listed::Resource(name)
            | Listed::Template(name)
            | Listed::Request(name) => name,
        }
    }
}

/// A member of a result that lists something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum List {
    Tools,
    Prompts,
    Resources,
    Templates,
}

impl List {
    pub(super) fn named(member: &str) -> Option<List> {
        match member {
            "tools" => Some(List::Tools),
            "prompts" => Some(List::Prompts),
            "resources" => Some(List::Resources),
            "resourceTemplates" => Some(List::Templates),
            _ => None,
        }
    }

    /// The members of an item that are read: first the one that tells it from the others, and that requests for it
    /// repeat.
    pub(super) fn members(self) -> &'static [&'static str] {
        match self {
            List::Tools => &["name", "inputSchema"],
            List::Prompts => &["name"],
            List::Resources => &["uri"],
            List::Templates => &["uriTemplate"],
        }
    }

    pub(super) fn listed(self, name: Cow<'_, str>) -> Listed<'_> {
        match self {
            List::Tools => Listed::Tool(name),
            List::Prompts => Listed::Prompt(name),
            List::Resources => Listed::Resource(name),
            List::Templates => Listed::Template(name),
        }
    }
}
