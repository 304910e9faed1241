//! A request of HTTP/1.1, watched as it arrives: for what the parser behind has repaired or skipped by
//! the time a request can be looked at. It escapes a space in a target, reads sizes of chunks generously, and does not
//! read trailers at all; another reader may take the same bytes for something else.
//!
//! This is no parser of requests. What it cannot follow is refused for its head by others; then it looks no further.
//!
//! [`answer`] does the same for what an upstream says.

pub mod answer;
mod chunked;
mod head;

use chunked::Chunked;
use head::{Body, Head};

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The request line is not three words with one space between (RFC 9112 §3).
    RequestLine,
    /// A chunk or the trailer section is not in its form (RFC 9112 §7.1).
    Chunk,
}

/// One request, from its first byte on.
#[derive(Clone, Debug)]
pub struct Request(State);

#[derive(Clone, Debug)]
enum State {
    Head(Head),
    /// So many bytes of a body are left.
    Sized(u64),
    Chunked(Chunked),
    /// The request is over, or it cannot be told what the bytes belong to.
    Over,
}

/// How far one step came.
enum Step<T> {
    /// All bytes were taken, and more are needed.
    More,
    /// This many bytes were taken.
    Done(usize, T),
}

impl Default for Request {
    fn default() -> Request {
        Request(State::Head(Head::default()))
    }
}

impl Request {
    /// The next bytes of the connection. Those after the end of the request are not looked at.
    ///
    /// # Errors
    /// At the first flaw; after it, never again.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        self.advance(bytes).inspect_err(|_| self.0 = State::Over)
    }

    fn advance(&mut self, mut bytes: &[u8]) -> Result<(), Flaw> {
        while !bytes.is_empty() {
            let (taken, next) = match &mut self.0 {
                State::Over => return Ok(()),
                State::Head(head) => match head.push(bytes)? {
                    Step::More => return Ok(()),
                    Step::Done(taken, body) => (taken, after_head(body)),
                },
                State::Sized(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    if *left > 0 {
                        return Ok(());
                    }
                    (taken, State::Over)
                }
                State::Chunked(chunked) => match chunked.push(bytes)? {
                    Step::More => return Ok(()),
                    Step::Done(taken, ()) => (taken, State::Over),
                },
            };
            self.0 = next;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }
}

fn after_head(body: Option<Body>) -> State {
    match body {
        None | Some(Body::Sized(0)) => State::Over,
        Some(Body::Sized(length)) => State::Sized(length),
        Some(Body::Chunked) => State::Chunked(Chunked::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(text: &str) -> Result<(), Flaw> {
        Request::default().push(text.as_bytes())
    }

    #[test]
    fn requests_in_their_form_pass() {
        let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
        let sized = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET  ";
        let chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\\\"\";c\r\nhello\r\n0\r\nX: y\r\n\r\n";
        for request in [get, sized, chunked] {
            assert_eq!(watched(request), Ok(()), "{request:?}");
            assert_eq!(watched(&[request, "GET  what follows\r\n"].concat()), Ok(()), "{request:?}");
        }
    }

    #[test]
    fn a_request_line_has_three_words_with_one_space_between() {
        for line in [
            "GET  /a HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET /a HTTP/1.1 ",
            " GET /a HTTP/1.1",
            "GET /\u{1}a HTTP/1.1",
        ] {
            assert_eq!(watched(&format!("{line}\r\nHost: h\r\n\r\n")), Err(Flaw::RequestLine), "{line:?}");
        }
    }

    #[test]
    fn a_chunked_body_that_is_not_in_its_form_is_a_flaw() {
        let rejected = [
            "\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\r\n\r\n0\r\n\r\n",
            "5\r\nhelloX\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "00000000000000000\r\n\r\n",
            "5;\r\nhello\r\n0\r\n\r\n",
            "5;=v\r\nhello\r\n0\r\n\r\n",
            "5;a=\"v\r\nhello\r\n0\r\n\r\n",
            "5;a\0b\r\nhello\r\n0\r\n\r\n",
            "0\r\nGET /hidden HTTP/1.1\r\nHost: h\r\n\r\n",
            "0\r\nX : y\r\n\r\n",
            "0\r\n: y\r\n\r\n",
            "0\r\n X: y\r\n\r\n",
            "0\r\nX: a\0b\r\n\r\n",
            "0\r\nX: y\n\r\n",
        ];
        for body in rejected {
            let request = format!("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
            assert_eq!(watched(&request), Err(Flaw::Chunk), "{body:?}");
        }
    }

    #[test]
    fn after_a_head_that_others_refuse_nothing_is_looked_at() {
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: +5\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "X: y\n",
        ] {
            assert_eq!(watched(&format!("POST /a HTTP/1.1\r\n{fields}\r\nGET  /\r\n")), Ok(()), "{fields:?}");
        }
    }
}
