//! Hosts: which spellings are taken, and which of them only mean something on the inside of a network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memrchr;

/// The longest host name accepted, in bytes (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;
/// And of one of its labels.
const MAX_LABEL: usize = 63;

/// Whether `host` (no port) is a name, a dotted IPv4 address, or an IPv6 address in brackets.
///
/// Narrower than RFC 3986: no escapes, no sub-delimiters, no zone, and a name whose last label is a number must be a
/// whole IPv4 address, because URL parsers disagree about what `0x7f.1` and `2130706433` mean.
pub fn host_is_valid(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|text| text.parse::<Ipv6Addr>().is_ok());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.is_empty() || host.len() > MAX_HOST || !labels_are_valid(name) {
        return false;
    }
    !ends_in_a_number(name) || host.parse::<Ipv4Addr>().is_ok()
}

fn labels_are_valid(name: &str) -> bool {
    let mut length = 0;
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' if length < MAX_LABEL => length += 1,
            b'.' if length > 0 => length = 0,
            _ => return false,
        }
    }
    length > 0
}

fn ends_in_a_number(name: &str) -> bool {
    let last = memrchr(b'.', name.as_bytes()).map_or(name, |dot| &name[dot + 1..]);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The address a host spells, if it is one.
fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// `localhost`, 127/8 and `[::1]`.
pub(super) fn is_loopback(host: &str) -> bool {
    address(host).map_or(host == "localhost", |address| address.is_loopback())
}

/// Whether only machines on the inside can be expected to reach this host: loopback, private, shared, link-local and
/// unspecified addresses (RFC 6890), names without a dot, and the names set aside for local use.
pub(super) fn is_private(host: &str) -> bool {
    match address(host) {
        Some(IpAddr::V4(v4)) => v4_is_private(v4),
        Some(IpAddr::V6(v6)) => v6.to_ipv4_mapped().map_or_else(|| v6_is_private(v6), v4_is_private),
        None => name_is_private(host.strip_suffix('.').unwrap_or(host)),
    }
}

fn v4_is_private(v4: Ipv4Addr) -> bool {
    let [first, second, ..] = v4.octets();
    let shared = first == 100 && (64..128).contains(&second);
    first == 0 || v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
}

fn v6_is_private(v6: Ipv6Addr) -> bool {
    v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
}

fn name_is_private(name: &str) -> bool {
    let local = [".localhost", ".local", ".internal", ".home.arpa", ".lan"];
    !name.contains('.') || local.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_a_whole_address() {
        for host in
            ["a", "gw.example", "gw.example.", "xn--bcher-kva.example", "a_b", "127.0.0.1", "[::1]", "a1"]
        {
            assert!(host_is_valid(host), "{host}");
        }
        for host in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a b",
            "a,b",
            "a/b",
            "a@b",
            "a:1",
            "é",
            "a%41",
            "[::1",
            "::1",
            "[]",
            "[::1]x",
            "1.2.3",
            "1.2.3.4.",
            "256.1.1.1",
            "0x7f000001",
            "a.0x1",
            "1",
        ] {
            assert!(!host_is_valid(host), "{host}");
        }
        assert!(!host_is_valid(&"a.".repeat(200)));
        assert!(!host_is_valid(&"a".repeat(64)));
    }

    #[test]
    fn private_hosts_are_told_from_public_ones() {
        for host in [
            "localhost",
            "as",
            "as.internal",
            "10.0.0.5",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "[::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
            "[::]",
        ] {
            assert!(is_private(host), "{host}");
        }
        for host in
            ["id.example.com", "8.8.8.8", "100.128.0.1", "172.32.0.1", "[2001:db8::1]", "local.example"]
        {
            assert!(!is_private(host), "{host}");
        }
    }
}
