//! The head of an upstream's answer: what of it concerns the gateway, found in one pass, and what of it no client gets.

use http::header::{self, HeaderName};
use http::{StatusCode, Version};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora_proxy::Session;
use tollgate_plugins::effects::FieldEdit;
use tollgate_protocol::http1::answer::HEAD_BYTES_MAX;

use crate::failure;
use crate::relay::event_stream;

/// Belongs to one connection (RFC 9110 §7.6.1). Pingora removes these from requests, not from responses.
const HOP_BY_HOP: [HeaderName; 4] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
];

/// What a head says that the hooks go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerHead {
    pub is_event_stream: bool,
    /// It has a challenge (RFC 9110 §11.6.1).
    pub challenges: bool,
    /// It has a field that may name the upstream.
    pub points_somewhere: bool,
    /// It has a field that is about the connection to the upstream.
    concerns_a_connection: bool,
}

impl AnswerHead {
    /// Goes through the fields once: looking each up costs more than that.
    ///
    /// # Errors
    /// When a client could read the answer differently (RFC 9112 §6.1, §6.3), nobody asked for it, or its fields have more than
    /// [`HEAD_BYTES_MAX`], which only one of HTTP/2 can.
    pub fn read(response: &ResponseHeader) -> Result<AnswerHead> {
        if response.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(failure::unfit_answer("it switches protocols, which nobody asked for"));
        }
        let mut head = AnswerHead::default();
        let mut bytes = response.get_reason_phrase().map_or(0, str::len);
        let (mut codings, mut lengths, mut types) = (0, 0, 0);
        for (name, value) in &response.headers {
            bytes += name.as_str().len() + value.len();
            match *name {
                header::TRANSFER_ENCODING => {
                    codings += 1;
                    let is_chunked = value.as_bytes().eq_ignore_ascii_case(b"chunked");
                    if codings > 1 || response.version == Version::HTTP_10 || !is_chunked {
                        return Err(failure::unfit_answer("its transfer coding is not `chunked` alone"));
                    }
                }
                header::CONTENT_LENGTH => {
                    lengths += 1;
                    // RFC 9110 §8.6: a list of lengths, even if they are all the same, is not to be passed on.
                    if lengths > 1 || value.as_bytes().contains(&b',') {
                        return Err(failure::unfit_answer("it has several lengths"));
                    }
                }
                header::CONTENT_TYPE => {
                    types += 1;
                    // Of several, clients take the first or none.
                    head.is_event_stream |= types == 1 && event_stream::is_type(value);
                }
                header::WWW_AUTHENTICATE => head.challenges = true,
                header::LOCATION | header::CONTENT_LOCATION | header::LINK | header::SET_COOKIE => {
                    head.points_somewhere = true;
                }
                _ => head.concerns_a_connection |= concerns_a_connection(name),
            }
        }
        match bytes > HEAD_BYTES_MAX {
            true => Err(failure::unfit_answer("its head is too large")),
            false => Ok(head),
        }
    }

    /// Whether clients may find a challenge in the answer.
    pub fn may_challenge(self, response: &ResponseHeader) -> bool {
        self.challenges || response.status == StatusCode::UNAUTHORIZED
    }

    /// Removes what concerned the upstream connection alone, and fields the answer itself nominates.
    pub fn strip(self, response: &mut ResponseHeader) {
        if self.concerns_a_connection {
            strip_hop_by_hop(response);
        }
        if response.status.is_informational() {
            // No client reads a challenge from an interim response, so none is rewritten there, and none leaks.
            response.remove_header(&header::WWW_AUTHENTICATE);
        }
    }
}

fn concerns_a_connection(name: &HeaderName) -> bool {
    matches!(*name, header::CONNECTION | header::UPGRADE) || HOP_BY_HOP.contains(name)
}

fn strip_hop_by_hop(response: &mut ResponseHeader) {
    let nominated: Vec<HeaderName> = response
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .filter(is_free_to_go)
        .collect();
    for name in nominated.iter().chain(&HOP_BY_HOP) {
        response.remove_header(name);
    }
    // RFC 9110 §15.5.22: that status says what to upgrade to.
    if response.status != StatusCode::UPGRADE_REQUIRED {
        response.remove_header(&header::UPGRADE);
    }
}

/// Does what a policy wants done to the head.
///
/// # Errors
/// None that policies can cause.
pub fn edit(response: &mut ResponseHeader, edit: FieldEdit) -> Result<()> {
    match edit {
        FieldEdit::Set(name, value) => response.insert_header(name, value),
        FieldEdit::Append(name, value) => response.append_header(name, value).map(drop),
        FieldEdit::Remove(name) => {
            response.remove_header(&name);
            Ok(())
        }
    }
}

/// The answer in the gateway's own version (RFC 9110 §6.2), as far as its client knows it: one of HTTP/1.0 does not know
/// chunks, so its answer ends where the connection does (RFC 9112 §6.1).
pub fn suit_version(session: &mut Session, response: &mut ResponseHeader) {
    if response.version == Version::HTTP_10 {
        response.set_version(Version::HTTP_11);
    }
    if session.req_header().version == Version::HTTP_10
        && response.remove_header(&header::TRANSFER_ENCODING).is_some()
    {
        session.set_keepalive(None);
    }
}

/// A response may not nominate away the fields that frame it, nor the challenge the client must see.
fn is_free_to_go(name: &HeaderName) -> bool {
    !matches!(
        *name,
        header::CONTENT_LENGTH
            | header::TRANSFER_ENCODING
            | header::CONTENT_TYPE
            | header::WWW_AUTHENTICATE
            | header::CONNECTION
            | header::UPGRADE
    )
}
