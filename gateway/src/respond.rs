//! Every response the gateway writes itself. Deciding and writing are apart: the rest of the crate
//! returns a [`Refusal`] or a [`Reply`], and only this file turns one into bytes.
//!
//! A gateway-made error is one value: status, reason slug, a sentence and the request id. JSON-RPC callers
//! get it as a JSON-RPC error (so that an MCP client of either era reads it, `-32000` being the
//! implementation-defined code), everyone else as RFC 9457 problem details.

use std::borrow::Cow;

use bytes::Bytes;
use http::Version;
use http::header::{self, HeaderName, HeaderValue};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use tollgate_plugins::effects::FieldEdit;
use tollgate_plugins::policy::{Answer, Denial};
use tollgate_protocol::{jsonrpc, problem};

use crate::context::RequestId;
use crate::metrics::PROCESS;
use crate::reason::Reason;

/// A request the gateway will not relay, and why.
#[derive(Debug)]
pub struct Refusal {
    pub reason: &'static Reason,
    pub detail: Cow<'static, str>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// `Allow`, where the method was the fault.
    pub allow: Option<&'static str>,
    /// `WWW-Authenticate`, where a token would help.
    pub challenge: Option<String>,
    /// Of the JSON-RPC error, where the protocol has one for this.
    pub code: Option<i64>,
    /// What the errors of JSON-RPC answer, where that is known.
    pub answered: Option<Box<Answered>>,
    /// What a policy adds.
    pub more: Option<Box<More>>,
}

/// What only policies say about a refusal.
#[derive(Debug)]
pub struct More {
    fields: Vec<(HeaderName, HeaderValue)>,
    /// The outcome of a call rather than the failure of a connection: see [`Denial`].
    is_outcome: bool,
}

/// The requests of JSON-RPC that an error answers, by their ids as JSON.
#[derive(Debug)]
pub enum Answered {
    One(String),
    /// At least one; the answer is a list.
    Batch(Vec<String>),
}

/// How a request ends at the gateway.
#[derive(Debug)]
pub enum End {
    Refusal(Refusal),
    Reply(Reply),
}

impl End {
    pub fn reply(self, request: &RequestHeader, request_id: &str) -> Reply {
        match self {
            End::Refusal(refusal) => refusal.reply(request, request_id),
            End::Reply(reply) => reply,
        }
    }

    /// Its slug, if it is an error.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            End::Refusal(refusal) => Some(refusal.reason.slug),
            End::Reply(reply) => reply.reason,
        }
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> End {
        End::Refusal(refusal)
    }
}

impl Refusal {
    /// A refusal that says no more than its reason.
    pub fn new(reason: &'static Reason) -> Refusal {
        Refusal {
            reason,
            detail: Cow::Borrowed(reason.summary),
            retry_after: None,
            allow: None,
            challenge: None,
            code: None,
            answered: None,
            more: None,
        }
    }

    /// What a policy has refused.
    pub fn denied(denial: Denial, challenge: Option<String>, answered: Option<Answered>) -> Refusal {
        let Denial { reason, detail, retry_after, fields, code, is_outcome, .. } = denial;
        let more = More { fields, is_outcome };
        let (answered, more) = (answered.map(Box::new), Some(Box::new(more)));
        let detail = detail.map_or(Cow::Borrowed(reason.summary), Cow::Owned);
        Refusal { reason, detail, retry_after, allow: None, challenge, code, answered, more }
    }

    /// A refusal with a sentence of its own. It is sent to the client: no secret, no internal name.
    pub fn because(reason: &'static Reason, detail: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { detail: detail.into(), ..Refusal::new(reason) }
    }

