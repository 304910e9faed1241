//! The authorization servers the tests share: they are the slowest parts to start, and what one test does to
//! them does not concern another, since every test has URLs of its own.

use std::sync::OnceLock;

use super::node::Server;

/// What an authorization server makes of `resource` (RFC 8707).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// Opaque tokens without an audience, whatever was asked for.
    Ignore,
    /// Tokens for one listed resource, `invalid_target` for any other.
    Bind,
}

/// The shared server of a temper.
pub fn server(temper: Temper) -> &'static Server {
    static IGNORING: OnceLock<Server> = OnceLock::new();
    static BINDING: OnceLock<Server> = OnceLock::new();
    match temper {
        Temper::Ignore => IGNORING.get_or_init(|| Server::authorization_server(&["--temper", "ignore"])),
        Temper::Bind => BINDING.get_or_init(|| Server::authorization_server(&["--temper", "bind"])),
    }
}
