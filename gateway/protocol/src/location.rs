//! `Location`, `Content-Location`, `Link` and `Set-Cookie` as seen from outside.
//!
//! A URL on the endpoint's origin names a host clients may not even resolve, so it is mapped to the public side: below
//! the endpoint's path to the same place below the public path, elsewhere to the reserved spelling of [`crate::mount`],
//! which stays inside the API. URLs of other origins (authorization servers, documentation) pass as they are, and so
//! does what is no URL.

use crate::mount::{Mount, below};
use crate::url::{HttpUrl, has_scheme};

/// The public side of one API.
#[derive(Clone, Copy, Debug)]
pub struct Outside<'a> {
    pub mount: &'a Mount,
    /// Scheme and authority the client used, without a trailing slash: `https://gw.example`.
    pub public_origin: &'a str,
}

impl Outside<'_> {
    /// A `Location` or `Content-Location` value for the client, `None` when it stays as it is.
    ///
    /// Relative references are resolved against the upstream URL of the request and stay path-only; absolute ones and
    /// those that begin with `//` become absolute. The fragment is kept.
    pub fn location(&self, value: &[u8], request_upstream_url: &HttpUrl) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(value).ok()?;
        let (reference, fragment) = match text.find('#') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        if reference.is_empty() || !fragment.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let url = request_upstream_url.resolve(reference).ok()?;
        let mapped = format!("{}{fragment}", self.in_the_form_of(reference, &url)?);
        (mapped != text).then(|| mapped.into_bytes())
    }

    /// A `Link` field for the client: every target between `<` and `>` is mapped like a `Location`, parameters stay.
    pub fn link(&self, value: &[u8], base: &HttpUrl) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(value.len());
        let mut changed = false;
        let mut rest = value;
        while let Some(open) = target_start(rest) {
            let Some(length) = rest[open..].iter().position(|byte| *byte == b'>') else { break };
            let target = &rest[open..open + length];
            let mapped = self.location(target, base);
            changed |= mapped.is_some();
            out.extend_from_slice(&rest[..open]);
            out.extend_from_slice(mapped.as_deref().unwrap_or(target));
            out.push(b'>');
            rest = &rest[open + length + 1..];
        }
        out.extend_from_slice(rest);
        changed.then_some(out)
    }

    /// A `Set-Cookie` field for the client, `None` when it stays as it is.
    ///
    /// `Domain` goes, so the cookie belongs to the gateway's host alone. `Path` is mapped so that the cookie comes back
    /// with requests to this API and to no other on the same host: the endpoint's path and the paths above it become
    /// the public path; a cookie without a usable `Path` gets one. A `__Host-` cookie must have `Path=/` and is refused
    /// by browsers once that is narrowed, which is what should happen on a host several upstreams share.
    pub fn set_cookie(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut parts = value.split(|byte| *byte == b';');
        let mut out = parts.next().unwrap_or_default().to_vec();
        let mut has_path = false;
        for part in parts {
            let (name, path) = attribute(part);
            if name.eq_ignore_ascii_case(b"domain") {
                continue;
            }
            out.push(b';');
            let mapped = name.eq_ignore_ascii_case(b"path").then(|| self.cookie_path(path));
            has_path |= mapped.is_some();
            match mapped {
                Some(mapped) if mapped.as_bytes() != path => {
                    out.extend_from_slice(b" Path=");
                    out.extend_from_slice(mapped.as_bytes());
                }
                _ => out.extend_from_slice(part),
            }
        }
        if !has_path && !self.mount.public_path().is_empty() {
            out.extend_from_slice(b"; Path=");
            out.extend_from_slice(self.mount.public_path().as_bytes());
        }
        (out != value).then_some(out)
    }

    /// The public spelling of a URL on the endpoint's origin, path-only or absolute as the upstream's reference was.
    pub(crate) fn in_the_form_of(&self, reference: &str, url: &HttpUrl) -> Option<String> {
        let target = self.mount.public_or_outside(url)?;
        let relative = !reference.starts_with("//") && !has_scheme(reference);
        Some(if relative { target } else { format!("{}{target}", self.public_origin) })
    }

    fn cookie_path(&self, path: &[u8]) -> String {
        let public = match self.mount.public_path() {
            "" => "/",
            path => path,
        };
        let Some(path) = std::str::from_utf8(path).ok().filter(|path| path.starts_with('/')) else {
            return public.to_owned();
        };
        let cookie = path.trim_end_matches('/');
        let endpoint = self.mount.upstream().path().trim_end_matches('/');
        if below(endpoint, cookie).is_some() {
            return public.to_owned();
        }
        let narrower = HttpUrl::from_parts(self.mount.upstream().origin().clone(), path);
        self.mount.public_or_outside(&narrower).unwrap_or_else(|| public.to_owned())
    }
}

