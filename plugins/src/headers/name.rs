//! Which fields may be changed: none by which it is decided who calls, where a message ends, or what it means.

use http::header::HeaderName;

use crate::settings::problem::quoted;
use crate::settings::values::Refusal;
use crate::spelling;

/// Whose fields they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Set,
    Append,
    Remove,
}

/// Names that have a reason in common. One that ends in `-` stands for all that begin so.
struct Kept {
    names: &'static [&'static str],
    /// What may be done to them all the same.
    but: &'static [Deed],
    help: &'static str,
}

const OF_REQUESTS: [Kept; 5] = [
    Kept {
        names: &["authorization", "proxy-authorization", "dpop"],
        but: &[],
        help: "it says who calls; `auth` of an endpoint is what the gateway shows the MCP server",
    },
    Kept { names: &["cookie"], but: &[Deed::Remove], help: "it says who calls; it can only be removed" },
    Kept {
        names: &["host", "forwarded", "via", "x-real-ip", "x-forwarded-"],
        but: &[],
        help: "it says how the request got here, and the gateway writes it",
    },
    Kept { names: FRAMING, but: &[], help: FRAMING_HELP },
    Kept {
        names: &["mcp-", "accept", "accept-encoding", "last-event-id", "origin"],
        but: &[],
        help: "the MCP client and the server go by it",
    },
];

const OF_ANSWERS: [Kept; 6] = [
    Kept {
        names: &["www-authenticate", "proxy-authenticate"],
        but: &[],
        help: "it tells clients where to get a token, and the gateway sees to it",
    },
    Kept {
        names: &["access-control-"],
        but: &[],
        help: "browsers go by it, and the gateway writes it for the web origins it knows",
    },
    Kept {
        names: &["set-cookie"],
        but: &[Deed::Append, Deed::Remove],
        help: "put it in `append`: a cookie goes beside others",
    },
    Kept {
        names: &["vary"],
        but: &[Deed::Append],
        help: "put it in `append`: caches go by what is there already",
    },
    Kept { names: FRAMING, but: &[], help: FRAMING_HELP },
    Kept { names: &["mcp-", "date"], but: &[], help: "the MCP client and the server go by it" },
];

const FRAMING: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const FRAMING_HELP: &str = "it says how the message is read";

impl Side {
    pub fn key(self) -> &'static str {
        match self {
            Side::Request => "request",
            Side::Response => "response",
        }
    }
}

impl Deed {
    pub fn key(self) -> &'static str {
        match self {
            Deed::Set => "set",
            Deed::Append => "append",
            Deed::Remove => "remove",
        }
    }
}

/// A name, if it may be changed so. An alias of one that may not be is refused like it.
pub fn check(text: &str, side: Side, deed: Deed) -> Result<HeaderName, Refusal> {
    let name = HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
        Refusal::new(format!("{} is no name of a header", quoted(text)))
            .help("write letters, digits and `-`, such as `x-team`")
    })?;
    let plain = spelling::plain(&name);
    let is_kept = |kept: &&Kept| !kept.but.contains(&deed) && kept.names.iter().any(|of| is_of(&plain, of));
    let mut all = match side {
        Side::Request => OF_REQUESTS.iter(),
        Side::Response => OF_ANSWERS.iter(),
    };
    match all.find(is_kept) {
        Some(kept) => {
            let so = if kept.but.is_empty() { "" } else { " so" };
            Err(Refusal::new(format!("{} cannot be changed{so}", quoted(name.as_str()))).help(kept.help))
        }
        None => Ok(name),
    }
}

fn is_of(name: &str, kept: &str) -> bool {
    if kept.ends_with('-') { name.starts_with(kept) } else { name == kept }
}
