//! Which addresses the name of a URL may lead to (SSRF): what an address is for, as IANA's special-purpose registries
//! say (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// One machine of the internet.
    Global,
    /// This machine.
    Loopback,
    /// A machine inside a network of the operator's or of their provider's.
    Private,
    /// A neighbour. Clouds serve the credentials of a machine there.
    LinkLocal,
    /// Nothing that a document could be fetched from.
    None,
}

impl Use {
    pub fn of(address: IpAddr) -> Use {
        match address {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }
}

fn of_v4(v4: Ipv4Addr) -> Use {
    match v4.octets() {
        [127, ..] => Use::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Use::Private,
        [169, 254, ..] => Use::LinkLocal,
        // "This network", protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved, broadcast.
        [0, ..]
        | [192, 0, 0, _]
        | [192, 0, 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Use::None,
        _ => Use::Global,
    }
}

/// An address that carries one of IPv4 is what that is for, since a gateway on the way may deliver it there.
fn of_v6(v6: Ipv6Addr) -> Use {
    let segments = v6.segments();
    let v4 = |high: u16, low: u16| of_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Use::Loopback,
        // IPv4-mapped, and NAT64 with its well-known prefix (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => v4(high, low),
        [0xfc00..=0xfdff, ..] => Use::Private,
        [0xfe80..=0xfebf, ..] => Use::LinkLocal,
        // Protocol assignments with Teredo, and documentation, are within the only block given out as yet.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Use::None,
        [0x2000..=0x3fff, ..] => Use::Global,
        _ => Use::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x01_every_special_address_is_known_for_what_it_is() {
        for (address, expected) in [
            ("8.8.8.8", Use::Global),
            ("1.1.1.1", Use::Global),
            ("9.255.255.255", Use::Global),
            ("11.0.0.0", Use::Global),
            ("100.63.255.255", Use::Global),
            ("100.128.0.0", Use::Global),
            ("126.255.255.255", Use::Global),
            ("128.0.0.1", Use::Global),
            ("169.253.255.255", Use::Global),
            ("172.15.255.255", Use::Global),
            ("172.32.0.0", Use::Global),
            ("192.167.255.255", Use::Global),
            ("198.17.255.255", Use::Global),
            ("198.20.0.0", Use::Global),
            ("223.255.255.255", Use::Global),
            ("127.0.0.1", Use::Loopback),
            ("127.255.255.254", Use::Loopback),
            ("10.0.0.1", Use::Private),
            ("10.255.255.255", Use::Private),
            ("172.16.0.1", Use::Private),
            ("172.31.255.255", Use::Private),
            ("192.168.0.1", Use::Private),
            ("100.64.0.1", Use::Private),
            ("100.100.100.200", Use::Private),
            ("169.254.169.254", Use::LinkLocal),
            ("169.254.170.2", Use::LinkLocal),
            ("0.0.0.0", Use::None),
            ("0.1.2.3", Use::None),
            ("192.0.0.192", Use::None),
            ("192.0.2.1", Use::None),
            ("192.88.99.1", Use::None),
            ("198.18.0.1", Use::None),
            ("198.19.255.255", Use::None),
            ("198.51.100.1", Use::None),
            ("203.0.113.1", Use::None),
            ("224.0.0.1", Use::None),
            ("239.255.255.255", Use::None),
            ("240.0.0.1", Use::None),
            ("255.255.255.255", Use::None),
            ("2606:4700::1111", Use::Global),
            ("2a00:1450::1", Use::Global),
            ("2001:200::1", Use::Global),
            ("3ffe::1", Use::Global),
            ("::1", Use::Loopback),
            ("::", Use::None),
            ("::2", Use::None),
            ("::7f00:1", Use::None),
            ("::127.0.0.1", Use::None),
            ("::ffff:127.0.0.1", Use::Loopback),
            ("::ffff:10.0.0.1", Use::Private),
            ("::ffff:169.254.169.254", Use::LinkLocal),
            ("::ffff:0.0.0.0", Use::None),
            ("::ffff:8.8.8.8", Use::Global),
            ("64:ff9b::a9fe:a9fe", Use::LinkLocal),
            ("64:ff9b::7f00:1", Use::Loopback),
            ("64:ff9b::808:808", Use::Global),
            ("64:ff9b:1::1", Use::None),
            ("2002:7f00:1::1", Use::Loopback),
            ("2002:a9fe:a9fe::1", Use::LinkLocal),
            ("2002:a00:1::1", Use::Private),
            ("2001::1", Use::None),
            ("2001:1ff::1", Use::None),
            ("2001:db8::1", Use::None),
            ("3fff::1", Use::None),
            ("100::1", Use::None),
            ("5f00::1", Use::None),
            ("fc00::1", Use::Private),
            ("fd00:ec2::254", Use::Private),
            ("fe80::1", Use::LinkLocal),
            ("febf::1", Use::LinkLocal),
            ("fec0::1", Use::None),
            ("ff02::1", Use::None),
            ("4000::1", Use::None),
        ] {
            assert_eq!(Use::of(address.parse().expect("an address")), expected, "{address}");
        }
    }
}
