//! A request of HTTP/1.1, watched as it arrives: for what the parser behind has repaired, skipped or lost by
//! the time a request can be looked at. It escapes a space in a target, reads sizes of chunks generously, lets a bare LF end a
//! line, and does not read trailers at all; another reader may take the same bytes for something else.
//!
//! This is no parser of requests. What a parsed request shows as well is for others to refuse.
//!
//! [`answer`] does the same for what an upstream says.

pub mod answer;
mod chunked;
mod head;
mod line;

use chunked::Chunked;
use head::{Body, Head};

/// Of a request's head, as much as nginx takes; of what MCP servers are written in, Node takes half of it.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Of one of its lines.
pub const LINE_BYTES_MAX: usize = 16 * 1024;
pub const TARGET_BYTES_MAX: usize = 8 * 1024;
pub const FIELDS_MAX: usize = 100;

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flaw {
    /// The request line is not three words of printable ASCII with one space between (RFC 9112 §3).
    RequestLine = 1,
    TargetTooLong,
    /// The target has a fragment, which belongs to no request (RFC 9112 §3.2).
    Fragment,
    /// A line of the head ends in LF alone (RFC 9112 §2.2).
    LineEnd,
    /// A line of the head holds a CR or NUL (RFC 9110 §5.5).
    ControlCharacter,
    /// The head, a line or the number of fields is beyond its limit.
    TooLarge,
    /// How the body is framed is said more than once (RFC 9112 §6.3).
    SecondLength,
    /// A chunk or the trailer section is not in its form (RFC 9112 §7.1).
    Chunk,
}

impl Flaw {
    /// All, in the order of their numbers, which begin at 1.
    pub const ALL: [Flaw; 8] = [
        Flaw::RequestLine,
        Flaw::TargetTooLong,
        Flaw::Fragment,
        Flaw::LineEnd,
        Flaw::ControlCharacter,
        Flaw::TooLarge,
        Flaw::SecondLength,
        Flaw::Chunk,
    ];
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

fn after_head(body: Body) -> State {
    match body {
        Body::Unclear | Body::Sized(0) => State::Over,
        Body::Sized(length) => State::Sized(length),
        Body::Chunked => State::Chunked(Chunked::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(text: &str) -> Result<(), Flaw> {
        Request::default().push(text.as_bytes())
    }

    #[test]
    fn a_flaw_is_found_again_by_its_number() {
        for (place, flaw) in Flaw::ALL.into_iter().enumerate() {
            assert_eq!(flaw as usize, place + 1, "{flaw:?}");
        }
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
    fn a_line_of_a_head_ends_in_cr_lf_and_holds_neither() {
        let head = |fields: &str| watched(&format!("GET /a HTTP/1.1\r\n{fields}\r\n"));
        for fields in ["X: y\n", "X: y\nZ: a\r\n", "\n"] {
            assert_eq!(head(fields), Err(Flaw::LineEnd), "{fields:?}");
        }
        for fields in ["X: y\rZ: a\r\n", "X: y\r\r\n", "X: a\0b\r\n", "\0\r\n"] {
            assert_eq!(head(fields), Err(Flaw::ControlCharacter), "{fields:?}");
        }
        assert_eq!(watched("GET /a HTTP/1.1\nHost: h\r\n\r\n"), Err(Flaw::LineEnd));
    }

    #[test]
    fn a_head_keeps_to_its_limits_and_may_use_them() {
        let target = |length: usize| watched(&format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length - 1)));
        assert_eq!(
            (target(TARGET_BYTES_MAX), target(TARGET_BYTES_MAX + 1)),
            (Ok(()), Err(Flaw::TargetTooLong))
        );
        assert_eq!(target(HEAD_BYTES_MAX), Err(Flaw::TargetTooLong));
        let head = |fields: &str| watched(&format!("GET /a HTTP/1.1\r\n{fields}\r\n"));
        let field = |length: usize| head(&format!("X: {}\r\n", "a".repeat(length - 3)));
        assert_eq!((field(LINE_BYTES_MAX), field(LINE_BYTES_MAX + 1)), (Ok(()), Err(Flaw::TooLarge)));
        let fields = |number: usize| head(&"X: a\r\n".repeat(number));
        assert_eq!((fields(FIELDS_MAX), fields(FIELDS_MAX + 1)), (Ok(()), Err(Flaw::TooLarge)));
        let third = "a".repeat(HEAD_BYTES_MAX / 3);
        assert_eq!(head(&format!("X: {third}\r\nX: {third}\r\n")), Ok(()));
        assert_eq!(head(&format!("X: {third}\r\nX: {third}\r\nX: {third}\r\n")), Err(Flaw::TooLarge));
    }

    #[test]
    fn a_limit_is_passed_at_the_same_byte_however_the_bytes_arrive() {
        let long = "a".repeat(LINE_BYTES_MAX + 5);
        for head in [
            format!("GET /a HTTP/1.1\r\nX: {long}\n"),
            format!("GET /{long}\n"),
            format!("GET /a HTTP/1.1\r\n{}X\n", format!("X: {}\r\n", &long[..8187]).repeat(4)),
        ] {
            let mut by_byte = Request::default();
            let pieces = head.as_bytes().chunks(1).try_for_each(|byte| by_byte.push(byte));
            assert_eq!(pieces, watched(&head));
            assert_ne!(pieces, Err(Flaw::LineEnd));
        }
    }

    #[test]
    fn a_target_has_no_fragment() {
        assert_eq!(watched("GET /a#b HTTP/1.1\r\n\r\n"), Err(Flaw::Fragment));
    }

    #[test]
    fn how_a_body_is_framed_is_said_once() {
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 5\r\ncontent-length: 5\r\n",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length\r\nContent-Length: 5\r\n",
        ] {
            let request = format!("POST /a HTTP/1.1\r\n{fields}X: y\n\r\n");
            assert_eq!(watched(&request), Err(Flaw::SecondLength), "{fields:?}");
        }
    }

    #[test]
    fn a_body_that_others_refuse_for_its_head_is_not_looked_at() {
        for field in ["Content-Length: +5", "Content-Length: 5, 5", "Transfer-Encoding: gzip, chunked"] {
            let request = format!("POST /a HTTP/1.1\r\n{field}\r\nX: y\r\n\r\nGET  /\r\n");
            assert_eq!(watched(&request), Ok(()), "{field:?}");
            let request = format!("POST /a HTTP/1.1\r\n{field}\r\nX: y\n\r\n");
            assert_eq!(watched(&request), Err(Flaw::LineEnd), "its head is: {field:?}");
        }
    }
}
