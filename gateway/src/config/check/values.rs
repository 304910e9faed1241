//! The values that stand alone: each is parsed, or refused with a sentence that says what to write instead.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use tollgate_protocol::path::{PathError, check_target_path};
use tollgate_protocol::url::{HttpUrl, Origin, UrlError};

pub use tollgate_plugins::settings::values::*;

use crate::config::problem::quoted;

/// An IP address and a port, which may be 0.
pub fn address(text: &str) -> Result<SocketAddr, Refusal> {
    text.parse().map_err(|_| {
        let refusal = Refusal::new(format!("{} is not an IP address and a port", quoted(text)));
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let port = if port.parse::<u16>().is_ok() { port } else { "8080" };
        if host == "localhost" {
            refusal.help(format!("write `127.0.0.1:{port}`"))
        } else if let Ok(ip) = text.parse::<IpAddr>() {
            refusal.help(format!("add a port: `{}`", SocketAddr::new(ip, 8080)))
        } else if host.is_empty() || host == "*" {
            refusal.help(format!(
                "write `0.0.0.0:{port}` for every address, `127.0.0.1:{port}` for this machine only"
            ))
        } else {
            refusal.help("write it like `127.0.0.1:8080`; a listener takes addresses, not names")
        }
    })
}

/// An IP address and perhaps a port, which is 53 otherwise.
pub fn dns_server(text: &str) -> Result<SocketAddr, Refusal> {
    let parsed =
        text.parse::<SocketAddr>().ok().or_else(|| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, 53)));
    parsed.filter(|server| server.port() > 0).ok_or_else(|| {
        Refusal::new(format!("{} is not the IP address of a DNS server", quoted(text)))
            .help("write it like `10.0.0.53`, or `10.0.0.53:5353` if the port is not 53")
    })
}

/// The networks that proxies are in.
pub fn proxies(text: &str) -> Result<IpNet, Refusal> {
    let network = network(text)?;
    if network.prefix_len() == 0 {
        return Err(Refusal::new(format!("{} is everybody: each client could say who it is", quoted(text)))
            .help("list the networks the proxies are in"));
    }
    Ok(network)
}

/// A SHA-256 in hexadecimal.
pub fn digest(text: &str) -> Result<[u8; 32], Refusal> {
    sha256(text, "write the 64 hexadecimal digits `printf %s KEY | sha256sum` prints")
}

/// The SHA-256 of a certificate, with or without the colons OpenSSL writes.
pub fn fingerprint(text: &str) -> Result<[u8; 32], Refusal> {
    let digits = text.replace(':', "");
    sha256(&digits, "write what `openssl x509 -noout -fingerprint -sha256 -in FILE` prints after the `=`")
}

fn sha256(text: &str, help: &str) -> Result<[u8; 32], Refusal> {
    let refusal = || Refusal::new("this is no SHA-256").help(help);
    let value = |digit: char| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = text.chars().map(value).collect();
    let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(refusal)?;
    let pairs = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    pairs.collect::<Vec<u8>>().try_into().map_err(|_| refusal())
}

/// Scheme, host and perhaps a port, of the gateway or of a web page.
pub fn origin(text: &str) -> Result<Origin, Refusal> {
    Origin::parse(text).map_err(|error| {
        let refusal =
            Refusal::new(format!("{} is not an origin: {error}", quoted(&without_user_information(text))));
        let with_scheme = format!("https://{text}");
        match error {
            UrlError::NotAnOrigin => match HttpUrl::parse(text) {
                Ok(url) => refusal.help(format!("write `{}`; paths belong to the APIs", url.origin())),
                Err(_) => refusal,
            },
            UrlError::Scheme if Origin::parse(&with_scheme).is_ok() => {
                refusal.help(format!("write `{with_scheme}`"))
            }
            _ if text == "*" || text == "null" => {
                refusal.help("list each origin, such as `https://app.example.com`")
            }
            _ => refusal.help("write it like `https://edge.example.com`"),
        }
    })
}

/// The URL of an upstream.
pub fn url(text: &str) -> Result<HttpUrl, Refusal> {
    HttpUrl::parse(text).map_err(|error| {
        let shown = quoted(&without_user_information(text));
        let refusal = Refusal::new(format!("{shown} cannot be used: {error}"));
        let with_scheme = format!("https://{text}");
        match error {
            UrlError::Scheme if !text.contains("://") && HttpUrl::parse(&with_scheme).is_ok() => {
                refusal.help(format!("write `{with_scheme}`"))
            }
            _ if !text.contains("://") && text.contains(' ') => {
                refusal.help("an endpoint is a URL: the gateway connects to servers and starts none")
            }
            UrlError::UserInfo => refusal.help("leave out what stands before the `@`"),
            UrlError::Fragment => refusal.help("leave out the `#` and what follows it"),
            _ => refusal.help("write it like `https://mcp.example.com/mcp`"),
        }
    })
}

/// A host without a port, in lower case.
pub fn host(text: &str) -> Result<String, Refusal> {
    if let Ok(url) = HttpUrl::parse(text) {
        return Err(Refusal::new(format!("{} is a URL, not a host", quoted(text)))
            .help(format!("write `{}`; the scheme comes from `public_urls`", url.origin().host())));
    }
    if text.contains('*') {
        return Err(Refusal::new("a host cannot have a wildcard").help("list each host"));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(Refusal::new("an IPv6 address needs brackets").help(format!("write `\"[{text}]\"`")));
    }
    if let Some((host, _)) = text.split_once('/') {
        return Err(Refusal::new(format!("{} has a path, a host has none", quoted(text)))
            .help(format!("write {} here and the path in `path`", quoted(host))));
    }
    if text.ends_with('.') {
        return Err(Refusal::new("a host cannot end with a dot")
            .help(format!("write {}", quoted(text.trim_end_matches('.')))));
    }
    // The scheme is there to be parsed and has a default port, so a port that was written shows.
    let parsed = Origin::parse(&format!("http://{text}"));
    match parsed {
        Ok(origin) if has_port(text) => {
            Err(Refusal::new(format!("{} has a port, a host has none", quoted(text)))
                .help(format!("write `{}`; the port comes from `public_urls`", origin.host())))
        }
        Ok(origin) => Ok(origin.host().to_owned()),
        Err(_) => Err(Refusal::new(format!("{} is not a host name or IP address", quoted(text)))
            .help("write it like `edge.example.com`")),
    }
}