/// Where the next link target begins, just behind its `<`, quoted parameter values skipped.
fn target_start(link: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in link.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// An attribute's name and value, whitespace around both removed.
fn attribute(part: &[u8]) -> (&[u8], &[u8]) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (part[..at].trim_ascii(), part[at + 1..].trim_ascii()),
        None => (part.trim_ascii(), b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside<T>(public_path: &str, upstream: &str, look: impl Fn(Outside<'_>) -> T) -> T {
        let mount = Mount::new(public_path, HttpUrl::parse(upstream).unwrap());
        look(Outside { mount: &mount, public_origin: "https://gw.example" })
    }

    fn location(value: &str) -> Option<String> {
        let base = HttpUrl::parse("https://up.example/mcp").unwrap();
        let mapped = outside("/a/mcp", "https://up.example/mcp", |it| it.location(value.as_bytes(), &base));
        mapped.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_location_on_the_upstream_is_mapped_in_the_form_it_came() {
        for (value, mapped) in [
            ("https://up.example/mcp", "https://gw.example/a/mcp"),
            ("https://UP.example:443/mcp/", "https://gw.example/a/mcp/"),
            ("//up.example/mcp/x", "https://gw.example/a/mcp/x"),
            ("/mcp/x?q=1#top", "/a/mcp/x?q=1#top"),
            ("mcp/", "/a/mcp/"),
            ("?q=1", "/a/mcp?q=1"),
            ("https://up.example/login?next=/mcp", "https://gw.example/a/mcp/.upstream/login?next=/mcp"),
            ("/login", "/a/mcp/.upstream/login"),
            ("/mcp/../login", "/a/mcp/.upstream/login"),
        ] {
            assert_eq!(location(value).as_deref(), Some(mapped), "{value}");
        }
    }

    #[test]
    fn a_location_elsewhere_or_not_a_url_passes_unchanged() {
        for value in [
            "",
            "#top",
            "https://as.example/authorize?x=https://up.example/mcp",
            "https://gw.example/a/mcp",
            "http://up.example/mcp",
            "https://up.example:8443/mcp",
            "mailto:x@up.example",
            "https://user@up.example/mcp",
            "/a b",
            "/a\r\nSet-Cookie: x",
            "/mcp#a b",
        ] {
            assert_eq!(location(value), None, "{value}");
        }
        let same = HttpUrl::parse("https://up.example/mcp").unwrap();
        outside("/mcp", "https://up.example/mcp", |it| assert_eq!(it.location(b"/mcp/x", &same), None));
        outside("/a", "https://up.example/mcp", |it| assert_eq!(it.location(b"/\xff", &same), None));
    }

    #[test]
    fn every_target_of_a_link_field_is_mapped_and_nothing_else() {
        let base = HttpUrl::parse("https://up.example/mcp").unwrap();
        let link = |value: &str| {
            let mapped = outside("/a/mcp", "https://up.example/mcp", |it| it.link(value.as_bytes(), &base));
            mapped.map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(
            link(r#"</mcp/2>; rel=next;title="a, <b> \" </mcp>", <https://up.example/mcp>;rel="x",<https://other.example/>"#),
            Some(
                r#"</a/mcp/2>; rel=next;title="a, <b> \" </mcp>", <https://gw.example/a/mcp>;rel="x",<https://other.example/>"#
                    .to_owned()
            )
        );
        for value in ["", "<", "<>", "</mcp", "<https://other.example/>; rel=x", "\"</mcp>", "no targets"] {
            assert_eq!(link(value), None, "{value}");
        }
    }

    #[test]
    fn a_cookie_is_narrowed_to_the_gateways_host_and_this_api() {
        let cookie = |value: &str| {
            let mapped = outside("/a/mcp", "https://up.example/mcp", |it| it.set_cookie(value.as_bytes()));
            mapped.map_or_else(|| value.to_owned(), |bytes| String::from_utf8(bytes).unwrap())
        };
        for (value, expected) in [
            ("s=1; Path=/; HttpOnly", "s=1; Path=/a/mcp; HttpOnly"),
            ("s=1; path=/mcp;Secure", "s=1; Path=/a/mcp;Secure"),
            ("s=1; Path=/mcp/x/", "s=1; Path=/a/mcp/x/"),
            ("s=1; Path=/mcp2", "s=1; Path=/a/mcp/.upstream/mcp2"),
            ("s=1;Domain=up.example; Path=/mcp/", "s=1; Path=/a/mcp"),
            ("s=1; DOMAIN = .up.example", "s=1; Path=/a/mcp"),
            ("s=1; Max-Age=5;  SameSite=Lax", "s=1; Max-Age=5;  SameSite=Lax; Path=/a/mcp"),
            ("s=1; Path", "s=1; Path=/a/mcp"),
            ("s=1; Path=relative", "s=1; Path=/a/mcp"),
            ("s=domain=x", "s=domain=x; Path=/a/mcp"),
            ("", "; Path=/a/mcp"),
        ] {
            assert_eq!(cookie(value), expected, "{value}");
        }
    }

    #[test]
    fn a_cookie_that_is_right_already_is_left_alone() {
        outside("/", "https://up.example/", |it| {
            for value in ["s=1", "s=1; Path=/", "__Host-s=1; Path=/; Secure", "s=1; Path=/x/"] {
                assert_eq!(it.set_cookie(value.as_bytes()), None, "{value}");
            }
        });
        outside("/mcp", "https://up.example/mcp", |it| assert_eq!(it.set_cookie(b"s=1;Path=/mcp"), None));
    }
}
