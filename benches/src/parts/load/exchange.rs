//! A request, and what its answer has to be.

use std::net::SocketAddr;

use super::connection::Answer;
use crate::parts::messages;

/// What is asked again and again.
pub struct Exchange {
    pub requests: Vec<Request>,
    pub expect: Expect,
    /// Whether all of them are sent each time, one after another, and counted as one. Otherwise each has its turn.
    whole: bool,
}

/// A request as it is written, whose `Host` is the target.
pub struct Request {
    bytes: Vec<u8>,
}

/// In place of a status: any of those that say that it is done.
pub const DONE: u16 = 2;
/// Any of those that say it was the client's fault.
pub const REFUSED: u16 = 4;

/// What makes an answer a right one.
#[derive(Default)]
pub struct Expect {
    pub status: u16,
    /// A field, in lower case, and what its value contains.
    pub field: Option<(&'static str, String)>,
    pub body: Content,
}

#[derive(Default)]
pub enum Content {
    #[default]
    Any,
    Is(String),
    Has(String),
    Lacks(String),
    Length(usize),
}

impl Exchange {
    pub fn new(request: Request, expect: Expect) -> Exchange {
        Exchange::each(vec![request], expect)
    }

    /// One of these requests at a time.
    pub fn each(requests: Vec<Request>, expect: Expect) -> Exchange {
        Exchange { requests, expect, whole: false }
    }

    /// All of these requests as one.
    pub fn whole(requests: Vec<Request>, expect: Expect) -> Exchange {
        Exchange { requests, expect, whole: true }
    }

    /// A `tools/call` with these further fields.
    pub fn call(host: SocketAddr, path: &str, fields: &str) -> Exchange {
        Exchange::new(Request::post(host, path, fields, &messages::call()), Expect::result())
    }

    /// What is sent in the turn with this number.
    pub fn turn(&self, number: u64) -> &[Request] {
        if self.whole {
            return &self.requests;
        }
        let index = usize::try_from(number).unwrap_or_default() % self.requests.len();
        &self.requests[index..=index]
    }
}

impl Request {
    pub fn post(host: SocketAddr, path: &str, fields: &str, body: &str) -> Request {
        let fields = format!(
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{fields}\
             Content-Length: {}\r\n",
            body.len()
        );
        Request::with(host, "POST", path, &fields, body.as_bytes())
    }

    pub fn get(host: SocketAddr, path: &str, fields: &str) -> Request {
        Request::with(host, "GET", path, fields, b"")
    }

    pub fn with(host: SocketAddr, method: &str, path: &str, fields: &str, body: &[u8]) -> Request {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        Request { bytes: [head.as_bytes(), body].concat() }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Expect {
    pub fn status(status: u16) -> Expect {
        Expect { status, ..Expect::default() }
    }

    /// The answer to a `tools/call`.
    pub fn result() -> Expect {
        Expect { body: Content::Is(messages::result()), ..Expect::status(200) }
    }

    /// # Errors
    /// Says how an answer differs.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        let right = match self.status {
            DONE | REFUSED => answer.status / 100 == self.status,
            status => answer.status == status,
        };
        if !right {
            return Err(format!("a status of {} instead of {}", answer.status, self.status));
        }
        if let Some((name, wanted)) = &self.field {
            let value = answer.field(name).unwrap_or_default();
            if !value.contains(wanted.as_str()) {
                return Err(format!("a field {name} of {value:?}, without {wanted:?}"));
            }
        }
        if self.body.fits(answer.body) {
            Ok(())
        } else {
            Err(format!("another body: {}", beginning(answer.body)))
        }
    }
}

impl Content {
    fn fits(&self, body: &[u8]) -> bool {
        let has = |text: &String| body.windows(text.len()).any(|found| found == text.as_bytes());
        match self {
            Content::Any => true,
            Content::Is(text) => body == text.as_bytes(),
            Content::Has(text) => has(text),
            Content::Lacks(text) => !body.is_empty() && !has(text),
            Content::Length(length) => body.len() == *length,
        }
    }
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_their_turns_unless_all_of_them_are_one() {
        let host = SocketAddr::from(([127, 0, 0, 1], 80));
        let requests = || ["/first", "/second"].map(|path| Request::get(host, path, "")).into();
        let sent = |exchange: &Exchange, turn| -> Vec<Vec<u8>> {
            exchange.turn(turn).iter().map(|request| request.bytes().to_vec()).collect()
        };
        let each = Exchange::each(requests(), Expect::status(200));
        let whole = Exchange::whole(requests(), Expect::status(200));
        assert_eq!([sent(&each, 2), sent(&each, 3)].concat(), sent(&whole, 0));
        assert_eq!(sent(&whole, 0), sent(&whole, 3));
    }
}
