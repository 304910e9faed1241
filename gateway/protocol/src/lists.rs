//! The answers to `tools/list`, `prompts/list`, `resources/list` and `resources/templates/list`, without what a caller
//! is not to see.
//!
//! A client offers what it is told of, and a model tries it; so what a policy would refuse is better not listed. Items
//! are cut out of the bytes, each with one comma, and all other bytes stay what they were: those of the items that
//! remain, cursors, `_meta`, and whatever a later revision adds. Nothing is written again from a tree.
//!
//! Requests of the server to the client are asked about as well, by their methods. One that is not to come becomes a
//! notification which says so; a result that asks for something becomes an error, which is the outcome of the call. Of a
//! request the server waits for an answer that does not come.
//!
//! A list is known by its place: a member `tools`, `prompts`, `resources` or `resourceTemplates` in the `result` of a
//! message; a request by its `method` and its `id`, or by its place in `inputRequests`. Which request the message answers need not be known, and in a stream cannot be. An item is its `name`, `uri`
//! or `uriTemplate`, escapes undone. What is left depends on the caller, so a `cacheScope` next to a list becomes
//! `private`, even where nothing was cut: another caller may get less. None is added where there is none; results must
//! have one since there are any. Messages without a list pass as they are.
//!
//! Shape: one message or an array of them, in a body ([`filter`]) or in the events of a stream ([`Events`]); nested at
//! most [`MAX_DEPTH`](crate::envelope::MAX_DEPTH) deep; UTF-8 without a byte order mark. How long a body may be is the
//! caller's to say. Time is linear in the length, but for objects with more members than usual, whose names are sorted.
//!
//! Errors: the gateway and the client must see the same items, or one could be hidden from the gateway alone. So where
//! two readers could differ nothing is passed: a member twice, or in another case, in a message, its `result` or an
//! item (of a tool also its `inputSchema`); a list that is no array; an item without its name. See [`ListError`].
//!
//! Sources: JSON-RPC 2.0 §5 and §6; MCP 2025-03-26 basic/transports (batches); MCP 2026-07-28 server/tools,
//! server/prompts, server/resources, server/utilities/caching, basic/patterns/mrtr; WHATWG HTML §9.2 (event streams).

mod error;
mod events;
mod item;
mod mirrored;
mod walk;

use crate::json::{spliced, utf8};

pub use error::ListError;
pub use events::Events;
pub use item::{Item, Listed};
pub use mirrored::Mirrored;

/// A body without the items that `keep` is false for; `None` where it can pass as it is.
///
/// `keep` is asked about every item, in the order in which they stand there, and may have been when the body is refused.
///
/// # Errors
/// Everything [`ListError`] lists but for what streams alone have, at the first that is found.
pub fn filter(body: &[u8], keep: &mut dyn FnMut(&Item<'_>) -> bool) -> Result<Option<Vec<u8>>, ListError> {
    let document = utf8(body)?;
    let edits = walk::edits(document, keep)?;
    Ok((!edits.is_empty()).then(|| spliced(document, &edits)))
}
