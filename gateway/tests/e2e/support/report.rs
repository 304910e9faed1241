//! What the official client reports of a script, and what must hold for every one of its reports.

use serde_json::{Value, json};

pub struct Report(pub Value);

impl Report {
    /// All steps went well.
    pub fn expect_ok(self) -> Report {
        assert_eq!(self.0["ok"], true, "{:#}", self.0);
        self
    }

    /// Some step failed; the message of the first that did.
    pub fn failure(&self) -> &str {
        let steps = self.0["steps"].as_array().expect("a list of steps");
        let failed = steps.iter().find(|step| step["ok"] == false);
        let message = failed.and_then(|step| step["error"]["message"].as_str());
        message.unwrap_or_else(|| panic!("nothing failed: {:#}", self.0))
    }

    /// The result of the step with this number, from 0.
    pub fn result(&self, step: usize) -> &Value {
        &self.0["steps"][step]["result"]
    }

    /// The numbers of the progress events a call received.
    pub fn progress(&self, step: usize) -> Vec<u64> {
        let events = self.result(step)["progress"].as_array().expect("progress events");
        events.iter().map(|event| event["progress"].as_u64().expect("a number")).collect()
    }

    /// A list of what the OAuth half of the client did, such as `logins`.
    pub fn oauth(&self, what: &str) -> &[Value] {
        self.0["oauth"][what].as_array().unwrap_or_else(|| panic!("no list {what}"))
    }

    pub fn logins(&self) -> usize {
        self.oauth("logins").len()
    }

    pub fn refreshes(&self) -> u64 {
        self.0["oauth"]["refreshes"].as_u64().expect("a number")
    }

    /// The statuses of the responses that carried a challenge.
    pub fn challenged(&self) -> Vec<u64> {
        let statuses = self.oauth("challenges").iter().map(|challenge| challenge["status"].as_u64());
        statuses.map(|status| status.expect("a number")).collect()
    }

    /// How many requests carried this header.
    pub fn requests_with(&self, header: &str) -> usize {
        let requests = self.0["requests"].as_array().expect("a list of requests");
        requests.iter().filter(|request| !request[header].is_null()).count()
    }

    /// The client asked for tokens for `url` and nothing else, and never met the upstream, which listens on this port.
    pub fn expect_private(self, url: &str, upstream_port: &Value) -> Report {
        let contacted = self.0["contacted"].as_array().expect("a list of origins");
        let port = format!(":{upstream_port}");
        let past = |origin: &Value| origin.as_str().is_none_or(|origin| origin.ends_with(&port));
        assert!(!contacted.iter().any(past), "the client went past the gateway: {contacted:?}");
        for request in self.oauth("logins").iter().chain(self.oauth("tokenRequests")) {
            assert_eq!(request["resource"], json!([url]), "a token for what was dialled: {request}");
        }
        self
    }
}
