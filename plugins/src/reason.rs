//! Why something is answered that was not asked for.

/// Why the gateway answered a request itself instead of relaying it.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable machine-readable name, `snake_case`.
    pub slug: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// One sentence for the person who reads the error.
    pub summary: &'static str,
}

/// Declares reasons, and `ALL` with all of them in this order.
#[macro_export]
macro_rules! reasons {
    ($($name:ident = $status:literal $slug:literal, $summary:literal;)*) => {
        $(pub static $name: $crate::reason::Reason =
            $crate::reason::Reason { slug: $slug, status: $status, summary: $summary };)*
        /// All of them, in the order a request can meet them.
        pub static ALL: &[&$crate::reason::Reason] = &[$(&$name),*];
    };
}

/// Those of the policies.
pub mod of_policies {
    crate::reasons! {
        IP_NOT_ALLOWED = 403 "ip_not_allowed", "This API takes no requests from this address.";
        RATE_LIMITED = 429 "rate_limited", "There were too many requests.";
        QUOTA_SPENT = 403 "quota_spent", "No such request is allowed, however long one waits.";
        LIMITS_UNAVAILABLE = 503 "limits_unavailable", "It cannot be told whether there were too many requests.";
        TOO_MANY_CALLS = 429 "too_many_calls", "There are too many calls under way.";
        ACCESS_DENIED = 403 "access_denied", "The caller may not do this, or there is no such thing.";
        INSUFFICIENT_SCOPE = 403 "insufficient_scope", "The access token lacks a scope that this API needs.";
        CONDITION_FAILED = 403 "condition_failed", "It cannot be told whether the caller may do this.";
        SIZE_LIMIT = 413 "size_limit", "The message is larger than this API accepts.";
        ANSWER_TOO_LARGE = 502 "answer_too_large", "The MCP server's answer is larger than this API passes on.";
    }
}
