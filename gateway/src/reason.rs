//! Every reason the gateway itself may give for an answer, in one table.
//!
//! A reason's slug is the same word in the error body, in the access log's `reason` field and in the
//! documentation (`docs/reasons.md`, kept equal by a test). A slug is never renamed or reused.

pub use tollgate_plugins::reason::of_policies::INSUFFICIENT_SCOPE;
pub use tollgate_plugins::reason::{Reason, of_policies};

/// All of them: the gateway's own, and those of the policies.
pub fn all() -> impl Iterator<Item = &'static Reason> {
    ALL.iter().chain(of_policies::ALL).copied()
}

tollgate_plugins::reasons! {
    HEAD_TIMEOUT = 408 "head_timeout", "The request head did not arrive in time.";
    MALFORMED_HEAD = 400 "malformed_head", "The request head is not well-formed HTTP/1.1.";
    HEAD_TOO_LARGE = 431 "head_too_large", "The request head is larger than this gateway accepts.";
    MALFORMED_BODY = 400 "malformed_body", "The request body breaks the framing its head announced.";
    BODY_TOO_SLOW = 408 "body_too_slow", "The request body arrived too slowly.";
    TARGET_TOO_LONG = 414 "target_too_long", "The request target is longer than this gateway accepts.";
    METHOD_NOT_SUPPORTED = 501 "method_not_supported", "This gateway does not relay this request method.";
    TRANSFER_CODING_NOT_SUPPORTED = 501 "transfer_coding_not_supported", "Only the chunked transfer coding is understood.";
    EXPECTATION_NOT_SUPPORTED = 417 "expectation_not_supported", "Only Expect: 100-continue is understood.";
    HEADER_ALIAS = 400 "header_alias", "A field is another spelling of one this gateway sets or goes by.";
    BAD_HOST = 400 "bad_host", "The request must carry exactly one valid Host field.";
    ABSOLUTE_FORM = 400 "absolute_form", "The request target must be a path, not a whole URL.";
    BAD_PATH = 400 "bad_path", "The request path is not in its normal form.";
    TOKEN_IN_QUERY = 400 "token_in_query", "Access tokens belong in the Authorization field, never in the query.";
    BAD_AUTHORIZATION = 400 "bad_authorization", "The request must carry at most one Authorization field.";
    UNKNOWN_HOST = 421 "unknown_host", "This gateway does not answer for this host.";
    ORIGIN_NOT_ALLOWED = 403 "origin_not_allowed", "This gateway does not accept requests from this web origin.";
    NO_API = 404 "no_api", "No API is published at this URL.";
    NOT_AN_AUTHORIZATION_SERVER = 400 "not_an_authorization_server", "This gateway is not an authorization server; its APIs name theirs in their protected resource metadata.";
    NO_METADATA_HERE = 404 "no_metadata_here", "There is no OAuth or OpenID metadata at this URL.";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed", "This resource answers GET, HEAD and OPTIONS only.";
    API_KEY_MISSING = 403 "api_key_missing", "This API needs a key.";
    API_KEY_INVALID = 403 "api_key_invalid", "The API key is not one that opens this API.";
    API_KEY_EXPIRED = 403 "api_key_expired", "The API key has expired.";
    TOKEN_MISSING = 401 "token_missing", "This API needs an access token.";
    TOKEN_MALFORMED = 401 "token_malformed", "The access token is not a signed JWT with the claims of one.";
    TOKEN_ALGORITHM = 401 "token_algorithm", "The access token is signed with an algorithm that is not accepted.";
    TOKEN_TYPE = 401 "token_type", "The token is not an access token.";
    TOKEN_ISSUER = 401 "token_issuer", "The access token is from an issuer that is not accepted.";
    TOKEN_KEY_UNKNOWN = 401 "token_key_unknown", "The access token is signed with a key that its issuer does not publish.";
    TOKEN_SIGNATURE = 401 "token_signature", "The signature of the access token is wrong.";
    TOKEN_EXPIRED = 401 "token_expired", "The access token has expired.";
    TOKEN_NOT_YET_VALID = 401 "token_not_yet_valid", "The access token is not valid yet.";
    TOKEN_AUDIENCE = 401 "token_audience", "The access token is for another audience.";
    TOKEN_BOUND = 401 "token_bound", "The access token is bound to a key or a certificate, which is not checked here.";
    TOKEN_CERTIFICATE = 401 "token_certificate", "The access token is not bound to the certificate that was shown.";
    TOKEN_INACTIVE = 401 "token_inactive", "The access token has expired, was revoked, or was never issued.";
    KEYS_UNAVAILABLE = 503 "keys_unavailable", "The keys of the token's issuer are not available.";
    MESSAGE_TOO_LARGE = 413 "message_too_large", "The message is larger than this API accepts, which looks at what it asks for.";
    BUFFERS_FULL = 503 "buffers_full", "The gateway holds as many bytes of messages as it may.";
    BAD_MESSAGE = 400 "bad_message", "The body is not one MCP message that every reader understands alike.";
    INTROSPECTION_UNAVAILABLE = 503 "introspection_unavailable", "The authorization server that knows the access token does not answer.";
    TOKEN_EXCHANGE_REFUSED = 403 "token_exchange_refused", "The authorization server gives no token for the MCP server in exchange for this one.";
    TOKEN_EXCHANGE_UNAVAILABLE = 503 "token_exchange_unavailable", "The authorization server that gives tokens for the MCP server does not answer.";
    CERTIFICATE_MISSING = 403 "certificate_missing", "This API needs a client certificate.";
    CERTIFICATE_UNKNOWN = 403 "certificate_unknown", "The client certificate is not one that opens this API.";
    CERTIFICATE_EXPIRED = 403 "certificate_expired", "The client certificate has expired since it was shown.";
    CONSUMER_UNKNOWN = 403 "consumer_unknown", "The access token is of no consumer that may use this API.";
    NO_PLAN = 403 "no_plan", "No plan of this API is for such a request.";
    PLAN_CONDITION_FAILED = 400 "plan_condition_failed", "It cannot be told which plan this request falls under.";
    PLAN_CLOSED = 403 "plan_closed", "This way into the API is closed.";
    METADATA_RATE_LIMITED = 429 "metadata_rate_limited", "Too many metadata requests from this address.";
    UPSTREAM_HAS_NO_METADATA = 404 "upstream_has_no_metadata", "The MCP server publishes no protected resource metadata.";
    UPSTREAM_METADATA_UNREACHABLE = 502 "upstream_metadata_unreachable", "The MCP server's protected resource metadata could not be fetched.";
    UPSTREAM_METADATA_INVALID = 502 "upstream_metadata_invalid", "The MCP server's protected resource metadata is not valid.";
    UPSTREAM_RESOURCE_MISMATCH = 502 "upstream_resource_mismatch", "The MCP server's metadata describes another resource, so it was not passed on.";
    UPSTREAM_NOT_RELAYABLE = 502 "upstream_not_relayable", "The MCP server demands tokens bound to its own URL or connection, which no relay can carry.";
    SESSION_UNKNOWN = 404 "session_unknown", "This gateway does not know the session; begin a new one.";
    SESSION_LOST = 404 "session_lost", "The MCP server that held the session is gone; begin a new one.";
    UPSTREAM_OVERLOADED = 503 "upstream_overloaded", "The MCP server has as many requests as it may have.";
    UPSTREAM_UNAVAILABLE = 503 "upstream_unavailable", "No MCP server takes requests at the moment.";
    UPSTREAM_UNRESOLVED = 502 "upstream_unresolved", "The MCP server's name could not be resolved.";
    UPSTREAM_UNREACHABLE = 502 "upstream_unreachable", "The MCP server could not be reached.";
    UPSTREAM_TIMEOUT = 504 "upstream_timeout", "The MCP server did not answer in time.";
    UPSTREAM_FAILED = 502 "upstream_failed", "The MCP server's answer could not be relayed.";
    UPSTREAM_SESSION_UNUSABLE = 502 "upstream_session_unusable", "The MCP server's session id cannot be sealed.";
    UPSTREAM_REFUSED_CREDENTIAL = 502 "upstream_refused_credential", "The MCP server does not accept the gateway's credential.";
    UPSTREAM_CHALLENGE_TOO_LARGE = 502 "upstream_challenge_too_large", "The MCP server's challenge is larger than this gateway accepts.";
    LIST_UNREADABLE = 502 "list_unreadable", "The MCP server's list cannot be read, so it was not passed on.";
    FOREIGN_MESSAGE_ENDPOINT = 502 "foreign_message_endpoint", "The MCP server announced a message endpoint on another origin.";
    CLIENT_CLOSED = 499 "client_closed", "The client went away before the answer was complete.";
    ANSWER_NOT_READ = 499 "answer_not_read", "The client did not read the answer in time.";
    INTERNAL = 500 "internal", "The gateway failed; the log line with this request id says more.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_reasons_share_a_slug() {
        for (at, reason) in all().enumerate() {
            assert!(all().skip(at + 1).all(|other| other.slug != reason.slug), "{}", reason.slug);
        }
    }
}
