//! The value of a header that repeats a part of the body (MCP 2026-07-28 streamable-http, Value Encoding).

use super::Fault;
use crate::base64url;
use std::borrow::Cow;

/// A value as it is meant: with the sentinel `=?base64?…?=`, which is case-sensitive, what is encoded in it.
///
/// # Errors
/// [`Fault::Malformed`] for bytes that are neither visible ASCII nor space nor tab, and for a sentinel around
/// anything but the one base64 spelling (RFC 4648 §4, padded) of UTF-8.
pub(super) fn decoded(value: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let value = plain(value)?;
    let encoded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let Some(encoded) = encoded else { return Ok(Cow::Borrowed(value)) };
    let bytes = base64(encoded).ok_or(Fault::Malformed)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Fault::Malformed)
}

/// A value in which a sentinel would mean nothing.
pub(super) fn plain(value: &[u8]) -> Result<&str, Fault> {
    let allowed = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
    let text = std::str::from_utf8(value).ok().filter(|_| value.iter().all(allowed));
    // Whitespace around a value is not part of it (RFC 9110 §5.5).
    text.map(|text| text.trim_matches([' ', '\t'])).ok_or(Fault::Malformed)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if !text.len().is_multiple_of(4) || padding > 2 || unpadded.contains(['-', '_']) {
        return None;
    }
    base64url::decode(&unpadded.replace('+', "-").replace('/', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_as_the_examples_of_the_specification() {
        for (value, meant) in [
            ("us-west1", "us-west1"),
            ("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
            ("=?base64?IHBhZGRlZCA=?=", " padded "),
            ("=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
            ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="),
            ("=?base64??=", ""),
            ("=?base64?fn5+?=", "~~~"),
            ("", ""),
            (" \tinner space \t", "inner space"),
        ] {
            assert_eq!(decoded(value.as_bytes()).as_deref(), Ok(meant), "{value}");
        }
    }

    #[test]
    fn what_is_not_exactly_the_sentinel_means_itself() {
        for value in
            ["=?BASE64?YQ==?=", "=?base64?=", "=?base64?YQ==", "x=?base64?YQ==?=", "base64?YQ==?=", "%61"]
        {
            assert_eq!(decoded(value.as_bytes()).as_deref(), Ok(value));
        }
    }

    #[test]
    fn bytes_and_encodings_that_are_not_allowed_are_malformed() {
        for value in [
            &b"caf\xc3\xa9"[..],
            b"caf\xe9",
            b"a\nb",
            b"a\0",
            b"\x7f",
            b"=?base64?YQ?=",
            b"=?base64?YQ=?=",
            b"=?base64?YQ===?=",
            b"=?base64?YR==?=",
            b"=?base64?Y Q=?=",
            b"=?base64?%%%%?=",
            b"=?base64?fn5-?=",
            b"=?base64?====?=",
            b"=?base64?/w==?=",
        ] {
            assert_eq!(decoded(value), Err(Fault::Malformed), "{value:?}");
        }
    }
}
