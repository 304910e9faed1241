//! What a policy is: something that is asked about a request when its head is there, when its message was read, and when
//! a list is answered. It decides at once, from what it is shown and its own memory; it does no I/O.
//!
//! What it wants to be asked about it says once, when the configuration is built ([`Policy::needs`]), so that an API
//! none of whose policies reads messages never looks at a body. What it does besides deciding goes into [`Effects`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_protocol::envelope::Message;
use tollgate_protocol::lists::Listed;

use crate::audit::{Sink, Target};
use crate::effects::Effects;
use crate::limiter::{Key, Taken, Windows};
use crate::reason::Reason;
use crate::request::Request;

/// One policy, compiled. Shared by all requests.
pub trait Policy: fmt::Debug + Send + Sync {
    /// What it has to be asked about. Always the same.
    fn needs(&self) -> Needs;

    /// A caller was admitted; nothing of the body was read, and nothing was sent on.
    fn on_head(&self, _request: &Request<'_>, _effects: &mut Effects) -> Verdict {
        Verdict::Continue
    }

    /// A message was read; the answer decides whether the MCP server gets it. Of a batch, each in turn.
    fn on_message(&self, _request: &Request<'_>, _message: &Message<'_>, _effects: &mut Effects) -> Verdict {
        Verdict::Continue
    }

    /// What the shared store said to a [`Charge`] of this policy; `None` when it did not answer in time.
    fn on_charged(&self, _charge: &Charge, _taken: Option<Taken>, _effects: &mut Effects) -> Verdict {
        Verdict::Continue
    }

    /// What it has to remember across a reload: the same policy of the next configuration begins with it.
    fn memory(&self) -> Option<Memory> {
        None
    }

    /// Whether the caller may see this item of a list, or be asked for this.
    fn shows(&self, _request: &Request<'_>, _item: &Listed<'_>) -> bool {
        true
    }
}

/// What a policy remembers; whoever made it knows its type.
pub type Memory = Arc<dyn Any + Send + Sync>;

/// What a policy may need to start.
pub trait Services {
    /// What the policy with the same place in the configuration that runs now remembers.
    fn memory(&self) -> Option<Memory>;

    /// What writes records to a target.
    ///
    /// # Errors
    /// When nothing can be written there.
    fn sink(&self, target: &Target) -> Result<Arc<dyn Sink>, String>;

    /// Where it stands in the configuration; no other policy has it. Its last part, after a `/`, is its name.
    fn place(&self) -> &str;

    /// What is done without the store in which gateways count together; `None` where each counts for itself.
    fn shared_limits(&self) -> Option<OnFailure>;
}

/// What is done with a request that a shared store has not been heard about in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OnFailure {
    /// This gateway counts for itself meanwhile.
    #[default]
    Local,
    /// It goes on.
    Open,
    /// It is refused.
    Closed,
}

/// What a policy has to be asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub head: bool,
    pub message: Reading,
    /// [`Policy::shows`], about items of lists.
    pub lists: bool,
    /// [`Policy::shows`], about requests of the MCP server. All answers are read for that, and streams.
    pub requests: bool,
}

/// How messages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// Not at all.
    #[default]
    No,
    /// While they are sent on: nothing is held back, and a verdict would come too late.
    Observe,
    /// Before the MCP server has any of them whole.
    Enforce,
}

/// What a policy says.
#[derive(Debug)]
pub enum Verdict {
    Continue,
    /// The gateway answers in the MCP server's place.
    Answer(Box<Answer>),
    Deny(Box<Denial>),
    /// A shared store has to be asked; [`Policy::on_charged`] goes on from there.
    Charge(Box<Charge>),
}

impl Verdict {
    pub fn deny(reason: &'static Reason) -> Verdict {
        Verdict::Deny(Box::new(Denial::new(reason)))
    }

    /// Whether it stands in the way of nothing.
    pub fn goes_on(&self) -> bool {
        matches!(self, Verdict::Continue)
    }
}

/// A complete answer of the policy's own.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

/// Why a request is refused.
#[derive(Debug)]
pub struct Denial {
    pub reason: &'static Reason,
    /// A sentence for the client in place of the reason's own: no secret, no internal name.
    pub detail: Option<String>,
    /// Which rule said so, as the operator finds it: for the log alone.
    pub rule: Option<Box<str>>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// Further fields of the answer.
    pub fields: Vec<(HeaderName, HeaderValue)>,
    /// Scopes with which the request would be let through: the client is told to ask for them (RFC 6750 §3.1).
    pub scopes: Vec<String>,
    /// Of the JSON-RPC error; -32000 without one.
    pub code: Option<i64>,
    /// A request of JSON-RPC is answered by HTTP status 200 and an error of JSON-RPC, which MCP clients hand on as the
    /// outcome of the call; another status is the failure of the connection to many of them.
    pub is_outcome: bool,
}

impl Denial {
    pub fn new(reason: &'static Reason) -> Denial {
        Denial {
            reason,
            detail: None,
            rule: None,
            retry_after: None,
            fields: Vec::new(),
            scopes: Vec::new(),
            code: None,
            is_outcome: false,
        }
    }
}

/// What a request costs, where several gateways count together.
#[derive(Debug)]
pub struct Charge {
    /// What is counted: the limit, and whose it is.
    pub key: String,
    /// Not 0.
    pub cost: u64,
    /// Those of the limit: all of them are charged, or none.
    pub windows: Windows,
    /// The same, for who counts here where the store is not heard.
    pub local: Key,
    /// As [`Request::now`].
    pub now: u64,
}
