//! Strings of JSON: what a literal says, and how to write one.

use std::borrow::Cow;

/// The text of a JSON string literal, given with its quotes.
///
/// Meant for literals the scanner accepted. Total all the same: missing quotes are not missed, and an escape that means
/// nothing stands for U+FFFD.
pub fn unescape(literal: &str) -> Cow<'_, str> {
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = escape(&rest[at + 1..], &mut out);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Reads one escape after its backslash and returns what follows it.
fn escape<'d>(rest: &'d str, out: &mut String) -> &'d str {
    let mut chars = rest.chars();
    let meant = match chars.next() {
        Some(same @ ('"' | '\\' | '/')) => same,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return code_point(chars.as_str(), out),
        _ => char::REPLACEMENT_CHARACTER,
    };
    out.push(meant);
    chars.as_str()
}

/// The digits after `\u`, with the second escape of a surrogate pair if there is one.
fn code_point<'d>(rest: &'d str, out: &mut String) -> &'d str {
    let Some(first) = unit(rest) else {
        out.push(char::REPLACEMENT_CHARACTER);
        return rest;
    };
    let rest = &rest[4..];
    let second = rest.strip_prefix("\\u").and_then(|digits| Some((unit(digits)?, &digits[4..])));
    match (char::decode_utf16([first]).next(), second) {
        (Some(Ok(character)), _) => out.push(character),
        (_, Some((low, after))) => {
            let pair = char::decode_utf16([first, low]).next();
            if let Some(Ok(character)) = pair {
                out.push(character);
                return after;
            }
            out.push(char::REPLACEMENT_CHARACTER);
        }
        _ => out.push(char::REPLACEMENT_CHARACTER),
    }
    rest
}

fn unit(digits: &str) -> Option<u16> {
    u16::from_str_radix(digits.get(..4)?, 16).ok()
}

/// Writes `text` as a JSON string literal with its quotes: only what RFC 8259 §7 requires is escaped, and U+007F,
/// so that a body never carries a raw control byte.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_ascii_control() => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_rfc_8259_says() {
        assert_eq!(unescape(r#""plain""#), "plain");
        assert_eq!(unescape(r#""\"\\\/\b\f\n\r\t\u0041""#), "\"\\/\u{8}\u{c}\n\r\tA");
        assert_eq!(unescape(r#""\ud83d\ude00x""#), "😀x");
        assert_eq!(unescape(r#""https:\/\/up.example""#), "https://up.example");
    }

    #[test]
    fn text_that_is_no_literal_is_read_without_a_panic() {
        for text in
            ["", "\"", "\\", "\"\\", "\\u", "\\u12", "\\ud800", "\\ud800\\u", "\\ud800\\u0041", "\\ué", "\\é"]
        {
            assert!(unescape(text).len() <= text.len() + 3, "{text}");
        }
    }

    #[test]
    fn a_quoted_text_reads_back_as_itself() {
        for text in ["", "plain", "a\"b\\c/d", "\n\r\t\u{0}\u{1f}\u{7f}", "é😀\u{2028}"] {
            assert_eq!(unescape(&quote(text)), text);
            assert!(quote(text).bytes().all(|byte| !byte.is_ascii_control()));
        }
    }
}
