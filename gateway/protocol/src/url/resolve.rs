//! Reference resolution, RFC 3986 §5.2.

use super::{HttpUrl, UrlError, check_characters, split_query};

pub(super) fn resolve(base: &HttpUrl, reference: &str) -> Result<HttpUrl, UrlError> {
    check_characters(reference)?;
    if has_scheme(reference) {
        let url = HttpUrl::parse(reference)?;
        return Ok(HttpUrl { path: remove_dot_segments(&url.path), ..url });
    }
    if reference.starts_with("//") {
        let absolute = format!("{}:{reference}", base.origin.scheme().as_str());
        return resolve(base, &absolute);
    }
    let (path, query) = split_query(reference);
    let query = query.map(str::to_owned);
    if path.is_empty() {
        let query = query.or_else(|| base.query.clone());
        return Ok(HttpUrl { origin: base.origin.clone(), path: base.path.clone(), query });
    }
    let path = if path.starts_with('/') { path.to_owned() } else { merge(&base.path, path) };
    Ok(HttpUrl { origin: base.origin.clone(), path: remove_dot_segments(&path), query })
}

/// A scheme is what stands before the first colon, if that comes before any slash or question mark.
pub(crate) fn has_scheme(reference: &str) -> bool {
    let first = reference.find([':', '/', '?']);
    first.is_some_and(|at| reference.as_bytes()[at] == b':')
}

/// §5.2.3: the reference takes the place of what follows the base path's last slash.
fn merge(base: &str, reference: &str) -> String {
    let directory = base.rfind('/').map_or("/", |slash| &base[..=slash]);
    format!("{directory}{reference}")
}

/// §5.2.4 on a path that is empty or begins with a slash.
fn remove_dot_segments(path: &str) -> String {
    let Some(inner) = path.strip_prefix('/') else { return path.to_owned() };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(base: &str, reference: &str) -> Result<String, UrlError> {
        HttpUrl::parse(base).unwrap().resolve(reference).map(|url| url.to_string())
    }

    #[test]
    fn the_examples_of_rfc_3986_section_5_4_resolve_as_printed() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://z/a/../b", "https://z/b"),
        ] {
            assert_eq!(resolved(base, reference), Ok(expected.to_owned()), "{reference}");
        }
    }

    #[test]
    fn a_base_without_a_path_gets_a_slash_before_the_reference() {
        assert_eq!(resolved("http://a", "g"), Ok("http://a/g".to_owned()));
        assert_eq!(resolved("http://a?q", "g"), Ok("http://a/g".to_owned()));
        assert_eq!(resolved("http://a", "?y"), Ok("http://a?y".to_owned()));
    }

    #[test]
    fn references_that_leave_http_are_refused() {
        for reference in ["mailto:x", "javascript:alert(1)", "http:g", "a:b", "//u@h/", "file:///etc/passwd"]
        {
            assert!(resolved("http://a/b", reference).is_err(), "{reference}");
        }
        assert_eq!(resolved("http://a/b", "g#s"), Err(UrlError::Fragment));
    }
}
