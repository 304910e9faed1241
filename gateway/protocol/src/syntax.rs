//! Character classes of RFC 9110 §5.6 and RFC 3986 §2, and the few byte searches several modules share.

/// `tchar` of RFC 9110 §5.6.2.
pub(crate) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What a `token68` may hold before its padding, RFC 9110 §11.2.
pub(crate) fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// `unreserved` of RFC 3986 §2.3.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `pchar` of RFC 3986 §3.3 without the percent sign, which is only legal as part of an escape.
pub(crate) fn is_pchar(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

/// Optional whitespace, RFC 9110 §5.6.3.
pub(crate) fn is_ows(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The byte an escape at the start of `bytes` stands for, if there is a whole one.
pub(crate) fn percent_escape(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'%', high, low, ..] => Some(hex(*high)? << 4 | hex(*low)?),
        _ => None,
    }
}

/// Decodes every whole escape once and keeps everything else, broken escapes included.
pub(crate) fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        match percent_escape(rest) {
            Some(byte) => {
                out.push(byte);
                rest = &rest[3..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

/// Whether every `%` begins a whole escape.
pub(crate) fn escapes_are_whole(bytes: &[u8]) -> bool {
    (0..bytes.len()).all(|at| bytes[at] != b'%' || percent_escape(&bytes[at..]).is_some())
}

/// Whether `needle` occurs in `bytes`, ASCII case ignored. An empty needle occurs nowhere.
pub(crate) fn contains_ignore_case(bytes: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && bytes.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_takes_whole_escapes_and_keeps_broken_ones() {
        assert_eq!(percent_decode(b"a%2Fb%2fc%zz%2"), b"a/b/c%zz%2");
        assert!(escapes_are_whole(b"%41%7e"));
        assert!(!escapes_are_whole(b"%4"));
        assert!(!escapes_are_whole(b"%u0041"));
    }

    #[test]
    fn a_search_ignores_case_and_never_finds_nothing() {
        assert!(contains_ignore_case(b"see UP.Example", b"up.example"));
        assert!(!contains_ignore_case(b"up", b"up.example"));
        assert!(!contains_ignore_case(b"up", b""));
    }
}
