//! From a checked host and path to the API that is published there: exact host first, then the longest
//! path on segment boundaries. The cost grows with the depth of the path, never with the number of APIs.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use memchr::{memchr_iter, memrchr};

use crate::gateway::Api;

/// The routes of one configuration.
#[derive(Default)]
pub struct Router {
    hosts: HashMap<String, PathTable, RandomState>,
    any_host: PathTable,
}

#[derive(Default)]
struct PathTable {
    /// By public path without a trailing slash; the root is the empty string.
    apis: HashMap<String, Arc<Api>, RandomState>,
    /// Segments of the longest path, so that a hostile path of thousands is not looked up piece by piece.
    deepest: usize,
}

impl Router {
    /// Publishes an API at its path, on its hosts or, where it names none, on all.
    pub fn publish(&mut self, api: &Arc<Api>) {
        if api.hosts.is_empty() {
            self.any_host.insert(api);
        }
        for host in &api.hosts {
            self.hosts.entry(host.clone()).or_default().insert(api);
        }
    }

    /// The API at `path` on `host`, or none.
    pub fn find(&self, host: &str, path: &str) -> Option<&Arc<Api>> {
        self.hosts.get(host).and_then(|table| table.longest(path)).or_else(|| self.any_host.longest(path))
    }

    /// The one API of a host, where there is exactly one: only then does a resource-less question about
    /// the host have an answer.
    pub fn only_api(&self, host: &str) -> Option<&Arc<Api>> {
        let named = self.hosts.get(host).map(|table| &table.apis);
        let mut all = named.into_iter().flat_map(HashMap::values).chain(self.any_host.apis.values());
        all.next().filter(|_| all.next().is_none())
    }
}

impl PathTable {
    fn insert(&mut self, api: &Arc<Api>) {
        let path = api.path.trim_end_matches('/');
        self.deepest = self.deepest.max(path.matches('/').count());
        self.apis.insert(path.to_string(), api.clone());
    }

    fn longest(&self, path: &str) -> Option<&Arc<Api>> {
        let mut prefix = self.as_deep_as_any_route(path);
        loop {
            if let Some(api) = self.apis.get(prefix) {
                return Some(api);
            }
            prefix = &prefix[..memrchr(b'/', prefix.as_bytes())?];
        }
    }

    fn as_deep_as_any_route<'p>(&self, path: &'p str) -> &'p str {
        match memchr_iter(b'/', path.as_bytes()).nth(self.deepest) {
            Some(end) => &path[..end],
            None => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::testing::api;

    fn found<'r>(router: &'r Router, host: &str, path: &str) -> Option<&'r str> {
        router.find(host, path).map(|api| api.name.as_str())
    }

    #[test]
    fn the_longest_path_wins_on_segment_boundaries() {
        let mut router = Router::default();
        for (name, path) in [("outer", "/github"), ("inner", "/github/mcp/nested")] {
            router.publish(&api(name, path, &[]));
        }
        assert_eq!(found(&router, "h", "/github"), Some("outer"));
        assert_eq!(found(&router, "h", "/github/"), Some("outer"));
        assert_eq!(found(&router, "h", "/github/mcp"), Some("outer"));
        assert_eq!(found(&router, "h", "/github/mcp/nested/"), Some("inner"));
        assert_eq!(found(&router, "h", "/github/mcp/nested/x/y/z"), Some("inner"));
        assert_eq!(found(&router, "h", "/github/mcp/nestedx"), Some("outer"));
        assert_eq!(found(&router, "h", "/githubx"), None);
        assert_eq!(found(&router, "h", "/"), None);
    }

    #[test]
    fn an_exact_host_comes_before_an_api_of_every_host() {
        let mut router = Router::default();
        router.publish(&api("everywhere", "/mcp/deep", &[]));
        router.publish(&api("there", "/mcp", &["a.example"]));
        assert_eq!(found(&router, "a.example", "/mcp/deep"), Some("there"));
        assert_eq!(found(&router, "b.example", "/mcp/deep"), Some("everywhere"));
        assert_eq!(found(&router, "b.example", "/mcp"), None);
    }

    #[test]
    fn an_api_at_the_root_takes_every_path_nobody_else_has() {
        let mut router = Router::default();
        router.publish(&api("root", "/", &[]));
        router.publish(&api("leaf", "/leaf", &[]));
        assert_eq!(found(&router, "h", "/"), Some("root"));
        assert_eq!(found(&router, "h", "/leaf/x"), Some("leaf"));
        assert_eq!(found(&router, "h", "/other"), Some("root"));
    }

    #[test]
    fn only_a_host_with_one_api_has_an_only_api() {
        let mut router = Router::default();
        router.publish(&api("a", "/a", &["one.example", "two.example"]));
        router.publish(&api("b", "/b", &["two.example"]));
        assert_eq!(router.only_api("one.example").map(|api| api.name.as_str()), Some("a"));
        assert!(router.only_api("two.example").is_none());
        assert!(router.only_api("three.example").is_none());
    }
}
