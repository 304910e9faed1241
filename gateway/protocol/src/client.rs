//! Who sent a request, as far as trusted proxies vouch for it: `Forwarded` (RFC 7239) and `X-Forwarded-For`.
//!
//! Each proxy appends the address it was connected from, so the right end of either field is the only part that a
//! trusted proxy wrote; everything left of the first address that is not trusted is what a client made up. It is never
//! looked at and never passed on. What cannot be read counts for nothing: then the client is who the connection is of.

mod forwarded;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::syntax::is_ows;

/// More proxies than any path has; beyond them somebody is playing.
const PROXIES_MAX: usize = 32;

/// The client of a request, and the proxies it came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// The trusted proxies in between, the nearest last. Empty: the connection is the client's own.
    pub proxies: Vec<IpAddr>,
}

/// A field that does not say where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unreadable;

impl Client {
    /// Whoever the connection is of.
    pub fn direct(peer: IpAddr) -> Client {
        Client { address: peer.to_canonical(), proxies: Vec::new() }
    }

    /// The first address from the right that is not trusted, or the leftmost where all are. Where both fields are
    /// there they must agree: a proxy that writes one passes the other on as it came from the client.
    pub fn behind<'f>(
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'f [u8]>,
        x_forwarded_for: impl DoubleEndedIterator<Item = &'f [u8]>,
        trusted: impl Fn(IpAddr) -> bool,
    ) -> Client {
        let direct = Client::direct(peer);
        if !trusted(direct.address) {
            return direct;
        }
        let mut forwarded = forwarded.rev().flat_map(forwarded::nodes).peekable();
        let mut listed = x_forwarded_for.rev().flat_map(listed).peekable();
        let read = match (forwarded.peek().is_some(), listed.peek().is_some()) {
            (false, false) => return direct,
            (true, false) => walk(&direct, forwarded, trusted),
            (false, true) => walk(&direct, listed, trusted),
            (true, true) => agreed(walk(&direct, forwarded, &trusted), walk(&direct, listed, &trusted)),
        };
        read.unwrap_or(direct)
    }

    /// `X-Forwarded-For` for the next hop: the client and the proxies that vouch for it.
    pub fn x_forwarded_for(&self) -> String {
        // With room for no more than there will be: a field value takes over a string that is full as it is.
        let length: usize = self.path().map(|address| length(address) + 2).sum();
        let mut field = String::with_capacity(length - 2);
        for address in self.path() {
            field.push_str(if field.is_empty() { "" } else { ", " });
            push_address(&mut field, address);
        }
        field
    }

    /// `Forwarded` for the next hop. `dialled` is the scheme and authority the client asked for, where the next hop is
    /// to know.
    pub fn forwarded(&self, dialled: Option<(&str, &str)>) -> String {
        let addresses: usize = self.path().map(|address| length(address) + 6).sum();
        let dialled_length = dialled
            .map_or(0, |(scheme, authority)| ";host=\"\";proto=".len() + scheme.len() + authority.len());
        let mut field = String::with_capacity(addresses - 2 + dialled_length);
        for address in self.path() {
            field.push_str(if field.is_empty() { "for=" } else { ", for=" });
            let (open, close) = if address.is_ipv6() { ("\"[", "]\"") } else { ("", "") };
            field.push_str(open);
            push_address(&mut field, address);
            field.push_str(close);
        }
        if let Some((scheme, authority)) = dialled {
            for part in [";host=\"", authority, "\";proto=", scheme] {
                field.push_str(part);
            }
        }
        field
    }

    fn path(&self) -> impl Iterator<Item = &IpAddr> {
        std::iter::once(&self.address).chain(&self.proxies)
    }
}

/// An address as [`Client::x_forwarded_for`] has it, at a fifth of what `Display` takes for IPv4.
pub fn address_text(address: &IpAddr) -> String {
    let mut text = String::with_capacity(length(address));
    push_address(&mut text, address);
    text
}

/// Of what is written of an address: exactly, where nearly every request has one.
fn length(address: &IpAddr) -> usize {
    match address {
        IpAddr::V4(address) => {
            let digits = |octet: u8| 1 + usize::from(octet >= 10) + usize::from(octet >= 100);
            3 + address.octets().into_iter().map(digits).sum::<usize>()
        }
        // The longest there is, in quotes and brackets.
        IpAddr::V6(_) => 43,
    }
}

