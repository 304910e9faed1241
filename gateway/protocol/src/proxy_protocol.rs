//! The PROXY protocol, versions 1 and 2: what a load balancer sends ahead of a connection to say whose it is.
//!
//! Only the source address is read. A preamble that is not in the form the specification gives it is refused: whatever
//! follows on the connection would be believed to come from the address it names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and transport, length.
const HEADER: usize = 16;
/// The longest line of version 1, its CRLF included.
const LINE_MAX: usize = 107;
/// The longest preamble of version 2 that is accepted; load balancers send some hundred bytes.
pub const PREAMBLE_MAX: usize = 4096;

/// What a connection began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// Bytes of it; what follows is the client's.
    pub length: usize,
    /// Whose connection it is. `None`: the load balancer's own, such as a health check.
    pub client: Option<IpAddr>,
}

/// Why a connection does not begin with a preamble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreambleError {
    /// It begins with something else.
    Missing,
    Malformed,
    TooLong,
}

/// Reads the preamble at the start of `bytes`; `None` while it is not complete.
///
/// # Errors
/// As soon as no further byte could make it one.
pub fn read(bytes: &[u8]) -> Result<Option<Preamble>, PreambleError> {
    if starts_alike(bytes, &SIGNATURE) {
        binary(bytes)
    } else if starts_alike(bytes, b"PROXY ") {
        line(bytes)
    } else {
        Err(PreambleError::Missing)
    }
}

/// Whether one of the two is the beginning of the other.
fn starts_alike(bytes: &[u8], with: &[u8]) -> bool {
    bytes.iter().zip(with).all(|(byte, expected)| byte == expected)
}

/// Version 1: one line of text.
fn line(bytes: &[u8]) -> Result<Option<Preamble>, PreambleError> {
    let Some(end) = bytes.iter().take(LINE_MAX).position(|byte| *byte == b'\n') else {
        return if bytes.len() < LINE_MAX { Ok(None) } else { Err(PreambleError::TooLong) };
    };
    let line = bytes[..end].strip_suffix(b"\r").ok_or(PreambleError::Malformed)?;
    let line = std::str::from_utf8(line).map_err(|_| PreambleError::Malformed)?;
    let preamble = |client| Ok(Some(Preamble { length: end + 1, client }));
    // What follows UNKNOWN is to be ignored.
    if line == "PROXY UNKNOWN" || line.starts_with("PROXY UNKNOWN ") {
        return preamble(None);
    }
    let words: Vec<&str> = line.split(' ').collect();
    let &["PROXY", family, source, destination, source_port, destination_port] = words.as_slice() else {
        return Err(PreambleError::Malformed);
    };
    let addresses = match family {
        "TCP4" => addresses::<Ipv4Addr>(source, destination),
        "TCP6" => addresses::<Ipv6Addr>(source, destination),
        _ => None,
    };
    match addresses {
        Some(client) if is_port(source_port) && is_port(destination_port) => preamble(Some(client)),
        _ => Err(PreambleError::Malformed),
    }
}

/// The source, if both addresses are of this family.
fn addresses<A: std::str::FromStr + Into<IpAddr>>(source: &str, destination: &str) -> Option<IpAddr> {
    let _: A = destination.parse().ok()?;
    source.parse::<A>().ok().map(|address| address.into().to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port.to_string() == text)
}

/// Version 2: a header, the addresses, and further fields that are not read but must be whole.
fn binary(bytes: &[u8]) -> Result<Option<Preamble>, PreambleError> {
    let Some((header, _)) = bytes.split_first_chunk::<HEADER>() else { return Ok(None) };
    let [version_and_command, family_and_transport, high, low] =
        [header[12], header[13], header[14], header[15]];
    let length = HEADER + usize::from(u16::from_be_bytes([high, low]));
    if length > PREAMBLE_MAX {
        return Err(PreambleError::TooLong);
    }
    let local = match version_and_command {
        0x20 => true,
        0x21 => false,
        _ => return Err(PreambleError::Malformed),
    };
    let Some(body) = bytes.get(HEADER..length) else { return Ok(None) };
    // The load balancer's own connection: addresses are to be ignored.
    if local {
        return Ok(Some(Preamble { length, client: None }));
    }
    let (client, fields) = match family_and_transport {
        // Addresses the load balancer could not say: the connection stands for itself.
        0x00 => (None, body),
        0x11 => source::<4, 12>(body)?,
        0x21 => source::<16, 36>(body)?,
        _ => return Err(PreambleError::Malformed),
    };
    if !fields_are_whole(fields) {
        return Err(PreambleError::Malformed);
    }
    Ok(Some(Preamble { length, client }))
}

