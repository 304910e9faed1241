//! The one checked view of a request that everything downstream reads: method, host, path, query.
//!
//! Pingora accepts request heads that other parsers read differently (`docs/life-of-a-request.md` lists
//! them); what could mean two things to two readers is refused here, before any upstream is contacted.
//! What passes is forwarded byte for byte, so what is routed and authorised is what is sent.

use std::sync::Arc;

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Version};
use memchr::{memchr, memrchr};
use pingora::http::RequestHeader;
use tollgate_protocol::http1::{FIELDS_MAX, Flaw, HEAD_BYTES_MAX, LINE_BYTES_MAX, TARGET_BYTES_MAX};
use tollgate_protocol::path::{check_target_path, query_has_access_token};
use tollgate_protocol::url::host_is_valid;

use crate::minted;
use crate::origin::{PublicOrigin, PublicOrigins};
use crate::reason::{self, Reason};
use crate::respond::Refusal;

/// A longer length fits no integer that every reader has.
const LENGTH_DIGITS_MAX: usize = 18;
const CONNECTION_OPTIONS_MAX: usize = 9;

/// A request in its one normal form.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'r> {
    pub method: &'r Method,
    /// The `Host` field: host and, if given, port.
    pub authority: &'r str,
    /// What that selects; `None` where the listener does not answer for it.
    pub origin: Option<&'r Arc<PublicOrigin>>,
    /// Begins with `/`, holds no dot segment, no encoded slash and no empty segment.
    pub path: &'r str,
    pub query: Option<&'r str>,
}

impl<'r> Canonical<'r> {
    /// The authority without its port.
    pub fn host(&self) -> &'r str {
        split_port(self.authority).0
    }
}

/// What is said to a client whose bytes are not in their form, or too many.
pub fn refusal(flaw: Flaw) -> Refusal {
    let malformed = |detail| Refusal::because(&reason::MALFORMED_HEAD, detail);
    match flaw {
        Flaw::RequestLine => {
            malformed("The request line must be method, target and version with one space between.")
        }
        Flaw::LineEnd => malformed("A line of the request head does not end in CRLF."),
        Flaw::ControlCharacter => malformed("The request head holds a control character."),
        Flaw::SecondLength => malformed("The length of the request body is stated more than once."),
        Flaw::TargetTooLong => Refusal::new(&reason::TARGET_TOO_LONG),
        Flaw::Fragment => Refusal::because(&reason::BAD_PATH, "A request target has no fragment."),
        Flaw::TooLarge => Refusal::new(&reason::HEAD_TOO_LARGE),
        Flaw::Chunk => Refusal::new(&reason::MALFORMED_BODY),
    }
}

/// Checks a request head, sent to a listener that answers for these origins. One that came `in_frames` was not watched as it
/// arrived.
pub fn read<'r>(
    request: &'r RequestHeader,
    in_frames: bool,
    origins: &'r PublicOrigins,
) -> Result<Canonical<'r>, Refusal> {
    if in_frames {
        check_fields(request)?;
    }
    check_method(&request.method)?;
    let fields = Fields::of(&request.headers);
    fields.check_framing(request.version)?;
    if fields.has_connection {
        check_connection(request)?;
    }
    fields.check_names()?;
    let authority = authority(request, &fields)?;
    let origin = origins.select(authority);
    if origin.is_none() {
        // Origins have their form from the configuration.
        check_authority(authority)?;
    }
    let (path, query) = target(request)?;
    Ok(Canonical { method: &request.method, authority, origin, path, query })
}

