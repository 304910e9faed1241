//! Absolute http(s) URLs, kept as they were written.
//!
//! Clients compare identifiers code point by code point (RFC 9728 §6) and some refuse a slash that was not there, so
//! nothing here normalises a path the way browsers do. Two URLs are compared by their RFC 3986 parts: scheme, host
//! and port in one spelling, path and query as they came.

mod host;
mod origin;
mod resolve;

use std::fmt;

pub use host::host_is_valid;
pub use origin::{Origin, Scheme};
pub(crate) use resolve::has_scheme;

/// The longest URL accepted, in bytes.
pub const MAX_URL: usize = 8 * 1024;

/// An absolute http or https URL without user information and fragment.
///
/// Displayed with its scheme and host in lower case and the default port left out; path and query are the bytes that
/// were parsed, an empty path stays empty.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HttpUrl {
    origin: Origin,
    path: String,
    query: Option<String>,
}

/// Why a text is not a URL this gateway works with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UrlError {
    TooLong,
    Character,
    PercentEncoding,
    Scheme,
    Authority,
    UserInfo,
    Host,
    Port,
    Fragment,
    NotAnOrigin,
}

impl HttpUrl {
    /// Dot segments are kept: what to think of them is for [`crate::path`] and [`HttpUrl::resolve`].
    pub fn parse(text: &str) -> Result<HttpUrl, UrlError> {
        check_characters(text)?;
        let (scheme, after) = Scheme::split(text).ok_or(UrlError::Scheme)?;
        let after = after.strip_prefix("//").ok_or(UrlError::Authority)?;
        let end = after.find(['/', '?']).unwrap_or(after.len());
        let (authority, target) = after.split_at(end);
        Ok(HttpUrl::from_parts(Origin::from_authority(scheme, authority)?, target))
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path as written, `""` when there was none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without its question mark; `Some("")` when there was only the mark.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Path and query as an HTTP/1.1 request target: `/` when the path is empty.
    pub fn target(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    /// Resolves a reference against this URL, RFC 3986 §5.2 with strict handling of schemes; dot segments go.
    ///
    /// A reference with a fragment is an error, because a [`HttpUrl`] has none.
    pub fn resolve(&self, reference: &str) -> Result<HttpUrl, UrlError> {
        resolve::resolve(self, reference)
    }

    /// `target` is what follows the authority: a path that is empty or begins with a slash, then perhaps a query.
    pub(crate) fn from_parts(origin: Origin, target: &str) -> HttpUrl {
        let (path, query) = split_query(target);
        HttpUrl { origin, path: path.to_owned(), query: query.map(str::to_owned) }
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.origin, self.path)?;
        match &self.query {
            Some(query) => write!(out, "?{query}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            UrlError::TooLong => "the URL is longer than 8 KiB",
            UrlError::Character => "the URL holds a character that must be percent-encoded",
            UrlError::PercentEncoding => "the URL holds a `%` that is not followed by two hexadecimal digits",
            UrlError::Scheme => "the URL must begin with http:// or https://",
            UrlError::Authority => "the URL has no host after its scheme",
            UrlError::UserInfo => "the URL must not carry a user name or password",
            UrlError::Host => "the URL's host is not a name, an IPv4 address or an IPv6 address in brackets",
            UrlError::Port => "the URL's port must be a number from 1 to 65535",
            UrlError::Fragment => "the URL must not have a fragment (`#`)",
            UrlError::NotAnOrigin => "only scheme, host and port are allowed here: no path, no query",
        })
    }
}

impl std::error::Error for UrlError {}

pub(crate) fn split_query(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

/// What holds for absolute URLs and for references alike.
fn check_characters(text: &str) -> Result<(), UrlError> {
    if text.len() > MAX_URL {
        return Err(UrlError::TooLong);
    }
    if text.bytes().any(|byte| !byte.is_ascii_graphic() || b"\"<>\\^`{|}".contains(&byte)) {
        return Err(UrlError::Character);
    }
    if text.contains('#') {
        return Err(UrlError::Fragment);
    }
    if !crate::syntax::escapes_are_whole(text.as_bytes()) {
        return Err(UrlError::PercentEncoding);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_path_and_query_and_normalises_only_its_origin() {
        for (written, shown) in [
            ("https://up.example/mcp", "https://up.example/mcp"),
            ("HTTPS://UP.Example:443/Mcp/", "https://up.example/Mcp/"),
            ("http://up.example:80", "http://up.example"),
            ("http://up.example:8080/", "http://up.example:8080/"),
            ("http://[2001:DB8::1]:80/x?", "http://[2001:db8::1]/x?"),
            ("https://up.example?a=b/c", "https://up.example?a=b/c"),
            ("https://up.example/a/../%2e/b", "https://up.example/a/../%2e/b"),
            ("https://up.example/a?x[]=1&y='", "https://up.example/a?x[]=1&y='"),
        ] {
            assert_eq!(HttpUrl::parse(written).map(|url| url.to_string()), Ok(shown.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_is_not_a_plain_http_url_is_refused_with_its_reason() {
        for (written, reason) in [
            ("", UrlError::Scheme),
            ("up.example/mcp", UrlError::Scheme),
            ("ftp://up.example", UrlError::Scheme),
            ("javascript:alert(1)", UrlError::Scheme),
            ("https:/up.example", UrlError::Authority),
            ("https:", UrlError::Authority),
            ("https://", UrlError::Host),
            ("https://:443/", UrlError::Host),
            ("https://up.example@evil/mcp", UrlError::UserInfo),
            ("https://up.example:0/", UrlError::Port),
            ("https://up.example:65536/", UrlError::Port),
            ("https://up.example:+80/", UrlError::Port),
            ("https://up.example:/", UrlError::Port),
            ("https://up example/", UrlError::Character),
            ("https://up.example/a\\b", UrlError::Character),
            ("https://up.example/\r\nx", UrlError::Character),
            ("https://up.example/é", UrlError::Character),
            ("https://up.example/\"", UrlError::Character),
            ("https://up.example/#x", UrlError::Fragment),
            ("https://up.example/%zz", UrlError::PercentEncoding),
            ("https://up.example/%2", UrlError::PercentEncoding),
            ("https://up%2eexample/", UrlError::Host),
            ("https://[::1/", UrlError::Host),
            ("https://[::g]/", UrlError::Host),
            ("https://[fe80::1%25eth0]/", UrlError::Host),
            ("https://2130706433/", UrlError::Host),
            ("https://0x7f.1/", UrlError::Host),
        ] {
            assert_eq!(HttpUrl::parse(written), Err(reason), "{written}");
        }
        let long = format!("https://up.example/{}", "a".repeat(MAX_URL));
        assert_eq!(HttpUrl::parse(&long), Err(UrlError::TooLong));
    }

    #[test]
    fn a_request_target_always_begins_with_a_slash() {
        for (url, target) in [("http://h", "/"), ("http://h?a", "/?a"), ("http://h/x?", "/x?")] {
            assert_eq!(HttpUrl::parse(url).unwrap().target(), target);
        }
    }
}