/// The source of `N` bytes at the start of an address block of `BLOCK`, and what follows the block.
fn source<const N: usize, const BLOCK: usize>(body: &[u8]) -> Result<(Option<IpAddr>, &[u8]), PreambleError>
where
    IpAddr: From<[u8; N]>,
{
    let (block, fields) = body.split_first_chunk::<BLOCK>().ok_or(PreambleError::Malformed)?;
    let source = block.first_chunk::<N>().ok_or(PreambleError::Malformed)?;
    Ok((Some(IpAddr::from(*source).to_canonical()), fields))
}

/// Type, length, value, as often as there is room.
fn fields_are_whole(mut fields: &[u8]) -> bool {
    while let [_, high, low, rest @ ..] = fields {
        match rest.get(usize::from(u16::from_be_bytes([*high, *low]))..) {
            Some(next) => fields = next,
            None => return false,
        }
    }
    fields.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    fn v4() -> Vec<u8> {
        [&[203, 0, 113, 7], &[10, 0, 0, 1], &[0x12, 0x34, 0x01, 0xbb][..]].concat()
    }

    fn client(bytes: &[u8]) -> Option<String> {
        let preamble = read(bytes).unwrap().expect("complete");
        assert_eq!(preamble.length, bytes.len());
        preamble.client.map(|address| address.to_string())
    }

    #[test]
    fn the_source_is_the_client() {
        let v6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[7], &[0; 16], &[0; 4]].concat();
        for (bytes, address) in [
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".to_vec(), Some("203.0.113.7")),
            (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n".to_vec(), Some("2001:db8::7")),
            (b"PROXY TCP6 ::ffff:203.0.113.7 ::1 0 65535\r\n".to_vec(), Some("203.0.113.7")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 whatever\r\n".to_vec(), None),
            (binary(0x21, 0x11, &v4()), Some("203.0.113.7")),
            (binary(0x21, 0x21, &v6), Some("2001:db8::7")),
            (binary(0x21, 0x11, &[&v4()[..], &[4, 0, 2, 0, 0]].concat()), Some("203.0.113.7")),
            (binary(0x20, 0x00, &[]), None),
            (binary(0x20, 0x11, &v4()), None),
            (binary(0x21, 0x00, &[]), None),
        ] {
            assert_eq!(client(&bytes).as_deref(), address, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_a_preamble_is_refused() {
        use PreambleError::*;
        let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; LINE_MAX]].concat();
        for (bytes, error) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), Missing),
            (b"\x16\x03\x01".to_vec(), Missing),
            (b"proxy TCP4".to_vec(), Missing),
            (b"PROXY  TCP4 203.0.113.7 10.0.0.1 1 2\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 1\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 1 65536\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 01 2\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 +1 2\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 203.0.113.007 10.0.0.1 1 2\r\n".to_vec(), Malformed),
            (b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n".to_vec(), Malformed),
            (b"PROXY TCP6 203.0.113.7 ::1 1 2\r\n".to_vec(), Malformed),
            (b"PROXY UDP4 203.0.113.7 10.0.0.1 1 2\r\n".to_vec(), Malformed),
            (b"PROXY UNKNOWNX\r\n".to_vec(), Malformed),
            (long, TooLong),
            (binary(0x11, 0x11, &v4()), Malformed),
            (binary(0x22, 0x11, &v4()), Malformed),
            (binary(0x21, 0x12, &v4()), Malformed),
            (binary(0x21, 0x31, &[0; 216]), Malformed),
            (binary(0x21, 0x11, &v4()[..11]), Malformed),
            (binary(0x21, 0x11, &[&v4()[..], &[4, 0, 9, 0]].concat()), Malformed),
            (binary(0x21, 0x11, &[&v4()[..], &[4]].concat()), Malformed),
            (binary(0x21, 0x11, &[0; PREAMBLE_MAX]), TooLong),
        ] {
            assert_eq!(read(&bytes), Err(error), "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn a_preamble_is_waited_for_to_its_last_byte_and_no_longer() {
        for whole in [b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\n".to_vec(), binary(0x21, 0x11, &v4())] {
            for end in 0..whole.len() {
                assert_eq!(read(&whole[..end]), Ok(None), "{end}");
            }
            let followed = [&whole[..], b"PROXY TCP4 6.6.6.6 10.0.0.1 1 2\r\n"].concat();
            assert_eq!(read(&followed), read(&whole));
        }
    }
}
