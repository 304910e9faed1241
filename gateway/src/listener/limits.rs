//! What a listener's clients may take: time, and connections.

use std::num::NonZeroU32;
use std::time::Duration;

/// The limits of one listener. A connection keeps those it was accepted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a whole request head, counted from the accept (after TLS) or from the first byte of a later request.
    pub head_timeout: Duration,
    /// For a whole request body.
    pub body_timeout: Option<Duration>,
    /// Bytes a second a client must send of a body it is being waited for.
    pub min_request_rate: Option<NonZeroU32>,
    /// Bytes a second a client must take of what is there for it.
    pub min_response_rate: Option<NonZeroU32>,
    /// How far a client may fall behind these rates.
    pub min_rate_grace: Duration,
    /// For the PROXY protocol, and for the TLS handshake after it.
    pub handshake_timeout: Duration,
    /// Without a request; whole seconds.
    pub idle_timeout: Duration,
    /// Over HTTP/1.1.
    pub requests_per_connection: NonZeroU32,
    /// Open at the same time.
    pub connections: NonZeroU32,
    /// Off by default: behind a load balancer all clients have its address.
    pub connections_per_client: Option<NonZeroU32>,
    /// New ones a second.
    pub connection_rate_per_client: Option<NonZeroU32>,
    /// For new connections of a client, after one of its was ended for what it did with HTTP/2; 0 for none.
    pub misuse_pause: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_timeout: Duration::from_secs(10),
            body_timeout: None,
            min_request_rate: NonZeroU32::new(500),
            min_response_rate: NonZeroU32::new(500),
            min_rate_grace: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
            // So that what a connection holds is given back some time.
            requests_per_connection: NonZeroU32::MIN.saturating_add(9_999),
            connections: NonZeroU32::MIN.saturating_add(9_999),
            connections_per_client: None,
            connection_rate_per_client: None,
            misuse_pause: Duration::from_secs(1),
        }
    }
}
