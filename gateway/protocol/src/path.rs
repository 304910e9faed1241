//! The one normal form of a request target's path (RFC 3986 §3.3, §6.2.2).
//!
//! Proxies and servers disagree about what `%2f`, `..;`, `//` and their relatives mean, and each disagreement is a way
//! around a rule. The gateway cleans nothing: a path is either in the form below or refused, so the path that was
//! routed and authorised is the path that is forwarded, byte for byte.

use crate::syntax::{escapes_are_whole, is_pchar, is_unreserved, percent_decode};

/// Why a path is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathError {
    NotAbsolute,
    Character,
    PercentEncoding,
    EmptySegment,
    DotSegment,
    EncodedSeparator,
    EncodedControl,
    EncodedUnreserved,
    NestedEncoding,
    NotUtf8,
}

/// Checks a request target's path, query excluded. `Ok` means it may be routed and forwarded as it is.
///
/// Accepted: segments of RFC 3986 `pchar`, none empty but the last, whole escapes only. Refused beyond that, also when
/// hidden under a second layer of escapes: `.` and `..` (with or without `;parameters`), encoded slashes, backslashes
/// and control characters, text that is not UTF-8, escaped letters, digits, `-`, `.` and `_` (which have a spelling
/// without an escape; `%7E` is let through because old clients send it), and a third layer of escapes.
pub fn check_target_path(path: &str) -> Result<(), PathError> {
    let inner = path.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
    check_characters(inner)?;
    if inner.is_empty() {
        return Ok(());
    }
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathError::EmptySegment);
        }
        check_segment(segment)?;
    }
    Ok(())
}

/// What is left of a path for a server that cuts each segment at `;` (servlet containers do) or decodes `%3b`, `%3f` or
/// `%23`, in one layer of escapes or two, before it looks where a path ends. `None` where nothing would be cut.
///
/// A path that leads elsewhere that way could get around the rules of where it seems to lead.
pub fn without_parameters(path: &str) -> Option<String> {
    if !path.contains([';', '%']) {
        return None;
    }
    let mut left = String::with_capacity(path.len());
    for segment in path.strip_prefix('/')?.split('/') {
        let decoded = percent_decode(&percent_decode(segment.as_bytes()));
        let cut = decoded.iter().position(|byte| matches!(byte, b';' | b'?' | b'#'));
        left.push('/');
        let Some(cut) = cut else {
            left.push_str(segment);
            continue;
        };
        left.push_str(&String::from_utf8_lossy(&decoded[..cut]));
        if decoded[cut] != b';' {
            return Some(left);
        }
    }
    (left != path).then_some(left)
}

/// Whether a query names an `access_token`, which RFC 6750 §2.3 allowed and MCP forbids.
///
/// The name is compared after decoding, in any letter case; `&` and `;` both separate parameters, since servers differ.
pub fn query_has_access_token(query: &str) -> bool {
    query.split(['&', ';']).any(|parameter| {
        let name = parameter.split('=').next().unwrap_or(parameter);
        percent_decode(name.as_bytes()).eq_ignore_ascii_case(b"access_token")
    })
}

impl PathError {
    /// The stable name used in logs, metrics and error bodies.
    pub fn slug(self) -> &'static str {
        match self {
            PathError::NotAbsolute => "path_not_absolute",
            PathError::Character => "path_character",
            PathError::PercentEncoding => "path_percent_encoding",
            PathError::EmptySegment => "path_empty_segment",
            PathError::DotSegment => "path_dot_segment",
            PathError::EncodedSeparator => "path_encoded_separator",
            PathError::EncodedControl => "path_encoded_control",
            PathError::EncodedUnreserved => "path_encoded_unreserved",
            PathError::NestedEncoding => "path_nested_encoding",
            PathError::NotUtf8 => "path_not_utf8",
        }
    }
}

impl std::fmt::Display for PathError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            PathError::NotAbsolute => "the path must begin with a slash",
            PathError::Character => "the path holds a character that RFC 3986 does not allow in a path",
            PathError::PercentEncoding => {
                "the path holds a `%` that is not followed by two hexadecimal digits"
            }
            PathError::EmptySegment => "the path holds two slashes in a row",
            PathError::DotSegment => "the path holds a `.` or `..` segment",
            PathError::EncodedSeparator => "the path holds an encoded slash or backslash",
            PathError::EncodedControl => "the path holds an encoded control character",
            PathError::EncodedUnreserved => "the path encodes a character that must be written as it is",
            PathError::NestedEncoding => "the path is percent-encoded more than twice",
            PathError::NotUtf8 => "the path does not decode to UTF-8",
        })
    }
}

impl std::error::Error for PathError {}

fn check_characters(path: &str) -> Result<(), PathError> {
    if path.bytes().any(|byte| !is_pchar(byte) && byte != b'/' && byte != b'%') {
        return Err(PathError::Character);
    }
    if !escapes_are_whole(path.as_bytes()) {
        return Err(PathError::PercentEncoding);
    }
    Ok(())
}

