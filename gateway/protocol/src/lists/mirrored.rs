//! The arguments of a tool that its callers repeat in headers, as its `inputSchema` says (MCP 2026-07-28
//! basic/transports/streamable-http, Custom Headers from Tool Parameters).

use super::Item;
use crate::envelope::{Fragment, Pointer};
use crate::json::Kind;
use crate::syntax::is_tchar;
use std::borrow::Cow;

/// One argument, and its header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mirrored {
    /// `mcp-param-` and what the schema says, in lower case.
    pub header: String,
    pub pointer: Pointer,
}

const ANNOTATION: &str = "x-mcp-header";
/// What clients mirror. `number` is none of the specification's, but of what the official SDKs mirror.
const TYPES: [&str; 4] = ["string", "integer", "boolean", "number"];
/// Keywords of JSON Schema that hold data, in which nothing is an annotation.
const DATA: [&str; 5] = ["const", "default", "enum", "examples", "required"];

impl Item<'_> {
    /// What callers of this tool repeat, in the order of the schema.
    ///
    /// Nothing where the schema breaks a rule of the specification: a header without a name, with characters no name
    /// has, or twice; an argument of another type; an annotation that is not reached by `properties` alone. A client
    /// leaves such a tool out, so nobody can be held to it.
    pub fn mirrored(&self) -> Vec<Mirrored> {
        let annotated = self.input_schema.filter(|schema| schema.text().contains(ANNOTATION));
        let mut found = Vec::new();
        let valid = annotated.is_some_and(|schema| walk(schema, Some(&mut Vec::new()), &mut found).is_some());
        if valid { found } else { Vec::new() }
    }
}

/// Walks a schema. `path` leads to the argument it is for; none where it is for no argument alone.
fn walk<'b>(
    schema: Fragment<'b>,
    mut path: Option<&mut Vec<Cow<'b, str>>>,
    found: &mut Vec<Mirrored>,
) -> Option<()> {
    let members = schema.members().ok()?;
    for (name, value) in &members {
        match (&**name, value.kind()) {
            (ANNOTATION, _) => {
                let path = path.as_deref().filter(|path| !path.is_empty())?;
                let one = Mirrored { header: header(*value)?, pointer: Pointer::through(path) };
                let repeated = found.iter().any(|other| other.header == one.header);
                (!repeated && members.iter().any(is_type)).then_some(())?;
                found.push(one);
            }
            ("properties", Kind::Object) => {
                for (argument, schema) in value.members().ok()? {
                    match &mut path {
                        Some(path) => {
                            path.push(argument);
                            walk_any(schema, Some(path), found)?;
                            path.pop();
                        }
                        None => walk_any(schema, None, found)?,
                    }
                }
            }
            (keyword, _) if DATA.contains(&keyword) => {}
            _ => walk_any(*value, None, found)?,
        }
    }
    Some(())
}

/// Walks what may be a schema, or hold some.
fn walk_any<'b>(
    value: Fragment<'b>,
    path: Option<&mut Vec<Cow<'b, str>>>,
    found: &mut Vec<Mirrored>,
) -> Option<()> {
    match value.kind() {
        Kind::Object if value.text().contains(ANNOTATION) => walk(value, path, found),
        Kind::Array if value.text().contains(ANNOTATION) => {
            value.elements().ok()?.into_iter().try_for_each(|element| walk_any(element, None, found))
        }
        _ => Some(()),
    }
}

fn header(value: Fragment<'_>) -> Option<String> {
    let name = value.string().ok()??;
    let is_name = !name.is_empty() && name.bytes().all(is_tchar);
    is_name.then(|| format!("mcp-param-{}", name.to_ascii_lowercase()))
}

fn is_type((name, value): &(Cow<'_, str>, Fragment<'_>)) -> bool {
    let said = || value.string().ok().flatten();
    name == "type" && said().is_some_and(|said| TYPES.contains(&&*said))
}
