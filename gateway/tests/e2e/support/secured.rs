//! A secured MCP server behind a gateway, and the official client in front of it.

use serde_json::{Value, json};

use super::authorization::{self, Temper};
use super::node::{Server, client};
use super::report::Report;
use super::tollgate::{Tollgate, api, config};

/// One secured MCP server, exposed as one API at `/demo/mcp`.
pub struct Secured {
    pub upstream: Server,
    pub gateway: Tollgate,
    /// What clients dial.
    pub url: String,
}

impl Secured {
    /// With the shared authorization server of a temper; one that binds knows the gateway's URL, and the MCP server
    /// accepts it as an audience.
    pub fn start(temper: Temper, upstream_options: &[&str]) -> Secured {
        Secured::with(authorization::server(temper), upstream_options)
    }

    /// With an authorization server of one's own.
    pub fn with(authorization_server: &Server, upstream_options: &[&str]) -> Secured {
        let upstream = secured_upstream(authorization_server, upstream_options);
        let gateway = Tollgate::start(&config(&api("demo", "/demo/mcp", upstream.url())));
        let url = format!("{}/demo/mcp", gateway.origin());
        if authorization_server.text("temper") == "bind" {
            authorization_server.list_resources(&[&url]);
            upstream.control("/audiences", &json!({ "accept": [url] }));
        }
        Secured { upstream, gateway, url }
    }

    /// Runs `steps` with the client; `script` may name the SDK and other members.
    pub fn run(&self, script: Value, steps: Value) -> Report {
        run(&self.gateway, &self.upstream, &self.url, script, steps)
    }

    /// The same with SDK v1 and v2, one after the other.
    pub fn run_both(&self, steps: &Value) -> [Report; 2] {
        ["v1", "v2"].map(|sdk| self.run(json!({ "sdk": sdk }), steps.clone()).expect_ok())
    }
}

pub fn secured_upstream(authorization_server: &Server, options: &[&str]) -> Server {
    Server::mcp_server(&[&["--issuer", authorization_server.text("issuer")], options].concat())
}

/// The resource identifier of a URL: the URL itself, but an origin without its slash, since RFC 9728 §3.1 gives
/// both spellings of it the same metadata URL.
pub fn identifier(url: &str) -> &str {
    match url.strip_suffix('/') {
        Some(origin) if origin.matches('/').count() == 2 => origin,
        _ => url,
    }
}

/// Runs the client against one of a gateway's URLs, and holds what it did to what must hold for every client.
pub fn run(gateway: &Tollgate, upstream: &Server, url: &str, mut script: Value, steps: Value) -> Report {
    script["url"] = json!(url);
    script["steps"] = steps;
    let report = Report(client(&script)).expect_private(identifier(url), &upstream.ready["port"]);
    expect_no_token_in_the_log(gateway, upstream);
    report
}

/// Whatever credentials reached the upstream, the gateway wrote none of them down.
fn expect_no_token_in_the_log(gateway: &Tollgate, upstream: &Server) {
    let journal = upstream.journal();
    let tokens = journal.iter().filter_map(|request| request["headers"]["authorization"].as_str());
    let tokens: Vec<&str> = tokens.filter_map(|field| field.split(' ').next_back()).collect();
    for line in gateway.process.lines() {
        assert!(!tokens.iter().any(|token| line.contains(token)), "a token in the log: {line}");
    }
}
