//! The `Authorization` field of a request (RFC 6750 §2.1, RFC 9110 §11.6.2).
//!
//! Two readers that pick different credentials out of one request are a way in, so anything but a single credential in
//! a single field is an error. Nothing here prints a token: errors carry no part of the field.

use crate::syntax::{is_ows, is_token68};

/// The longest field value accepted, in bytes.
pub const MAX_FIELD: usize = 16 * 1024;

/// Why the field is refused; each is an `invalid_request` of RFC 6750 §3.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BearerError {
    SeveralFields,
    SeveralCredentials,
    TooLong,
    Malformed,
}

/// The bearer token of a request, given all its `Authorization` fields.
///
/// `Ok(None)` when there is no field, or one of another scheme: nobody has tried a bearer token, so another way of
/// proving who calls may be asked. An error means that somebody tried, and is final.
pub fn token<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a str>, BearerError> {
    let mut fields = fields.into_iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(BearerError::SeveralFields);
    }
    if field.len() > MAX_FIELD {
        return Err(BearerError::TooLong);
    }
    credential(field)
}

fn credential(field: &[u8]) -> Result<Option<&str>, BearerError> {
    let end = field.iter().position(|byte| is_ows(*byte) || *byte == b',').unwrap_or(field.len());
    let (scheme, rest) = field.split_at(end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        // `Basic …, Bearer …` would be read by some server as the second credential.
        let hidden = field
            .split(|byte| is_ows(*byte) || *byte == b',')
            .any(|word| word.eq_ignore_ascii_case(b"bearer"));
        return if hidden { Err(BearerError::SeveralCredentials) } else { Ok(None) };
    }
    if field.contains(&b',') {
        return Err(BearerError::SeveralCredentials);
    }
    let token = rest.trim_ascii();
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (content, _) = token.split_at(token.len() - padding);
    if content.is_empty() || !content.iter().all(|byte| is_token68(*byte)) {
        return Err(BearerError::Malformed);
    }
    std::str::from_utf8(token).map(Some).map_err(|_| BearerError::Malformed)
}

impl BearerError {
    /// The stable name used in logs, metrics and error bodies.
    pub fn slug(self) -> &'static str {
        match self {
            BearerError::SeveralFields => "authorization_several_fields",
            BearerError::SeveralCredentials => "authorization_several_credentials",
            BearerError::TooLong => "authorization_too_long",
            BearerError::Malformed => "authorization_malformed",
        }
    }
}

impl std::fmt::Display for BearerError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            BearerError::SeveralFields => "the request has more than one Authorization field",
            BearerError::SeveralCredentials => "the Authorization field holds more than one credential",
            BearerError::TooLong => "the Authorization field is longer than 16 KiB",
            BearerError::Malformed => "the Authorization field holds no well-formed bearer token",
        })
    }
}

impl std::error::Error for BearerError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(fields: &[&'a str]) -> Result<Option<&'a str>, BearerError> {
        token(fields.iter().map(|field| field.as_bytes()))
    }

    #[test]
    fn one_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        for field in ["Bearer aB1-._~+/==", "bearer aB1-._~+/==", "BEARER  aB1-._~+/== "] {
            assert_eq!(read(&[field]), Ok(Some("aB1-._~+/==")), "{field}");
        }
    }

    #[test]
    fn no_field_and_other_schemes_are_no_bearer_token() {
        assert_eq!(read(&[]), Ok(None));
        for field in ["", "Basic YTpi", "DPoP abc", "Bearerabc", "Digest a=b, c=d"] {
            assert_eq!(read(&[field]), Ok(None), "{field}");
        }
    }

    #[test]
    fn more_than_one_credential_is_refused() {
        assert_eq!(read(&["Bearer a", "Bearer a"]), Err(BearerError::SeveralFields));
        assert_eq!(read(&["Basic a", "Bearer a"]), Err(BearerError::SeveralFields));
        for field in
            ["Bearer a, Bearer b", "Bearer a,", "Basic YTpi, Bearer b", "Bearer,a", "Basic a,bearer b"]
        {
            assert_eq!(read(&[field]), Err(BearerError::SeveralCredentials), "{field}");
        }
    }

    #[test]
    fn what_is_no_b64token_is_refused() {
        for field in [
            "Bearer",
            "Bearer ",
            "Bearer =",
            "Bearer a b",
            "Bearer a=b",
            "Bearer é",
            "Bearer \"a\"",
            "Bearer a\0",
        ] {
            assert_eq!(read(&[field]), Err(BearerError::Malformed), "{field}");
        }
        let long = format!("Bearer {}", "a".repeat(MAX_FIELD));
        assert_eq!(read(&[&long]), Err(BearerError::TooLong));
    }
}
