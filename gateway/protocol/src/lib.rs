//! The pure half of Tollgate: bytes in, bytes out.
//!
//! Nothing here opens a socket, reads a clock, writes a log or has a dependency; every function is total, so a
//! hostile peer can cause an error value and nothing else. The gateway decides *when* to call these, this crate
//! decides *what* the bytes become.
//!
//! In the order a request and its answer meet them:
//! 1. [`proxy_protocol`], [`client`]: whose connection and whose request it is, where trusted proxies stand between;
//! 2. [`http1`], [`http2`]: whether the bytes of its requests can be read in one way only, and which frames they are;
//! 3. [`path`], [`url`], [`bearer`], [`jwt`]: one checked spelling of the target, the origin and the credential;
//! 4. [`mount`]: which upstream path a public path stands for, and back;
//! 5. [`envelope`]: the JSON-RPC message in the body, and whether its headers say the same;
//! 6. [`challenge`]: `WWW-Authenticate` seen from the client's side (RFC 9110 §11.6.1, RFC 6750, RFC 9728 §5);
//! 7. [`metadata`] on [`json`]: the RFC 9728 document, checked and spliced;
//! 8. [`location`] and [`sse`]: the other places where an upstream names itself;
//! 9. [`lists`]: which tools, prompts and resources the client is told of;
//! 10. [`jsonrpc`] and [`problem`]: the bodies the gateway writes in its own name.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod audience;
pub mod base64url;
pub mod bearer;
pub mod challenge;
pub mod client;
pub mod envelope;
pub mod http1;
pub mod http2;
pub mod json;
pub mod jsonrpc;
pub mod jwt;
pub mod lists;
pub mod location;
pub mod metadata;
pub mod mount;
pub mod path;
pub mod problem;
pub mod proxy_protocol;
pub mod sse;
mod syntax;
pub mod url;
