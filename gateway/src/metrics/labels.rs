//! Label values that are made from what a client or an upstream has sent, each of a small closed set.

use std::fmt;

use http::{Method, StatusCode};

use crate::reason;

/// The method, if it is one that is relayed; clients may send any word.
pub fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A status: `0` for none, and the class alone, such as `2xx`, of one that is not registered; upstreams may
/// send any of nine hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(u16);

impl Code {
    /// Nothing was answered.
    pub const NONE: Code = Code(0);

    pub fn of(status: u16) -> Code {
        let registered = StatusCode::from_u16(status).is_ok_and(|code| code.canonical_reason().is_some());
        match registered || status == reason::CLIENT_CLOSED.status {
            true => Code(status),
            false => Code(status / 100),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            class @ 1..=9 => write!(out, "{class}xx"),
            status => write!(out, "{status}"),
        }
    }
}

/// The methods of MCP (2024-11-05 to 2026-07-28). Others are `other`: a label value never comes from a request.
const RPC_METHODS: [&str; 22] = [
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tasks/cancel",
    "tasks/get",
    "tasks/result",
    "tools/call",
    "tools/list",
];

/// The label of a method of JSON-RPC.
pub fn rpc_method(method: &str) -> &'static str {
    RPC_METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_status_is_one_of_a_few_words() {
        let words: BTreeSet<_> = (0..=999).map(|status| Code::of(status).to_string()).collect();
        assert!(words.len() < 80, "{}", words.len());
        for (status, word) in [(0, "0"), (200, "200"), (299, "2xx"), (499, "499"), (599, "5xx"), (999, "9xx")]
        {
            assert_eq!(Code::of(status).to_string(), word);
        }
    }

    #[test]
    fn every_method_is_one_of_a_few_words() {
        let word = |text: &str| method(&Method::from_bytes(text.as_bytes()).expect("a method"));
        assert_eq!([word("POST"), word("PROPFIND"), word("post")], ["POST", "other", "other"]);
    }
}
