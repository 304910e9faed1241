//! The relay: the upstream owns OAuth, the gateway makes its challenges and its metadata name the URL the
//! client dialled. Tokens and bodies pass untouched.

pub mod announced;
pub mod challenge;
pub mod comments;
pub mod discovery;
pub mod document;
pub mod event_stream;
pub mod metadata;
pub mod redirect;
pub mod refused_token;
pub mod rewritten;
pub mod well_known;
