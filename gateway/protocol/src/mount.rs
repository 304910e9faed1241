//! How the public path of an API and the path of its endpoint map onto each other.
//!
//! What follows the public path is appended to the endpoint's path, nothing else is ever changed, and every comparison
//! ends on a segment boundary. An upstream may also name paths of its own that lie outside the endpoint's path (a
//! message endpoint of the legacy transport, a redirect). They have a public spelling too, under a reserved segment:
//! `<public path>/.upstream<upstream path>`. It gives away no host, cannot collide with another API, and leads back to
//! exactly one upstream path; whether it may be requested is for the gateway to decide.

use crate::path::check_target_path;
use crate::url::HttpUrl;

/// The reserved segment, with its slash.
const OUTSIDE: &str = "/.upstream";

/// One API's public path and the endpoint it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    public_path: String,
    upstream: HttpUrl,
}

impl Mount {
    /// `public_path` may be given with or without a trailing slash; `""` and `/` are the root.
    pub fn new(public_path: &str, upstream: HttpUrl) -> Mount {
        Mount { public_path: without_slash(public_path).to_owned(), upstream }
    }

    pub fn upstream(&self) -> &HttpUrl {
        &self.upstream
    }

    /// Without its trailing slash, so `""` for the root.
    pub fn public_path(&self) -> &str {
        &self.public_path
    }

    /// What a request path says below the public path: `""` for the public path itself, with or without a trailing
    /// slash, `/x` for something below it, `None` for a path of somebody else.
    pub fn rest<'p>(&self, request_path: &'p str) -> Option<&'p str> {
        rest(&self.public_path, request_path)
    }

    /// The upstream request target for what [`Mount::rest`] returned.
    ///
    /// `""` is the endpoint's path exactly as it was configured. The endpoint's own query, if it has one, comes before
    /// the request's.
    pub fn upstream_target(&self, rest: &str, query: Option<&str>) -> String {
        let mut target = match (rest, self.upstream.path()) {
            ("", "") => "/".to_owned(),
            ("", path) => path.to_owned(),
            (rest, path) => format!("{}{rest}", without_slash(path)),
        };
        let queries = [self.upstream.query(), query];
        for (nth, query) in queries.into_iter().flatten().enumerate() {
            target.push(if nth == 0 { '?' } else { '&' });
            target.push_str(query);
        }
        target
    }

    /// Path and query under which a client reaches an upstream URL, when it is on the endpoint's origin and at or below
    /// its path.
    ///
    /// The endpoint's own query is taken off again, it may be a secret. A URL whose path the gateway would refuse as a
    /// request target is treated as outside.
    pub fn public_of(&self, url: &HttpUrl) -> Option<String> {
        if url.origin() != self.upstream.origin() {
            return None;
        }
        let rest = match url.path() {
            path if path == self.upstream.path() => "",
            path => below(path, without_slash(self.upstream.path()))?,
        };
        let regular = rest.is_empty() || check_target_path(rest).is_ok();
        if !regular || outside_path(rest).is_some() {
            return None;
        }
        Some(self.public_target(rest, url))
    }

    /// The public spelling, path and query, of any URL on the endpoint's origin; `None` for another origin.
    ///
    /// [`Mount::public_of`] where that has an answer. Metadata locations of RFC 9728 become those of the public URL.
    /// Everything else gets the spelling with the reserved segment, see the module's head.
    pub fn public_or_outside(&self, url: &HttpUrl) -> Option<String> {
        if url.origin() != self.upstream.origin() {
            return None;
        }
        let target = self.public_metadata(url).or_else(|| self.public_of(url));
        Some(target.unwrap_or_else(|| {
            let path = if url.path().is_empty() { "/" } else { url.path() };
            self.public_target(&format!("{OUTSIDE}{path}"), url)
        }))
    }

    fn public_target(&self, rest: &str, url: &HttpUrl) -> String {
        let path = format!("{}{rest}", self.public_path);
        let path = if path.is_empty() { "/".to_owned() } else { path };
        match self.request_query(url) {
            Some(query) => format!("{path}?{query}"),
            None => path,
        }
    }

    /// The query without the endpoint's own in front.
    fn request_query<'u>(&self, url: &'u HttpUrl) -> Option<&'u str> {
        let query = url.query()?;
        let Some(own) = self.upstream.query() else { return Some(query) };
        match query.strip_prefix(own) {
            Some("") => None,
            Some(rest) if rest.starts_with('&') => Some(&rest[1..]),
            _ => Some(query),
        }
    }

    fn public_metadata(&self, url: &HttpUrl) -> Option<String> {
        let root = crate::metadata::well_known_path("");
        let resource = HttpUrl::from_parts(url.origin().clone(), below(url.path(), &root)?);
        let path = crate::metadata::well_known_path(&self.public_of(&resource)?);
        Some(match self.request_query(url) {
            Some(query) => format!("{path}?{query}"),
            None => path,
        })
    }
}

/// What a request path says below a public path, see [`Mount::rest`].
pub fn rest<'p>(public_path: &str, request_path: &'p str) -> Option<&'p str> {
    match request_path.strip_prefix(without_slash(public_path))? {
        "" | "/" => Some(""),
        rest if rest.starts_with('/') => Some(rest),
        _ => None,
    }
}

