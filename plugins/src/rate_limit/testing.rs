//! Limits, and requests for them, for the tests around this.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderValue;
use serde_json::{Value as Json, json};
use tollgate_protocol::envelope::{Batches, Envelope};

use super::*;
use crate::effects::{Effects, FieldEdit};
use crate::policy::{Denial, Policy, Verdict};
use crate::request::{Caller, Request};
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
pub use crate::testing::Alone;

pub const NOW: u64 = 1_700_000_000_000;

/// The limit that settings make, and what is found wrong with them. In JSON as text, weights keep their order.
pub fn checked(settings: &impl ToString) -> (Option<RateLimit>, Vec<String>) {
    let settings: Settings = serde_json::from_str(&settings.to_string()).unwrap();
    let mut findings = Findings::default();
    let limit = check(&settings, &KeyPath::root(), &mut findings);
    let problems = findings.problems.iter();
    (limit, problems.map(|it| format!("{:?} {}: {}", it.severity, it.path, it.message)).collect())
}

/// Of settings in which nothing is wrong.
pub fn limit(settings: &impl ToString) -> RateLimit {
    let (limit, found) = checked(settings);
    assert_eq!(found, [""; 0]);
    limit.unwrap()
}

/// Two requests a minute.
pub fn by(by: &Json) -> Json {
    json!({ "by": by, "windows": [{ "requests": 2, "per": "1m" }] })
}

pub fn start(settings: &impl ToString) -> Running {
    limit(settings).start(&Alone::default())
}

/// Whoever asks.
#[derive(Clone)]
pub struct Asker {
    pub address: Option<IpAddr>,
    pub consumer: Option<&'static str>,
    pub subject: Option<&'static str>,
    pub session: Option<&'static str>,
    pub claims: Json,
    pub now: u64,
}

pub fn from(address: &str) -> Asker {
    let address = Some(address.parse().unwrap());
    Asker { address, consumer: None, subject: None, session: None, claims: json!({}), now: NOW }
}

impl Asker {
    /// What a limit says to something about this request.
    pub fn ask<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let mut headers = HeaderMap::new();
        if let Some(session) = self.session {
            headers.insert("mcp-session-id", HeaderValue::from_static(session));
        }
        let caller = Caller {
            plan: "gold",
            consumer: self.consumer,
            subject: self.subject,
            claims: Some(&self.claims),
            ..Caller::default()
        };
        let (method, host, path, client) = ("POST", "gw.example", "/crm/mcp", self.address);
        let (headers, caller, now) = (&headers, Some(caller), self.now);
        ask(&Request { method, host, path, headers, client, api: "crm", caller, now })
    }

    pub fn head(&self, limit: &Running) -> Verdict {
        self.ask(|request| limit.on_head(request, &mut Effects::default()))
    }

    /// Of how many such requests in a row the first ones go on.
    pub fn passes(&self, limit: &Running) -> usize {
        (0..10).take_while(|_| self.head(limit).goes_on()).count()
    }

    /// What is said to each message of a body.
    pub fn post(&self, limit: &Running, body: &Json, effects: &mut Effects) -> Vec<bool> {
        let body = body.to_string();
        let envelope = Envelope::read(body.as_bytes(), Batches::Allowed).unwrap();
        let messages = envelope.messages().iter();
        self.ask(|request| {
            messages.map(|message| limit.on_message(request, message, effects).goes_on()).collect()
        })
    }

    pub fn calls(&self, limit: &Running, tool: &str) -> bool {
        self.post(limit, &call(tool), &mut Effects::default()) == [true]
    }
}

pub fn call(tool: &str) -> Json {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool } })
}

pub fn denial(verdict: Verdict) -> Denial {
    match verdict {
        Verdict::Deny(denial) => *denial,
        other => panic!("{other:?}"),
    }
}

/// The fields of an answer, as they are on the wire.
pub fn fields(effects: &Effects) -> Vec<String> {
    let line = |edit: &FieldEdit| match edit {
        FieldEdit::Append(name, value) => format!("{name}: {}", value.to_str().unwrap()),
        other => panic!("{other:?}"),
    };
    effects.response_fields.iter().map(line).collect()
}
