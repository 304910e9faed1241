//! `size_limits`: how large requests, their messages, and what they are answered may be.

use http::header;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_protocol::envelope::{MAX_DEPTH, Message};

use crate::effects::{AnswerLimits, Effects};
use crate::policy::{Denial, Needs, Policy, Reading, Verdict};
use crate::reason::of_policies::SIZE_LIMIT;
use crate::request::Request;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::Problem;

/// Of JSON-RPC: the request is not one that is accepted.
const INVALID_REQUEST: i64 = -32600;
/// A call has arguments within its params, and the handshake capabilities.
const DEPTH_OF_EVERY_CLIENT: u32 = 3;

/// How large requests and answers may be. At least one limit. Where several policies say how large, the strictest counts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with limits such as `request_bytes`")]
#[schemars(rename = "SizeLimits")]
pub struct Settings {
    /// Of the body of a request, as it is sent.
    #[schemars(range(min = 1))]
    pub request_bytes: Option<u32>,

    /// Of the body of an answer that is no event stream, as it is sent. What is longer is refused, or cut off where it has
    /// begun.
    #[schemars(range(min = 1))]
    pub response_bytes: Option<u32>,

    /// Of one event of a stream, which is cut at one that is longer.
    #[schemars(range(min = 1))]
    pub event_bytes: Option<u32>,

    /// How deep the objects and arrays of a message are nested, itself included. Those of calls are nested at least 3
    /// levels deep, and none of more than 64 is ever read. Messages are read before anything is sent on then.
    #[schemars(range(min = 1, max = 64))]
    pub json_depth: Option<u32>,

    /// The members of any one object, or elements of any one array, of a message. Messages are read before anything is sent
    /// on then.
    #[schemars(range(min = 1))]
    pub json_members: Option<u32>,
}

/// The policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SizeLimits {
    request: Option<u64>,
    answer: AnswerLimits,
    depth: Option<usize>,
    members: Option<usize>,
}

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<SizeLimits> {
    let Settings { request_bytes, response_bytes, event_bytes, json_depth, json_members } = written;
    let all = [
        ("request_bytes", request_bytes),
        ("response_bytes", response_bytes),
        ("event_bytes", event_bytes),
        ("json_depth", json_depth),
        ("json_members", json_members),
    ];
    if all.iter().all(|(_, limit)| limit.is_none()) {
        let known: Vec<_> = all.iter().map(|(key, _)| format!("`{key}`")).collect();
        let problem = Problem::error(path.clone(), "this policy limits nothing").at_key();
        findings.add(problem.absent(path.key("request_bytes")).help(format!("write {}", known.join(", "))));
        return None;
    }
    let zeros: Vec<_> = all.iter().filter(|(_, limit)| **limit == Some(0)).collect();
    for (key, _) in &zeros {
        let problem = Problem::error(path.key(key), "this cannot be zero: nothing would be let through");
        findings.add(problem.help("write at least `1`, or remove the line"));
    }
    if !zeros.is_empty() {
        return None;
    }
    check_depth(*json_depth, &path.key("json_depth"), findings);
    let size = |limit: &Option<u32>| limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    Some(SizeLimits {
        request: request_bytes.map(u64::from),
        answer: AnswerLimits { body: response_bytes.map(u64::from), event: event_bytes.map(u64::from) },
        depth: size(json_depth),
        members: size(json_members),
    })
}

fn check_depth(depth: Option<u32>, path: &KeyPath, findings: &mut Findings) {
    let doubt = match depth {
        Some(depth) if depth < DEPTH_OF_EVERY_CLIENT => (
            "no MCP client can do with so little",
            "write `3` at the least: arguments are in params in a message",
        ),
        Some(depth) if usize::try_from(depth).is_ok_and(|depth| depth >= MAX_DEPTH) => {
            ("no message is nested deeper anyway", "remove the line, or write less than `64`")
        }
        _ => return,
    };
    findings.add(Problem::warning(path.clone(), doubt.0).help(doubt.1));
}

impl Policy for SizeLimits {
    fn needs(&self) -> Needs {
        let reads = self.depth.is_some() || self.members.is_some();
        Needs {
            head: self.request.is_some() || self.answer != AnswerLimits::default(),
            message: if reads { Reading::Enforce } else { Reading::No },
            lists: false,
            requests: false,
        }
    }

    fn on_head(&self, request: &Request<'_>, effects: &mut Effects) -> Verdict {
        effects.answer_limits.tighten(self.answer);
        let Some(most) = self.request else { return Verdict::Continue };
        if announced(request).is_some_and(|bytes| bytes > most) {
            let detail = format!("This API accepts at most {most} bytes in a request.");
            return refused("request_bytes", detail);
        }
        // What is not announced, the gateway counts.
        effects.limit_request(most);
        Verdict::Continue
    }

    fn on_message(&self, _: &Request<'_>, message: &Message<'_>, _: &mut Effects) -> Verdict {
        let extent = message.whole.extent();
        if let Some(most) = self.depth.filter(|most| extent.depth > *most) {
            let detail = format!("This API accepts messages of at most {most} levels of objects and arrays.");
            return refused("json_depth", detail);
        }
        if let Some(most) = self.members.filter(|most| extent.members > *most) {
            let detail =
                format!("This API accepts at most {most} members of an object, or elements of an array.");
            return refused("json_members", detail);
        }
        Verdict::Continue
    }
}

/// What the head says of the length of the body; of several, the longest.
fn announced(request: &Request<'_>) -> Option<u64> {
    let fields = request.headers.get_all(header::CONTENT_LENGTH).iter();
    // More digits than fit are more bytes than any limit has.
    let bytes = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        true => Some(text.parse().unwrap_or(u64::MAX)),
        false => None,
    };
    fields.filter_map(|field| bytes(field.to_str().ok()?.trim())).max()
}

/// Whether the message was read or not, it is the request that is not accepted, and no outcome of a call.
fn refused(rule: &str, detail: String) -> Verdict {
    Verdict::Deny(Box::new(Denial {
        detail: Some(detail),
        rule: Some(rule.into()),
        code: Some(INVALID_REQUEST),
        ..Denial::new(&SIZE_LIMIT)
    }))
}

#[cfg(test)]
mod tests;