/// As `Display` writes it; by hand where nearly every request has one.
fn push_address(field: &mut String, address: &IpAddr) {
    let IpAddr::V4(address) = address else {
        // Writing to a String cannot fail.
        let _ = write!(field, "{address}");
        return;
    };
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            field.push('.');
        }
        for unit in [100, 10, 1] {
            if octet >= unit || unit == 1 {
                field.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
}

/// From the connection towards the client for as long as an address is trusted to name the next.
fn walk(
    direct: &Client,
    mut nodes: impl Iterator<Item = Result<IpAddr, Unreadable>>,
    trusted: impl Fn(IpAddr) -> bool,
) -> Result<Client, Unreadable> {
    let mut client = direct.clone();
    while trusted(client.address) {
        let Some(next) = nodes.next() else { break };
        if client.proxies.len() == PROXIES_MAX {
            return Err(Unreadable);
        }
        client.proxies.push(client.address);
        client.address = next?;
    }
    client.proxies.reverse();
    Ok(client)
}

fn agreed(one: Result<Client, Unreadable>, other: Result<Client, Unreadable>) -> Result<Client, Unreadable> {
    let (one, other) = (one?, other?);
    if one.address == other.address { Ok(one) } else { Err(Unreadable) }
}

/// The addresses of an `X-Forwarded-For` field, from the right.
fn listed(field: &[u8]) -> impl Iterator<Item = Result<IpAddr, Unreadable>> {
    let items = field.rsplit(|byte| *byte == b',').map(trim);
    items.filter(|item| !item.is_empty()).map(node)
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_ows(*byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_ows(*byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// An address, with or without a port. IPv6 may stand in brackets, and must before a port.
fn node(text: &[u8]) -> Result<IpAddr, Unreadable> {
    let text = std::str::from_utf8(text).map_err(|_| Unreadable)?;
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(Unreadable)?;
            (address.parse::<Ipv6Addr>().map(IpAddr::V6), port)
        }
        None if text.bytes().filter(|byte| *byte == b':').count() > 1 => (text.parse::<IpAddr>(), ""),
        None => {
            let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (address.parse::<Ipv4Addr>().map(IpAddr::V4), port)
        }
    };
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return Err(Unreadable);
    }
    address.map(|address| address.to_canonical()).map_err(|_| Unreadable)
}

/// RFC 7239 §6.2: digits, or an underscore and what hides them.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => {
            !hidden.is_empty()
                && hidden.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        }
        None => matches!(text.len(), 1..=5) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.1";

    fn trusted(address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10)
            || matches!(address, IpAddr::V6(v6) if v6.segments()[0] == 0xfd00)
    }

    fn from(peer: &str, forwarded: &[&str], listed: &[&str]) -> Client {
        let bytes = |fields: &[&'static str]| -> Vec<&'static [u8]> {
            fields.iter().map(|field| field.as_bytes()).collect()
        };
        let leak = |fields: &[&str]| -> Vec<&'static str> {
            fields.iter().map(|field| &*String::leak((*field).to_string())).collect()
        };
        let (forwarded, listed) = (bytes(&leak(forwarded)), bytes(&leak(listed)));
        Client::behind(peer.parse().unwrap(), forwarded.into_iter(), listed.into_iter(), trusted)
    }

    fn listed_as(fields: &[&str]) -> String {
        from(PEER, &[], fields).address.to_string()
    }

    fn forwarded_as(fields: &[&str]) -> String {
        from(PEER, fields, &[]).address.to_string()
    }

    #[test]
    fn the_first_address_from_the_right_that_is_not_trusted_is_the_client() {
        for (field, client) in [
            ("203.0.113.7", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7, 10.2.2.2, 10.3.3.3", "203.0.113.7"),
            ("\"'<evil>, 203.0.113.7", "203.0.113.7"),
            ("10.9.9.9, 10.2.2.2", "10.9.9.9"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711,fd00::1", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("203.0.113.7 ,\t, ", "203.0.113.7"),
        ] {
            assert_eq!(listed_as(&[field]), client, "{field}");
        }
        assert_eq!(listed_as(&["6.6.6.6", "203.0.113.7, 10.2.2.2"]), "203.0.113.7");
        assert_eq!(listed_as(&["203.0.113.7", "10.2.2.2"]), "203.0.113.7");
        assert_eq!(listed_as(&["", ""]), PEER);
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (field, client) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"203.0.113.7:4711\"", "203.0.113.7"),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=6.6.6.6, for=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
            ("proto=https ; host=\"a, for=6.6.6.6\" ; for=203.0.113.7", "203.0.113.7"),
            ("for=203.0.113.7, for=10.2.2.2;;by=_x", "203.0.113.7"),
            ("for=\"203.0.113\\.7\"", "203.0.113.7"),
            ("for=\"203.0.113.7:_hidden\"", "203.0.113.7"),
        ] {
            assert_eq!(forwarded_as(&[field]), client, "{field}");
        }
        assert_eq!(forwarded_as(&["for=\"6.6.6.6", "for=203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn what_cannot_be_read_leaves_the_peer() {
        for field in [
            "unknown",
            "evil",
            "203.0.113.7.1",
            "203.0.113.007",
            "203.0.113.7:",
            "203.0.113.7:123456",
            "[203.0.113.7]",
            "[2001:db8::7",
            "2001:db8::7%eth0",
            "203.0.113.7;",
            "203.0.113.7 10.0.0.1",
            "203.0.113.7, evil, 10.2.2.2",
            "\u{e9}",
        ] {
            assert_eq!(listed_as(&[field]), PEER, "{field}");
        }
        for field in [
            "for=unknown",
            "for=_hidden",
            "for=203.0.113.7:4711",
            "for=[2001:db8::7]",
            "for=\"203.0.113.7",
            "for=\"203.0.113.7\"x",
            "for = 203.0.113.7",
            "for",
            "=203.0.113.7",
            "proto=https",
            "for=203.0.113.7;for=203.0.113.8",
            "for=\"6.6.6.6, for=203.0.113.7",
            "for=evil, for=10.2.2.2",
        ] {
            assert_eq!(forwarded_as(&[field]), PEER, "{field}");
        }
        assert_eq!(listed_as(&[&"10.2.2.2,".repeat(PROXIES_MAX + 1)]), PEER);
    }

    #[test]
    fn two_fields_count_only_if_they_agree() {
        let both = |forwarded, listed| from(PEER, &[forwarded], &[listed]).address.to_string();
        assert_eq!(both("for=203.0.113.7", "203.0.113.7"), "203.0.113.7");
        assert_eq!(both("for=6.6.6.6", "203.0.113.7"), PEER);
        assert_eq!(both("for=evil", "203.0.113.7"), PEER);
    }

    #[test]
    fn a_peer_that_is_not_trusted_is_the_client_whatever_it_says() {
        let client = from("198.51.100.9", &["for=203.0.113.7"], &["203.0.113.7"]);
        assert_eq!(client, Client::direct("198.51.100.9".parse().unwrap()));
        assert_eq!(Client::direct("::ffff:198.51.100.9".parse().unwrap()), client);
    }

    #[test]
    fn the_next_hop_is_told_what_is_vouched_for_and_no_more() {
        let client = from(PEER, &[], &["6.6.6.6, 2001:db8::7, 10.2.2.2"]);
        assert_eq!(client.x_forwarded_for(), "2001:db8::7, 10.2.2.2, 10.0.0.1");
        assert_eq!(client.forwarded(None), "for=\"[2001:db8::7]\", for=10.2.2.2, for=10.0.0.1");
        let direct = Client::direct("203.0.113.7".parse().unwrap());
        assert_eq!(direct.x_forwarded_for(), "203.0.113.7");
        let dialled = Some(("https", "edge.example.com:8443"));
        assert_eq!(direct.forwarded(dialled), "for=203.0.113.7;host=\"edge.example.com:8443\";proto=https");
    }

    #[test]
    fn every_address_is_written_as_the_standard_library_writes_it() {
        for octet in 0..=255 {
            let address = IpAddr::from([octet, 0, 255 - octet, 7]);
            assert_eq!(address_text(&address), address.to_string());
        }
    }
}