    /// The response this refusal becomes for this request.
    pub fn reply(&self, request: &RequestHeader, request_id: &str) -> Reply {
        let answered = self.answered.as_deref();
        let (content_type, body) = match answered.is_some() || speaks_json_rpc(request) {
            true => (JSON, self.json_rpc_body(request_id, answered)),
            false => (PROBLEM_JSON, self.problem_body(request_id)),
        };
        let is_outcome = answered.is_some() && self.more.as_ref().is_some_and(|more| more.is_outcome);
        let status = if is_outcome { 200 } else { self.reason.status };
        let mut reply = Reply::new(status).with_body(content_type, body.into());
        reply.reason = Some(self.reason.slug);
        reply = reply.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            reply = reply.with(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(methods) = self.allow {
            reply = reply.with(header::ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(challenge) = self.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            reply = reply.with(header::WWW_AUTHENTICATE, challenge);
        }
        for (name, value) in self.more.iter().flat_map(|more| &more.fields) {
            reply = reply.with(name.clone(), value.clone());
        }
        reply
    }

    /// The same as an error of JSON-RPC.
    pub fn json_rpc_body(&self, request_id: &str, answered: Option<&Answered>) -> String {
        const IMPLEMENTATION_DEFINED: i64 = -32000;
        let data = [("reason", self.reason.slug), ("requestId", request_id)];
        let code = self.code.unwrap_or(IMPLEMENTATION_DEFINED);
        let error = |id: &str| jsonrpc::error_body(id, code, &self.detail, &data);
        match answered {
            None => error("null"),
            Some(Answered::One(id)) => error(id),
            Some(Answered::Batch(ids)) => {
                format!("[{}]", ids.iter().map(|id| error(id)).collect::<Vec<_>>().join(","))
            }
        }
    }

    fn problem_body(&self, request_id: &str) -> String {
        let Reason { slug, status, summary } = self.reason;
        problem::problem_body(*status, summary, &self.detail, slug, request_id)
    }
}

/// A complete response of the gateway's own.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// The slug the access log shows, for an answer that is an error.
    pub reason: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl Reply {
    pub fn new(status: u16) -> Reply {
        Reply { status, reason: None, headers: Vec::new(), body: Bytes::new() }
    }

    pub fn json(status: u16, body: Bytes) -> Reply {
        Reply::new(status).with_body(JSON, body)
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Reply {
        self.headers.push((name, value));
        self
    }

    /// What a policy answers in the MCP server's place.
    pub fn of_policy(answer: Answer) -> Reply {
        Reply { status: answer.status, reason: None, headers: answer.fields, body: answer.body }
    }

    /// Does to it what policies want done to any answer.
    pub fn edit(mut self, edits: &[FieldEdit]) -> Reply {
        for edit in edits {
            let (name, value) = match edit {
                FieldEdit::Append(name, value) => {
                    self.headers.push((name.clone(), value.clone()));
                    continue;
                }
                FieldEdit::Set(name, value) => (name, Some(value)),
                FieldEdit::Remove(name) => (name, None),
            };
            self.headers.retain(|(other, _)| other != name);
            self.headers.extend(value.map(|value| (name.clone(), value.clone())));
        }
        self
    }

    pub fn with_reason(mut self, reason: &'static Reason) -> Reply {
        self.reason = Some(reason.slug);
        self
    }

    fn with_body(mut self, content_type: HeaderValue, body: Bytes) -> Reply {
        self.body = body;
        self.with(header::CONTENT_TYPE, content_type)
    }

    /// Writes the response; a `HEAD` request gets the head of it alone (RFC 9110 §9.3.2).
    ///
    /// A request body that has not been read yet makes Pingora close the connection after this, so its
    /// bytes can never be taken for the next request.
    pub async fn write(self, session: &mut Session) -> Result<()> {
        let mut head = ResponseHeader::build(self.status, Some(self.headers.len() + 1))?;
        for (name, value) in self.headers {
            head.append_header(name, value)?;
        }
        // RFC 9110 §8.6: a 204 and a 304 carry no Content-Length here, having no content of their own.
        if !matches!(self.status, 204 | 304) {
            head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()))?;
        }
        let bodiless = self.body.is_empty() || session.req_header().method == http::Method::HEAD;
        session.write_response_header(Box::new(head), bodiless).await?;
        if !bodiless {
            session.write_response_body(Some(self.body), true).await?;
        }
        Ok(())
    }
}

/// Lets go of the fields of a request that nobody will look at any more. Over HTTP/2 a client may hold the answer back for
/// as long as it likes to read slowly, and a few bytes of it may have made thousands of fields.
pub fn forget_fields(session: &mut Session) {
    let request = session.req_header();
    let without = RequestHeader::build(request.method.clone(), request.raw_path(), Some(0));
    if let (Version::HTTP_2, Ok(mut without)) = (request.version, without) {
        without.set_version(Version::HTTP_2);
        *session.req_header_mut() = without;
    }
}

/// Whether an answer can still begin: any number of interim ones may come before it (RFC 9110 §15.2).
pub fn may_begin(session: &Session) -> bool {
    let written = session.response_written().map(|response| response.status);
    written.is_none_or(|status| status.is_informational() && status != http::StatusCode::SWITCHING_PROTOCOLS)
}

/// The whole answer to a client whose request never came, for a connection that is then closed.
pub fn without_request(reason: &'static Reason) -> Vec<u8> {
    PROCESS.rejected.count(reason.slug);
    let body = Refusal::new(reason).problem_body(&RequestId::next().to_string());
    let phrase = http::StatusCode::from_u16(reason.status).ok().and_then(|status| status.canonical_reason());
    format!(
        "HTTP/1.1 {} {}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        reason.status,
        phrase.unwrap_or_default(),
        body.len()
    )
    .into_bytes()
}

fn speaks_json_rpc(request: &RequestHeader) -> bool {
    request.method == http::Method::POST
        && request
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"application/json"))
}