/// The upstream path that `rest` (of [`Mount::rest`]) stands for when it uses the reserved segment.
///
/// A gateway asks this before [`Mount::upstream_target`] and forwards such a path only where it was announced.
pub fn outside_path(rest: &str) -> Option<&str> {
    below(rest, OUTSIDE).map(|path| if path.is_empty() { "/" } else { path })
}

/// What follows `prefix` when it ends on a segment boundary: `""` or something that begins with a slash.
pub(crate) fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(public_path: &str, upstream: &str) -> Mount {
        Mount::new(public_path, HttpUrl::parse(upstream).unwrap())
    }

    fn public(mount: &Mount, url: &str) -> Option<String> {
        mount.public_or_outside(&HttpUrl::parse(url).unwrap())
    }

    #[test]
    fn a_request_belongs_to_a_mount_only_on_segment_boundaries() {
        let exact = mount("/a/mcp/", "https://up.example/mcp");
        for (path, rest) in [
            ("/a/mcp", Some("")),
            ("/a/mcp/", Some("")),
            ("/a/mcp/x/y/", Some("/x/y/")),
            ("/a/mcp2", None),
            ("/a", None),
            ("/A/mcp", None),
            ("/", None),
        ] {
            assert_eq!(exact.rest(path), rest, "{path}");
        }
        let root = mount("/", "https://up.example/");
        assert_eq!((root.rest("/"), root.rest("/x")), (Some(""), Some("/x")));
    }

    #[test]
    fn the_endpoint_is_reached_with_the_path_it_was_configured_with() {
        for (upstream, rest, query, target) in [
            ("https://up.example", "", None, "/"),
            ("https://up.example/mcp", "", None, "/mcp"),
            ("https://up.example/mcp/", "", None, "/mcp/"),
            ("https://up.example/mcp/", "/x", None, "/mcp/x"),
            ("https://up.example", "/x/", Some("q=1"), "/x/?q=1"),
            ("https://up.example/mcp?k=s", "", None, "/mcp?k=s"),
            ("https://up.example/mcp?k=s", "/x", Some("q=1&k=2"), "/mcp/x?k=s&q=1&k=2"),
            ("https://up.example/mcp", "", Some(""), "/mcp?"),
        ] {
            assert_eq!(mount("/a", upstream).upstream_target(rest, query), target, "{upstream} {rest}");
        }
    }

    #[test]
    fn an_upstream_url_under_the_endpoint_has_a_public_path() {
        let exact = mount("/a/mcp", "https://up.example/mcp/?k=s");
        for (url, expected) in [
            ("https://up.example/mcp/", Some("/a/mcp")),
            ("https://up.example/mcp", Some("/a/mcp")),
            ("https://UP.example:443/mcp/x?q=1", Some("/a/mcp/x?q=1")),
            ("https://up.example/mcp/x?k=s", Some("/a/mcp/x")),
            ("https://up.example/mcp/x?k=s&q=1", Some("/a/mcp/x?q=1")),
            ("https://up.example/mcp/x?k=secret", Some("/a/mcp/x?k=secret")),
            ("https://up.example/mcp2", None),
            ("https://up.example/", None),
            ("https://up.example/mcp/../x", None),
            ("https://up.example/mcp/.upstream/x", None),
            ("http://up.example/mcp", None),
            ("https://other.example/mcp", None),
        ] {
            let url = HttpUrl::parse(url).unwrap();
            assert_eq!(exact.public_of(&url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_path_outside_the_mount_keeps_the_host_secret_and_leads_back() {
        let exact = mount("/a/mcp", "https://up.example/mcp");
        for (url, spelled) in [
            ("https://up.example/messages?s=1", "/a/mcp/.upstream/messages?s=1"),
            ("https://up.example", "/a/mcp/.upstream/"),
            ("https://up.example/mcp/.upstream/x", "/a/mcp/.upstream/mcp/.upstream/x"),
        ] {
            assert_eq!(public(&exact, url).as_deref(), Some(spelled));
            let rest = exact.rest(spelled.split('?').next().unwrap()).unwrap();
            let path = HttpUrl::parse(url).unwrap().target();
            assert_eq!(outside_path(rest), path.split('?').next());
        }
        assert_eq!(public(&exact, "https://other.example/messages"), None);
        assert_eq!(outside_path("/.upstreams/x"), None);
        assert_eq!(outside_path("/x"), None);
    }

    #[test]
    fn metadata_locations_become_those_of_the_public_url() {
        let exact = mount("/a/mcp", "https://up.example/mcp");
        let known = "/.well-known/oauth-protected-resource";
        assert_eq!(public(&exact, &format!("https://up.example{known}/mcp")), Some(format!("{known}/a/mcp")));
        assert_eq!(
            public(&exact, &format!("https://up.example{known}/other")),
            Some(format!("/a/mcp/.upstream{known}/other"))
        );
        let prefix = mount("/github", "https://up.example/");
        assert_eq!(
            public(&prefix, &format!("https://up.example{known}/mcp")),
            Some(format!("{known}/github/mcp"))
        );
    }
}