/// The same bounds for a head that came in frames, where a parser has already refused most of what HTTP/1 leaves open
/// (RFC 9113 §8.2.1, §8.3.1).
fn check_fields(request: &RequestHeader) -> Result<(), Refusal> {
    let sizes = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let (mut fields, mut bytes, mut longest) = (0, request.raw_path().len(), 0);
    for size in sizes {
        fields += 1;
        bytes += size;
        longest = longest.max(size);
    }
    if !request.headers.iter().all(|(name, value)| is_field(name, value.as_bytes())) {
        return malformed("A field of the request head is not in its form.");
    }
    // Without an authority there is no telling: the parser keeps the two only together.
    if request.uri.authority().is_some() && !matches!(request.uri.scheme_str(), Some("http" | "https")) {
        return malformed("The scheme must be http or https.");
    }
    if fields > FIELDS_MAX || bytes > HEAD_BYTES_MAX || longest > LINE_BYTES_MAX {
        return Err(refusal(Flaw::TooLarge));
    }
    check_request_target(request.raw_path())
}

/// The HPACK decoder takes a quote for part of a name, and spaces around a value for part of that.
fn is_field(name: &HeaderName, value: &[u8]) -> bool {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    !name.as_str().contains('"') && !is_space(value.first()) && !is_space(value.last())
}

fn check_request_target(target: &[u8]) -> Result<(), Refusal> {
    if target.len() > TARGET_BYTES_MAX {
        return Err(refusal(Flaw::TargetTooLong));
    }
    if !target.iter().all(|byte| matches!(byte, 0x21..=0x7e)) {
        return malformed("The request target holds a character outside printable ASCII.");
    }
    // Looked for here because the parsed view has lost it already.
    if target.contains(&b'#') { Err(refusal(Flaw::Fragment)) } else { Ok(()) }
}

fn check_method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => Ok(()),
        _ => Err(Refusal::new(&reason::METHOD_NOT_SUPPORTED)),
    }
}

/// The fields that say how a request is to be read, found in one pass: looking each up costs more than that.
#[derive(Default)]
struct Fields<'r> {
    host: Only<'r>,
    content_length: Only<'r>,
    authorization: Only<'r>,
    transfer_encoding: Only<'r>,
    expect: Only<'r>,
    has_connection: bool,
    has_alias: bool,
}

/// The first value of a field that there may be only one of.
#[derive(Default)]
struct Only<'r> {
    first: Option<&'r HeaderValue>,
    has_more: bool,
}

impl<'r> Only<'r> {
    fn note(&mut self, value: &'r HeaderValue) {
        self.has_more = self.first.is_some();
        self.first = self.first.or(Some(value));
    }

    fn bytes(&self) -> Option<&'r [u8]> {
        self.first.map(HeaderValue::as_bytes)
    }
}

impl<'r> Fields<'r> {
    fn of(headers: &'r HeaderMap) -> Fields<'r> {
        let mut fields = Fields::default();
        for (name, value) in headers {
            match *name {
                header::HOST => fields.host.note(value),
                header::CONTENT_LENGTH => fields.content_length.note(value),
                header::AUTHORIZATION => fields.authorization.note(value),
                header::TRANSFER_ENCODING => fields.transfer_encoding.note(value),
                header::EXPECT => fields.expect.note(value),
                header::CONNECTION => fields.has_connection = true,
                // A field that an upstream could take for one of the gateway's.
                _ => fields.has_alias |= minted::is_alias(name.as_str()),
            }
        }
        fields
    }

    fn check_framing(&self, version: Version) -> Result<(), Refusal> {
        if let Some(coding) = self.transfer_encoding.bytes() {
            if version != Version::HTTP_11 {
                return malformed("Transfer-Encoding exists from HTTP/1.1 on.");
            }
            if !coding.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::new(&reason::TRANSFER_CODING_NOT_SUPPORTED));
            }
        }
        if self.content_length.has_more {
            return Err(refusal(Flaw::SecondLength));
        }
        // Pingora accepts the list form `5, 5` and passes it on as it came; not every upstream reads it the same.
        if let Some(length) = self.content_length.bytes()
            && !(length.len() <= LENGTH_DIGITS_MAX && length.iter().all(u8::is_ascii_digit))
        {
            return malformed("Content-Length must be one number, of at most 18 digits.");
        }
        match self.expect.bytes() {
            Some(expectation) if !expectation.eq_ignore_ascii_case(b"100-continue") => {
                Err(Refusal::new(&reason::EXPECTATION_NOT_SUPPORTED))
            }
            _ => Ok(()),
        }
    }

    fn check_names(&self) -> Result<(), Refusal> {
        if self.has_alias {
            return Err(Refusal::new(&reason::HEADER_ALIAS));
        }
        // Two would let the gateway and the upstream each believe another one.
        if self.authorization.has_more {
            return Err(Refusal::new(&reason::BAD_AUTHORIZATION));
        }
        Ok(())
    }
}

