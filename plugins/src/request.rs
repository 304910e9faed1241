//! A request as plans and policies see it.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use serde_json::Value;

/// What a request says of itself, and who sends it.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    pub method: &'r str,
    /// Of the public URL, lower-case, without a port.
    pub host: &'r str,
    /// As the client has asked for it, without the query.
    pub path: &'r str,
    pub headers: &'r HeaderMap,
    pub client: Option<IpAddr>,
    /// The name of the API.
    pub api: &'r str,
    /// Absent while the plans are asked.
    pub caller: Option<Caller<'r>>,
    /// By [`unix_millis`].
    pub now: u64,
}

/// Whoever was admitted, as far as the plan has found out.
#[derive(Clone, Copy, Default)]
pub struct Caller<'r> {
    /// The name of the plan.
    pub plan: &'r str,
    pub consumer: Option<&'r str>,
    /// What the operator says of the consumer.
    pub labels: &'r [(String, String)],
    /// The user a token is about.
    pub subject: Option<&'r str>,
    /// The program a token was issued to.
    pub client_id: Option<&'r str>,
    pub scopes: &'r [String],
    pub groups: &'r [String],
    /// All claims of a token: an object.
    pub claims: Option<&'r Value>,
}

impl Request<'_> {
    /// The MCP session it says it belongs to.
    pub fn session(&self) -> Option<&str> {
        self.headers.get("mcp-session-id")?.to_str().ok()
    }

    /// Whether the caller's token has exactly this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.caller.is_some_and(|caller| caller.scopes.iter().any(|granted| granted == scope))
    }
}

/// What time it is for all that lasts longer than one request.
pub fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What counts as one client: an IPv4 address, and of IPv6 the /64, all of which a client commands.
pub fn client_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other.to_canonical(),
    }
}