fn has_port(text: &str) -> bool {
    text.rsplit(']').next().unwrap_or(text).contains(':')
}

/// The path of an API, without a slash at its end unless it is `/`.
pub fn path(text: &str) -> Result<String, Refusal> {
    if let Err(error) = check_target_path(text) {
        return Err(refused_path(text, error));
    }
    if text == "/.well-known" || text.starts_with("/.well-known/") {
        return Err(Refusal::new("paths under `/.well-known/` belong to the gateway")
            .help("choose another path; the metadata of every API is served there"));
    }
    if let Some((prefix, _)) = text.split_once('*') {
        let prefix = prefix.rsplit_once('/').map_or("", |(whole_segments, _)| whole_segments);
        let prefix = if prefix.is_empty() { "/" } else { prefix };
        return Err(Refusal::new("a path has no wildcard")
            .help(format!("write `{prefix}`: everything below a path belongs to its API")));
    }
    match text.trim_end_matches('/') {
        "" => Ok("/".to_owned()),
        trimmed => Ok(trimmed.to_owned()),
    }
}

fn refused_path(text: &str, error: PathError) -> Refusal {
    let refusal = Refusal::new(format!("{} cannot be a path: {error}", quoted(text)));
    if let Ok(url) = HttpUrl::parse(text) {
        let path = if url.path().is_empty() { "/" } else { url.path() };
        return refusal.help(format!("write only `{path}`; the origin comes from `public_urls`"));
    }
    if let Some(cut) = text.find(['?', '#']) {
        return refusal.help(format!("write {}; a query is passed on by itself", quoted(&text[..cut])));
    }
    let slashed = format!("/{text}");
    match error {
        PathError::NotAbsolute if check_target_path(&slashed).is_ok() => {
            refusal.help(format!("write `{slashed}`"))
        }
        PathError::DotSegment => refusal.help("write the path that is meant, without `.` and `..`"),
        PathError::EmptySegment => refusal.help("write one slash"),
        PathError::Character if !text.is_ascii() => {
            refusal.help("percent-encode it as UTF-8, such as `/caf%C3%A9`")
        }
        _ => refusal,
    }
}

/// A URL as it may be shown: without the password someone put into it.
fn without_user_information(text: &str) -> String {
    match text
        .split_once("://")
        .and_then(|(scheme, rest)| rest.rsplit_once('@').map(|(_, host)| (scheme, host)))
    {
        Some((scheme, host)) => format!("{scheme}://…@{host}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that are refused have a file each in `tests/e2e/config/broken`; these are the ones that are not.
    fn accepted<T: ToString>(parse: fn(&str) -> Result<T, Refusal>, cases: &[(&str, &str)]) {
        for (written, parsed) in cases {
            assert_eq!(parse(written).unwrap().to_string(), *parsed, "{written}");
        }
    }

    #[test]
    fn a_host_is_held_in_one_spelling() {
        accepted(
            host,
            &[
                ("edge.example.com", "edge.example.com"),
                ("Edge.Example.COM", "edge.example.com"),
                ("192.0.2.7", "192.0.2.7"),
                ("[2001:DB8::7]", "[2001:db8::7]"),
                ("localhost", "localhost"),
            ],
        );
    }

    #[test]
    fn a_path_loses_the_slash_at_its_end_and_nothing_else() {
        accepted(
            path,
            &[
                ("/", "/"),
                ("/mcp", "/mcp"),
                ("/mcp/", "/mcp"),
                ("/caf%C3%A9/a:b@c", "/caf%C3%A9/a:b@c"),
                ("/.well-knownish", "/.well-knownish"),
            ],
        );
    }

    #[test]
    fn an_origin_may_end_in_a_slash_and_name_the_port_it_has_anyway() {
        accepted(
            origin,
            &[
                ("https://edge.example.com/", "https://edge.example.com"),
                ("HTTPS://edge.example.com:443", "https://edge.example.com"),
                ("http://[::1]:8080", "http://[::1]:8080"),
            ],
        );
    }

    #[test]
    fn an_address_is_an_ip_and_a_port() {
        accepted(
            address,
            &[("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:8080", "[::1]:8080"), ("0.0.0.0:443", "0.0.0.0:443")],
        );
    }

    #[test]
    fn a_dns_server_is_an_ip_with_or_without_a_port() {
        accepted(
            dns_server,
            &[
                ("10.0.0.53", "10.0.0.53:53"),
                ("10.0.0.53:5353", "10.0.0.53:5353"),
                ("2001:db8::53", "[2001:db8::53]:53"),
                ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ],
        );
    }

    #[test]
    fn the_help_for_a_wildcard_names_whole_segments() {
        for (written, prefix) in [("/a/*", "`/a`"), ("/*", "`/`"), ("/a/b*/c", "`/a`"), ("/**", "`/`")] {
            let help = path(written).unwrap_err().help.unwrap();
            assert!(help.contains(prefix), "{written}: {help}");
        }
    }
}
