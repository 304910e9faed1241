//! The tools of an API, as its MCP server lists them in answers that pass: names that metrics may have, and arguments
//! that callers repeat in headers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use http::HeaderName;
use prometheus_client::metrics::counter::Counter;
use tollgate_protocol::envelope::Pointer;
use tollgate_protocol::lists::{Item, Listed};

/// The tools of one API.
const TOOLS_MAX: usize = 1000;
const NAME_BYTES_MAX: usize = 256;
/// For how long after a tool was listed its callers are held to what the list said. A server may have another version by
/// then, whose list went by another gateway.
const HOLDS_FOR_MILLIS: u64 = 5 * 60 * 1000;

/// What is known of the tools of one API, for all its requests; it outlives a reload.
#[derive(Debug, Default)]
pub struct KnownTools {
    by_name: ArcSwap<HashMap<Box<str>, Arc<Tool>>>,
    /// Of tools that are not known, and of those whose names are not plain.
    others: Arc<Calls>,
}

/// One tool.
#[derive(Debug, Default)]
pub struct Tool {
    mirrored: Vec<(HeaderName, Pointer)>,
    /// Unix time in milliseconds.
    listed_at: AtomicU64,
    calls: Arc<Calls>,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Calls {
    pub passed: Counter,
    pub refused: Counter,
}

impl Tool {
    /// The arguments callers repeat, each with its header.
    pub fn mirrored(&self) -> &[(HeaderName, Pointer)] {
        &self.mirrored
    }

    fn holds(&self, now: u64) -> bool {
        now.saturating_sub(self.listed_at.load(Ordering::Relaxed)) < HOLDS_FOR_MILLIS
    }
}

impl KnownTools {
    /// A tool, if it was listed lately.
    pub fn listed_lately(&self, name: &str, now: u64) -> Option<Arc<Tool>> {
        self.by_name.load().get(name).filter(|tool| tool.holds(now)).cloned()
    }

    /// Counts a call of a tool.
    pub fn count(&self, name: &str, was_refused: bool) {
        let known = self.by_name.load();
        let calls = known.get(name).map_or(&*self.others, |tool| &*tool.calls);
        if was_refused {
            calls.refused.inc()
        } else {
            calls.passed.inc()
        };
    }

    /// Shows the calls of each tool with a plain name, in the order of those; all others' as `other`.
    ///
    /// # Errors
    /// What `show` says.
    pub fn each<E>(&self, mut show: impl FnMut(&str, &Calls) -> Result<(), E>) -> Result<(), E> {
        let known = self.by_name.load();
        let mut named: Vec<_> = known.iter().filter(|(name, _)| is_plain(name)).collect();
        named.sort_by_key(|(name, _)| *name);
        named.into_iter().try_for_each(|(name, tool)| show(name, &tool.calls))?;
        show("other", &self.others)
    }

    /// Takes over what a list says that was not known before. Where there is no room, tools go that were not listed lately.
    fn learn(&self, new: Vec<(Box<str>, Tool)>, now: u64) {
        self.by_name.rcu(|known| {
            let mut tools = HashMap::clone(known);
            if tools.len() + new.len() > TOOLS_MAX {
                tools.retain(|_, tool| tool.holds(now));
            }
            for (name, tool) in &new {
                let before = tools.get(name).map(|before| before.calls.clone());
                if before.is_some() || tools.len() < TOOLS_MAX {
                    let (mirrored, listed_at) = (tool.mirrored.clone(), AtomicU64::new(now));
                    let new = || if is_plain(name) { Arc::default() } else { self.others.clone() };
                    let calls = before.unwrap_or_else(new);
                    tools.insert(name.clone(), Arc::new(Tool { mirrored, listed_at, calls }));
                }
            }
            tools
        });
    }
}

/// As the specification wants names of tools (2026-07-28 server/tools, Tool Names), which need no care wherever they are
/// printed.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(plain)
}

/// Reads the lists of one answer.
#[derive(Debug)]
pub struct Learner {
    tools: Arc<KnownTools>,
    new: Vec<(Box<str>, Tool)>,
}

impl Learner {
    pub fn of(tools: &Arc<KnownTools>) -> Learner {
        Learner { tools: tools.clone(), new: Vec::new() }
    }

