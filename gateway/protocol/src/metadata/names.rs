//! Whom a `resource` value speaks for (RFC 9728 §3.3, §7.3).

use super::Names;
use crate::url::HttpUrl;

pub(super) fn names(resource: &str, upstream: &HttpUrl, pinned: Option<&str>, public: &[&str]) -> Names {
    if public.contains(&resource) {
        return Names::Public;
    }
    if pinned == Some(resource) {
        return Names::Pinned;
    }
    let Ok(url) = HttpUrl::parse(resource) else { return Names::Foreign };
    let gateway = public.iter().filter_map(|text| HttpUrl::parse(text).ok());
    if covers(&url, upstream) || gateway.into_iter().any(|it| same(&url, &it)) {
        return Names::Upstream;
    }
    Names::Foreign
}

/// Whether `resource` is the endpoint or stands above it.
fn covers(resource: &HttpUrl, endpoint: &HttpUrl) -> bool {
    let own_query = resource.query().is_none() || resource.query() == endpoint.query();
    let above = without_slash(resource.path());
    let below = without_slash(endpoint.path()).strip_prefix(above);
    let on_boundary = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    resource.origin() == endpoint.origin() && own_query && on_boundary
}

fn same(left: &HttpUrl, right: &HttpUrl) -> bool {
    let paths = without_slash(left.path()) == without_slash(right.path());
    left.origin() == right.origin() && paths && left.query() == right.query()
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(resource: &str) -> Names {
        let upstream = HttpUrl::parse("https://up.example/api/mcp").unwrap();
        names(resource, &upstream, Some("urn:mcp:crm"), &["https://gw.example/a/mcp"])
    }

    #[test]
    fn the_endpoint_and_what_stands_above_it_is_the_upstream() {
        for resource in [
            "https://up.example/api/mcp",
            "https://up.example/api/mcp/",
            "https://UP.example:443/api/mcp",
            "https://up.example/api",
            "https://up.example/api/",
            "https://up.example/",
            "https://up.example",
        ] {
            assert_eq!(judged(resource), Names::Upstream, "{resource}");
        }
    }

    #[test]
    fn neighbours_lookalikes_and_non_urls_are_foreign() {
        for resource in [
            "",
            "https://up.example/api/mcp2",
            "https://up.example/ap",
            "https://up.example/api/mcp/below",
            "https://up.example/API/mcp",
            "https://up.example//",
            "http://up.example/api/mcp",
            "https://up.example:8443/api/mcp",
            "https://up.example.evil.com/api/mcp",
            "https://up.example@evil/api/mcp",
            "https://user@up.example/api/mcp",
            "https://up.example/api/mcp#x",
            "https://up.example/api/mcp?x=1",
            "https://evil.example/api/mcp",
            "urn:mcp:CRM",
            "up.example/api/mcp",
        ] {
            assert_eq!(judged(resource), Names::Foreign, "{resource}");
        }
    }

    #[test]
    fn the_gateways_own_identifier_is_public_only_when_spelled_exactly() {
        assert_eq!(judged("https://gw.example/a/mcp"), Names::Public);
        assert_eq!(judged("https://gw.example/a/mcp/"), Names::Upstream);
        assert_eq!(judged("https://GW.example:443/a/mcp"), Names::Upstream);
        assert_eq!(judged("https://gw.example/a"), Names::Foreign);
        assert_eq!(judged("https://gw.example/b/mcp"), Names::Foreign);
    }

    #[test]
    fn a_pinned_name_counts_as_it_is_written() {
        assert_eq!(judged("urn:mcp:crm"), Names::Pinned);
    }

    #[test]
    fn a_query_is_accepted_when_the_endpoint_has_the_same() {
        let upstream = HttpUrl::parse("https://up.example/mcp?t=1").unwrap();
        assert_eq!(names("https://up.example/mcp?t=1", &upstream, None, &[]), Names::Upstream);
        assert_eq!(names("https://up.example/mcp", &upstream, None, &[]), Names::Upstream);
        assert_eq!(names("https://up.example/mcp?t=2", &upstream, None, &[]), Names::Foreign);
    }
}
