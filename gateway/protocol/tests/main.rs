//! What the crate promises, in tables named after the cases of `docs/authorization-cases.md`, and as properties.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answer_forms;
mod cases;
mod challenge_cases;
mod challenge_forms;
mod entry;
mod envelope_cases;
mod envelope_headers;
mod envelope_pointer;
mod envelope_properties;
mod envelope_refused;
mod lists_cases;
mod lists_events;
mod lists_mirrored;
mod lists_properties;
mod lists_refused;
mod metadata_cases;
mod oracles;
mod path_cases;
mod properties;
mod replay;
mod sse_cases;
mod sse_forms;
mod support;
