//! Base64url without padding (RFC 4648 §5, RFC 7515 §2), in its one spelling.

/// The bytes `text` stands for.
///
/// `None` for padding, whitespace, any other character, a length no encoder makes, and bits in the last character that
/// stand for nothing: with those, one signature would have several spellings.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in text.bytes() {
        held = (held << 6) | u32::from(six_bits(byte)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 6 && held == 0).then_some(bytes)
}

fn six_bits(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn text_is_decoded_as_rfc_4648_says() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg", b"f"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmFy", b"foobar"),
            ("-_8", &[0xfb, 0xff]),
            ("____", &[0xff; 3]),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for text in [
            "Z", "Zm9vY", "Zg==", "Zm8=", "Zm9v ", " Zm9v", "Zm\n9v", "+/8", "Zh", "Zm9", "Zm9v.", "é", "Z\0",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
