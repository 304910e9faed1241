//! URIs of resources, which may be written in more than one way (RFC 3986 §6). A server may read one way as another, so a
//! rule is held to all of them: what is denied in one is denied in all, and what is allowed is allowed in its normal form.

use std::borrow::Cow;

/// A URI as it was written, and in its normal form.
#[derive(Debug, PartialEq, Eq)]
pub struct Uri<'u> {
    pub written: Cow<'u, str>,
    /// `None` where servers could disagree about what it leads to: dots that lead up, escaped slashes, backslashes.
    pub normal: Option<String>,
}

impl<'u> Uri<'u> {
    pub fn read(written: &'u str) -> Uri<'u> {
        Uri { normal: normal(written), written: Cow::Borrowed(written) }
    }

    pub fn read_owned(written: String) -> Uri<'static> {
        Uri { normal: normal(&written), written: Cow::Owned(written) }
    }
}

fn normal(uri: &str) -> Option<String> {
    let unfit = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if uri.contains(unfit) {
        return None;
    }
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let rest = unescaped(rest)?;
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (Some(rest.get(..end)?.to_ascii_lowercase()), rest.get(end..)?)
        }
        None => (None, rest.as_str()),
    };
    let before_query = path.split(['?', '#']).next().unwrap_or_default();
    if before_query.split('/').any(|segment| matches!(segment, "." | "..")) {
        return None;
    }
    // RFC 8089 §2: no host, and this one, are the same for files.
    let authority = match (scheme.as_str(), authority) {
        ("file", None) if path.starts_with('/') => Some(String::new()),
        ("file", Some(host)) if host == "localhost" => Some(String::new()),
        (_, authority) => authority,
    };
    let authority = authority.map(|authority| format!("//{authority}")).unwrap_or_default();
    let colon = if uri.contains(':') { ":" } else { "" };
    Some(format!("{scheme}{colon}{authority}{path}"))
}

/// Without escapes of characters that need none (RFC 3986 §6.2.2.2); the others in upper case. `None` for an escape that is
/// none, or that hides what separates the parts of a path.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('%');
    plain.push_str(parts.next()?);
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        match byte {
            b'/' | b'\\' | b'%' | 0..0x20 | 0x7f => return None,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                plain.push(char::from(byte))
            }
            _ => {
                plain.push('%');
                plain.push_str(&digits.to_ascii_uppercase());
            }
        }
        plain.push_str(part.get(2..)?);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_write_a_uri_have_one_normal_form() {
        for (written, expected) in [
            ("file:///public/a", "file:///public/a"),
            ("FILE:///public/a", "file:///public/a"),
            ("file:/public/a", "file:///public/a"),
            ("file://LocalHost/public/a", "file:///public/a"),
            ("file:///%70ublic/%61", "file:///public/a"),
            ("https://Host.Example/A?q=..", "https://host.example/A?q=.."),
            ("note:x%c3%a4y", "note:x%C3%A4y"),
            ("plain", "plain"),
        ] {
            assert_eq!(normal(written).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn what_servers_could_follow_to_different_places_has_none() {
        for written in [
            "file:///public/../secret",
            "file:///public/%2e%2e/secret",
            "file:///public/.%2E/secret",
            "file:///public/./a",
            "file:///public%2fa",
            "file:///public\\..\\secret",
            "file:///public%5c..%5csecret",
            "file:///a%00b",
            "file:///a%252e",
            "file:///a%zz",
            "file:///a b",
            "file:///a\n",
        ] {
            assert_eq!(normal(written), None, "{written}");
        }
    }
}
