//! An upstream whose answers a test sets one by one and may change at any time: for metadata and challenges.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::upstream::{Seen, Upstream, response};

pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

pub struct Publisher {
    upstream: Upstream,
    answers: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    times: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Publisher {
    /// Answers 404 to everything until told otherwise.
    pub fn start() -> Publisher {
        let answers = Arc::new(Mutex::new(HashMap::<String, Vec<u8>>::new()));
        let times = Arc::new(Mutex::new(Vec::new()));
        let (set, log) = (answers.clone(), times.clone());
        let upstream = Upstream::start(move |seen| {
            log.lock().expect("no holder panicked").push((seen.target().to_string(), Instant::now()));
            let answers = set.lock().expect("no holder panicked");
            let by_method = answers.get(&format!("{} {}", seen.method(), seen.target()));
            let answer = by_method.or_else(|| answers.get(seen.target())).cloned();
            answer.unwrap_or_else(|| response("404 Not Found", &[], ""))
        });
        Publisher { upstream, answers, times }
    }

    /// From now on `target`, or `METHOD target`, is answered with these bytes.
    pub fn answer(&self, target: &str, bytes: Vec<u8>) {
        self.answers.lock().expect("no holder panicked").insert(target.to_string(), bytes);
    }

    /// Publishes a document of this resource path at its path-inserted well-known URL; `{up}` is the origin.
    pub fn publish(&self, path: &str, document: &str) {
        self.answer(&format!("{WELL_KNOWN}{path}"), response("200 OK", &[], &self.fill(document)));
    }

    /// Answers requests for the resource itself with a challenge.
    pub fn challenge(&self, path: &str, field: &str) {
        let field = format!("WWW-Authenticate: {}", self.fill(field));
        self.answer(path, response("401 Unauthorized", &[&field], ""));
    }

    pub fn fill(&self, text: &str) -> String {
        text.replace("{up}", &self.url(""))
    }

    pub fn url(&self, path: &str) -> String {
        self.upstream.url(path)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.upstream.seen()
    }

    /// `METHOD target` of every request so far.
    pub fn asked(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method(), seen.target())).collect()
    }

    pub fn times_of(&self, target: &str) -> Vec<Instant> {
        let times = self.times.lock().expect("no holder panicked");
        times.iter().filter(|(asked, _)| asked == target).map(|(_, at)| *at).collect()
    }
}
