//! The origin: scheme, host and port in the one spelling everything is compared in (RFC 6454 §4, RFC 9110 §4.3.1).

use super::{HttpUrl, UrlError, host};
use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }

    /// The scheme `text` begins with and what follows its colon.
    pub(super) fn split(text: &str) -> Option<(Scheme, &str)> {
        let (name, rest) = text.split_once(':')?;
        let scheme =
            [Scheme::Http, Scheme::Https].into_iter().find(|it| name.eq_ignore_ascii_case(it.as_str()))?;
        Some((scheme, rest))
    }
}

/// Scheme, host and port. Two spellings of the same origin are equal: the host is held in lower case (an IPv6 address
/// with its brackets), the port is always a number.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    /// Parses `https://host[:port]`; one trailing slash is tolerated, anything more is [`UrlError::NotAnOrigin`].
    pub fn parse(text: &str) -> Result<Origin, UrlError> {
        let url = HttpUrl::parse(text)?;
        match (url.path(), url.query()) {
            ("" | "/", None) => Ok(url.origin),
            _ => Err(UrlError::NotAnOrigin),
        }
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// In lower case, an IPv6 address with its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The effective port, the scheme's own when none was written.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host[:port]` as a `Host` field wants it: the scheme's default port is left out.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// `localhost`, 127/8 and `[::1]`.
    pub fn is_loopback(&self) -> bool {
        host::is_loopback(&self.host)
    }

    /// Whether only the inside of a network can be expected to reach this host: private, link-local and loopback
    /// addresses, names without a dot, `.internal` and its like.
    pub fn is_private(&self) -> bool {
        host::is_private(&self.host)
    }

    pub(super) fn from_authority(scheme: Scheme, authority: &str) -> Result<Origin, UrlError> {
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = split_port(authority);
        if !host::host_is_valid(host) {
            return Err(UrlError::Host);
        }
        let port = port.map_or(Ok(scheme.default_port()), parse_port)?;
        Ok(Origin { scheme, host: host.to_ascii_lowercase(), port })
    }
}

/// Splits at the colon that is not part of an IPv6 address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn parse_port(text: &str) -> Result<u16, UrlError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(UrlError::Port),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_origin_are_equal() {
        let origin = Origin::parse("https://gw.example").unwrap();
        for same in [
            "https://gw.example/",
            "HTTPS://GW.EXAMPLE",
            "https://gw.example:443",
            "https://gw.example:0443/",
        ] {
            assert_eq!(Origin::parse(same).as_ref(), Ok(&origin), "{same}");
        }
        for other in
            ["http://gw.example", "https://gw.example:444", "https://gw.example.", "https://b.gw.example"]
        {
            assert_ne!(Origin::parse(other).as_ref(), Ok(&origin), "{other}");
        }
    }

    #[test]
    fn an_origin_with_more_than_a_slash_after_it_is_refused() {
        for text in
            ["https://gw.example/a", "https://gw.example//", "https://gw.example?", "https://gw.example/?x=1"]
        {
            assert_eq!(Origin::parse(text), Err(UrlError::NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn case_55_hosts_are_shown_lower_case_with_brackets_and_without_the_default_port() {
        for (written, authority) in [
            ("https://[2001:DB8::A]:443", "[2001:db8::a]"),
            ("https://[::1]:8443", "[::1]:8443"),
            ("http://XN--BCHER-KVA.example:80", "xn--bcher-kva.example"),
            ("http://gw.example:443", "gw.example:443"),
        ] {
            assert_eq!(Origin::parse(written).unwrap().authority(), authority);
        }
    }

    #[test]
    fn loopback_is_localhost_and_the_loopback_addresses() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "LOCALHOST"] {
            assert!(Origin::parse(&format!("http://{host}:1")).unwrap().is_loopback(), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "[::2]", "128.0.0.1"] {
            assert!(!Origin::parse(&format!("http://{host}")).unwrap().is_loopback(), "{host}");
        }
    }
}
