//! Whom a refused token was meant for, as far as it says so itself.
//!
//! When an upstream refuses a token, the usual cause in a relay is that the authorization server bound it to the
//! gateway's URL (RFC 8707) while the upstream wants its own. A JWT (RFC 7519 §4.1.3) tells in its `aud`; it is read
//! for the operator's log alone, unverified, and nothing is ever decided by it.

use crate::base64url::decode;
use crate::json::{Kind, Object};

/// The longest token looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;
const MAX_DEPTH: usize = 8;

/// The `aud` values of a token that looks like a JWT; `None` for any other token, or one without `aud`.
pub fn audiences(token: &str) -> Option<Vec<String>> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if token.len() > MAX_TOKEN {
        return None;
    }
    let claims = decode(payload)?;
    let claims = Object::parse(&claims, MAX_DEPTH).ok()?;
    let value = &claims.get("aud")?.value;
    let values = match value.kind {
        Kind::Array => claims.elements(value)?,
        _ => vec![value.clone()],
    };
    values.iter().map(|value| claims.string(value).map(|text| text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let block = chunk.iter().fold(0u32, |block, byte| (block << 8) | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for at in 0..=chunk.len() {
                out.push(char::from(ALPHABET[(block >> (18 - 6 * at)) as usize & 63]));
            }
        }
        out
    }

    fn of(claims: &str) -> Option<Vec<String>> {
        audiences(&format!("e30.{}.c2ln", encode(claims)))
    }

    #[test]
    fn one_audience_or_several_are_read() {
        assert_eq!(of(r#"{"aud":"https://gw.example/a/mcp"}"#).unwrap(), ["https://gw.example/a/mcp"]);
        assert_eq!(of(r#"{"iss":"x","aud":["a","b"],"exp":1}"#).unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_is_no_jwt_with_an_audience_says_nothing() {
        for claims in
            [r#"{"iss":"x"}"#, r#"{"aud":1}"#, r#"{"aud":["a",1]}"#, "not json", r#"{"aud":"a","aud":"b"}"#]
        {
            assert_eq!(of(claims), None, "{claims}");
        }
        for token in ["", "opaque", "a.b", "a.b.c.d", "a.%.c", &format!("a.{}.c", "A".repeat(MAX_TOKEN))] {
            assert_eq!(audiences(token), None);
        }
    }
}