/// RFC 9110 §7.6.1. A client may name fields of its own that end here, but none that says who is asked for
/// what, and none the gateway goes by: Pingora breaks off such a request without an answer, and after it has connected to the upstream.
fn check_connection(request: &RequestHeader) -> Result<(), Refusal> {
    let fields = request.headers.get_all(header::CONNECTION).iter();
    let options = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    let options: Vec<&[u8]> = options.map(<[u8]>::trim_ascii).filter(|option| !option.is_empty()).collect();
    let names_another = |option: &&[u8]| match HeaderName::from_bytes(option) {
        Ok(name) => {
            matches!(name, header::HOST | header::AUTHORIZATION)
                || minted::is_forwarding(&name)
                || minted::is_heeded(&name)
        }
        Err(_) => true,
    };
    if options.len() > CONNECTION_OPTIONS_MAX || options.iter().any(names_another) {
        return malformed("The Connection field names what it may not.");
    }
    Ok(())
}

fn authority<'r>(request: &'r RequestHeader, fields: &Fields<'r>) -> Result<&'r str, Refusal> {
    let field = fields.host.first.map(|field| field.to_str().unwrap_or_default());
    let pseudo =
        request.uri.authority().filter(|_| request.version == Version::HTTP_2).map(|text| text.as_str());
    // RFC 9113 §8.3.1: `:authority` takes the place of Host, and where both are there they must agree.
    match (pseudo, field, fields.host.has_more) {
        (Some(pseudo), Some(field), false) if pseudo == field => Ok(pseudo),
        (Some(pseudo), None, false) => Ok(pseudo),
        (None, Some(field), false) => Ok(field),
        _ => Err(Refusal::new(&reason::BAD_HOST)),
    }
}

fn check_authority(authority: &str) -> Result<(), Refusal> {
    let (host, port) = split_port(authority);
    let port_is_valid =
        port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    match port_is_valid && host_is_valid(host) {
        true => Ok(()),
        false => Err(Refusal::new(&reason::BAD_HOST)),
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match memrchr(b':', authority.as_bytes()) {
        // The last colon of a bare IPv6 literal is inside its brackets.
        Some(colon) if !authority[colon..].contains(']') => {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    }
}

fn target(request: &RequestHeader) -> Result<(&str, Option<&str>), Refusal> {
    let target = std::str::from_utf8(request.raw_path()).map_err(|_| Refusal::new(&reason::BAD_PATH))?;
    if !target.starts_with('/') {
        return Err(Refusal::new(&reason::ABSOLUTE_FORM));
    }
    let (path, query) = match memchr(b'?', target.as_bytes()) {
        Some(mark) => (&target[..mark], Some(&target[mark + 1..])),
        None => (target, None),
    };
    check_target_path(path).map_err(|error| Refusal::because(&reason::BAD_PATH, error.to_string()))?;
    if query.is_some_and(query_has_access_token) {
        return Err(Refusal::new(&reason::TOKEN_IN_QUERY));
    }
    Ok((path, query))
}

fn malformed(detail: &'static str) -> Result<(), Refusal> {
    const WHY: &Reason = &reason::MALFORMED_HEAD;
    Err(Refusal::because(WHY, detail))
}