    /// An item of a list.
    pub fn see(&mut self, item: &Item<'_>, now: u64) {
        let Listed::Tool(name) = &item.listed else { return };
        if name.len() > NAME_BYTES_MAX || self.new.len() == TOOLS_MAX {
            return;
        }
        let header = |text: String| HeaderName::try_from(text).ok();
        let mirrored = item.mirrored().into_iter().filter_map(|one| Some((header(one.header)?, one.pointer)));
        let mirrored: Vec<_> = mirrored.collect();
        match self.tools.by_name.load().get(&**name) {
            Some(known) if known.mirrored == mirrored => known.listed_at.store(now, Ordering::Relaxed),
            _ => self.new.push((name.as_ref().into(), Tool { mirrored, ..Tool::default() })),
        }
    }

    /// A list, or a part of one, was read without a fault.
    pub fn keep(&mut self, now: u64) {
        if !self.new.is_empty() {
            self.tools.learn(std::mem::take(&mut self.new), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_protocol::lists::filter;

    const NOW: u64 = 1_000_000_000;

    fn learn(tools: &Arc<KnownTools>, list: &str, now: u64) {
        let mut learner = Learner::of(tools);
        let body = format!("{{\"result\":{{\"tools\":[{list}]}}}}");
        let see = &mut |item: &Item<'_>| {
            learner.see(item, now);
            true
        };
        filter(body.as_bytes(), see).expect("a list");
        learner.keep(now);
    }

    fn tool(name: &str, header: &str) -> String {
        format!(
            "{{\"name\":\"{name}\",\"inputSchema\":{{\"properties\":{{\"a\":{{\"type\":\"string\",\"x-mcp-header\":\"{header}\"}}}}}}}}"
        )
    }

    fn headers(tools: &KnownTools, name: &str, now: u64) -> Option<Vec<String>> {
        let tool = tools.listed_lately(name, now)?;
        Some(tool.mirrored().iter().map(|(header, _)| header.to_string()).collect())
    }

    #[test]
    fn what_a_list_says_holds_for_five_minutes_after_it_was_listed_last() {
        let tools = Arc::new(KnownTools::default());
        learn(&tools, &tool("one", "A"), NOW);
        assert_eq!(headers(&tools, "one", NOW + 299_999), Some(vec!["mcp-param-a".to_owned()]));
        assert_eq!(headers(&tools, "one", NOW + 300_000), None);
        learn(&tools, &tool("one", "A"), NOW + 200_000);
        assert_eq!(headers(&tools, "one", NOW + 300_000), Some(vec!["mcp-param-a".to_owned()]));
        learn(&tools, &tool("one", "B"), NOW + 300_000);
        assert_eq!(headers(&tools, "one", NOW + 300_000), Some(vec!["mcp-param-b".to_owned()]));
        assert_eq!(headers(&tools, "two", NOW), None);
    }

    #[test]
    fn calls_are_counted_by_tools_that_were_listed_and_the_rest_together() {
        let tools = Arc::new(KnownTools::default());
        learn(&tools, "{\"name\":\"one\"}", NOW);
        tools.count("one", false);
        learn(&tools, &tool("one", "A"), NOW);
        tools.count("one", true);
        tools.count("made up", false);
        tools.count("made up too", false);
        learn(&tools, "{\"name\":\"odd\\nname\"}", NOW);
        tools.count("odd\nname", true);
        let mut seen = Vec::new();
        let show = |name: &str, calls: &Calls| -> Result<(), ()> {
            seen.push((name.to_owned(), calls.passed.get(), calls.refused.get()));
            Ok(())
        };
        assert_eq!(tools.each(show), Ok(()));
        assert_eq!(seen, [("one".to_owned(), 1, 1), ("other".to_owned(), 2, 1)]);
    }

    #[test]
    fn a_server_that_lists_ever_new_tools_makes_room_for_them_only_by_old_ones() {
        let tools = Arc::new(KnownTools::default());
        let list = |from: usize, to: usize| {
            (from..to).map(|n| tool(&format!("t{n}"), "A")).collect::<Vec<_>>().join(",")
        };
        learn(&tools, &list(0, 1500), NOW);
        learn(&tools, &list(2000, 2010), NOW + 1);
        assert_eq!(tools.by_name.load().len(), TOOLS_MAX);
        assert!(headers(&tools, "t2000", NOW + 1).is_none());
        let later = NOW + HOLDS_FOR_MILLIS;
        learn(&tools, &list(2000, 2010), later);
        assert_eq!(tools.by_name.load().len(), 10);
        assert!(headers(&tools, "t2000", later).is_some());
        learn(&tools, &format!("{{\"name\":\"{}\"}}", "x".repeat(257)), later);
        assert_eq!(tools.by_name.load().len(), 10);
    }
}
