//! One HTTP request and its answer, timed, and searched for what must not be in it.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{HeaderMap, Request, Response, Uri, header};
use ureq::{Agent, Body};

use super::Target;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const BODY_LIMIT: u64 = 1 << 20;

/// The client's HTTP side: no redirects are followed, no proxy is used, every status is an answer.
pub struct Wire {
    agent: Agent,
    published_authority: Option<String>,
    hidden_authority: Option<String>,
}

/// An answer, and how long it took.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The whole body, or of an event stream the first JSON-RPC response in it.
    pub body: String,
    pub elapsed: Duration,
}

impl Wire {
    pub fn new(target: &Target) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(ANSWER_WITHIN));
        Self {
            agent: config.build().new_agent(),
            published_authority: authority(&target.url),
            hidden_authority: target.hidden_authority.clone(),
        }
    }

    /// Sends `request`; what comes back from the target's origin must not show the hidden address.
    pub fn send(&self, request: Request<String>) -> Result<Answer, String> {
        let url = request.uri().to_string();
        let started = Instant::now();
        let response = self.agent.run(request).map_err(|error| format!("{url} did not answer: {error}"))?;
        let answer =
            read(response, started).map_err(|error| format!("the answer of {url} broke off: {error}"))?;
        self.nothing_hidden_shows(&url, &answer)?;
        Ok(answer)
    }

    fn nothing_hidden_shows(&self, url: &str, answer: &Answer) -> Result<(), String> {
        let Some(hidden) =
            self.hidden_authority.as_deref().filter(|_| authority(url) == self.published_authority)
        else {
            return Ok(());
        };
        let shows = |text: &[u8]| String::from_utf8_lossy(text).contains(hidden);
        let header = answer.headers.iter().find(|(_, value)| shows(value.as_bytes()));
        match header {
            Some((name, _)) => {
                Err(format!("{url} shows the MCP server's own address {hidden} in its {name} header"))
            }
            None if shows(answer.body.as_bytes()) => {
                Err(format!("{url} shows the MCP server's own address {hidden}"))
            }
            None => Ok(()),
        }
    }
}

impl Answer {
    /// The answer itself if it has `status`, else a sentence with what came instead.
    pub fn expect(self, status: u16, of: &str) -> Result<Self, String> {
        if self.status == status {
            return Ok(self);
        }
        // Only what an error says: a success of another kind could carry a token.
        let said: String = self.body.chars().take(if self.status >= 400 { 200 } else { 0 }).collect();
        Err(format!("{of} should answer {status} and answered {} {said}", self.status))
    }

    pub fn json(&self, of: &str) -> Result<Value, String> {
        serde_json::from_str(&self.body).map_err(|error| format!("{of} is not JSON: {error}"))
    }

    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A required text member of a JSON document.
pub fn text<'a>(document: &'a Value, pointer: &str, of: &str) -> Result<&'a str, String> {
    document.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("{of} has no {}", &pointer[1..]))
}

fn authority(url: &str) -> Option<String> {
    Some(url.parse::<Uri>().ok()?.authority()?.to_string())
}

fn read(response: Response<Body>, started: Instant) -> std::io::Result<Answer> {
    let (head, body) = response.into_parts();
    let streamed = head
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let mut reader = BufReader::new(body.into_with_config().limit(BODY_LIMIT).reader());
    let mut body = String::new();
    if streamed {
        body = first_response(reader)?;
    } else {
        reader.read_to_string(&mut body)?;
    }
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, elapsed: started.elapsed() })
}

/// The first JSON-RPC response among the events. Reading stops there: the server need not close the stream.
fn first_response(reader: impl BufRead) -> std::io::Result<String> {
    for line in reader.lines() {
        let line = line?;
        let Some(data) = line.strip_prefix("data:") else { continue };
        let message: Value = serde_json::from_str(data).unwrap_or_default();
        if message.get("result").or(message.get("error")).is_some() {
            return Ok(message.to_string());
        }
    }
    Err(std::io::Error::other("the event stream ended without a response"))
}