/// Dots are looked for in every layer first, so that `%2e%2e` is called what it is.
fn check_segment(segment: &str) -> Result<(), PathError> {
    let raw = segment.as_bytes();
    check_dots(raw)?;
    if !segment.contains('%') {
        return Ok(());
    }
    let once = percent_decode(raw);
    let twice = percent_decode(&once);
    check_dots(&once)?;
    check_dots(&twice)?;
    check_escapes(raw)?;
    check_escapes(&once)?;
    if percent_decode(&twice) != twice {
        return Err(PathError::NestedEncoding);
    }
    if std::str::from_utf8(&twice).is_err() {
        return Err(PathError::NotUtf8);
    }
    Ok(())
}

/// A dot segment is one whose text before any `;` is one or two dots; servlet containers drop the rest.
fn check_dots(segment: &[u8]) -> Result<(), PathError> {
    match segment.split(|byte| *byte == b';').next() {
        Some(b"." | b"..") => Err(PathError::DotSegment),
        Some(b"") if !segment.is_empty() => Err(PathError::EmptySegment),
        _ => Ok(()),
    }
}

/// Looks at what each escape of this layer stands for.
fn check_escapes(segment: &[u8]) -> Result<(), PathError> {
    for at in 0..segment.len() {
        match crate::syntax::percent_escape(&segment[at..]) {
            Some(b'/' | b'\\') => return Err(PathError::EncodedSeparator),
            Some(byte) if byte.is_ascii_control() => return Err(PathError::EncodedControl),
            Some(byte) if is_unreserved(byte) && byte != b'~' => return Err(PathError::EncodedUnreserved),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_accepted() {
        for path in [
            "/",
            "/mcp",
            "/mcp/",
            "/a/b.c/d-e_f~g",
            "/a;v=1/b",
            "/x:y@z!$&'()*+,;=",
            "/caf%C3%A9",
            "/a%20b",
            "/a%7Eb",
            "/100%25",
            "/...",
            "/.well-known/oauth-protected-resource",
            "/a/.b/c..",
            "/%F0%9F%98%80",
            "/a%2520b",
        ] {
            assert_eq!(check_target_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn every_way_around_a_path_rule_is_refused_with_its_reason() {
        use PathError::*;
        for (path, reason) in [
            ("", NotAbsolute),
            ("*", NotAbsolute),
            ("mcp", NotAbsolute),
            ("http://up.example/mcp", NotAbsolute),
            ("//", EmptySegment),
            ("//evil.example/mcp", EmptySegment),
            ("/a//b", EmptySegment),
            ("/a//", EmptySegment),
            ("/.", DotSegment),
            ("/a/..", DotSegment),
            ("/a/../b", DotSegment),
            ("/a/./b", DotSegment),
            ("/a/..;/b", DotSegment),
            ("/a/.;x=1/b", DotSegment),
            ("/a/%2e%2e/b", DotSegment),
            ("/a/.%2E/b", DotSegment),
            ("/a/%252e%252E/b", DotSegment),
            ("/a/..%3bx/b", DotSegment),
            ("/a/..%253bx", DotSegment),
            ("/a%2fb", EncodedSeparator),
            ("/a%2Fb", EncodedSeparator),
            ("/a%252fb", EncodedSeparator),
            ("/a%5cb", EncodedSeparator),
            ("/a%255Cb", EncodedSeparator),
            ("/..%2fb/mcp", EncodedSeparator),
            ("/a%00", EncodedControl),
            ("/a%2500", EncodedControl),
            ("/a%0d%0aSet-Cookie:x", EncodedControl),
            ("/a%7f", EncodedControl),
            ("/mcp%2e", EncodedUnreserved),
            ("/mcp%252e", EncodedUnreserved),
            ("/%61dmin", EncodedUnreserved),
            ("/a%25252520b", NestedEncoding),
            ("/%25252f", NestedEncoding),
            ("/%c0%af", NotUtf8),
            ("/%25c0%25af", NotUtf8),
            ("/%e9", NotUtf8),
            ("/a%", PercentEncoding),
            ("/a%2", PercentEncoding),
            ("/a%u002f", PercentEncoding),
            ("/a\\b", Character),
            ("/a b", Character),
            ("/a\tb", Character),
            ("/a\u{0}", Character),
            ("/a\u{7f}", Character),
            ("/é", Character),
            ("/a?b", Character),
            ("/a#b", Character),
            ("/a\"b", Character),
            ("/a[b]", Character),
        ] {
            assert_eq!(check_target_path(path), Err(reason), "{path}");
        }
    }

    #[test]
    fn an_access_token_in_the_query_is_found_however_its_name_is_spelled() {
        for query in
            ["access_token=x", "a=1&access_token", "a=1;access_token=2", "Access%5FToken=x", "%61ccess_token"]
        {
            assert!(query_has_access_token(query), "{query}");
        }
        for query in ["", "a=access_token", "access_tokens=x", "xaccess_token=x", "access%255ftoken=x"] {
            assert!(!query_has_access_token(query), "{query}");
        }
    }
}
