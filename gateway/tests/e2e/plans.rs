//! Who is let in: plans, consumers and their keys; and what the gateway shows upstreams in their place.

mod api_keys;
mod canary;
mod consumer_files;
pub mod issuer;
mod jwt;
mod mtls;
mod oauth2;
mod operations;
mod order;
mod outage;
mod refusals;
mod scanner;
mod token_exchange;
mod upstream_auth;

use sha2::{Digest, Sha256};

use crate::support::certificates::Authority;
use crate::support::http::Response;
use crate::support::nameserver::{Nameserver, addresses};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// A configuration with one API `a` at `/a/mcp` with these plans and further keys, and these consumers (YAML list items).
pub fn yaml(plans: &str, keys: &str, upstream: &Upstream, consumers: &str) -> String {
    let keys = if keys.is_empty() { String::new() } else { format!(", {keys}") };
    let url = upstream.url("/mcp");
    format!(
        "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\" }}\nconsumers: [{consumers}]\napis:\n  \
         - {{ name: a, path: /a/mcp, endpoints: [\"{url}\"], plans: [{plans}]{keys} }}\n"
    )
}

/// A consumer with one key that may use the plans of this list.
pub fn consumer(name: &str, key: &str, plans: &str) -> String {
    format!("{{ name: {name}, api_keys: [{{ sha256: {} }}], plans: [{plans}] }}", sha256(key))
}

pub fn sha256(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// TLS before a server in clear text, under a name that one name server alone knows and that leads to this machine.
pub struct Private {
    name: &'static str,
    front: Tollgate,
    authority: Authority,
    dns: Nameserver,
    _folder: tempfile::TempDir,
}

impl Private {
    pub fn before(server: &Upstream, name: &'static str) -> Private {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let authority = Authority::new(folder.path(), "ca");
        let (cert, key) = authority.certify("private", &format!("DNS:{name}"));
        let front = Tollgate::start(&format!(
            "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", tls: {{ certificates: [{{ cert: {cert:?}, key: \
             {key:?} }}] }} }}\napis:\n  - {{ name: front, hosts: [{name}], path: /, endpoints: [\"{}\"], plans: \
             [keyless] }}\n",
            server.url("")
        ));
        let dns = Nameserver::start();
        dns.says(name, addresses(60, &["127.0.0.1"]));
        Private { name, front, authority, dns, _folder: folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{}:{}{path}", self.name, self.front.address().port())
    }

    /// The configuration of a gateway that can look the name up.
    pub fn known_to(&self, yaml: &str) -> String {
        format!("dns: {{ servers: [\"{}\"] }}\n{yaml}", self.dns.address)
    }

    /// That it is reached with these keys of the configuration: with a right to both the name and the authority.
    pub fn is_reached_by(&self, status: impl Fn(&str) -> u16) {
        let ca = format!(", ca: {:?}", self.authority.ca);
        assert_eq!(status(&format!("{ca}, private: true")), 200);
        assert_eq!(status(&ca), 503, "the name leads into a private network");
        assert_eq!(status(", private: true"), 503, "the platform knows no such authority");
    }
}

pub fn upstream() -> Upstream {
    Upstream::start(|_| response("200 OK", &[], "reached"))
}

pub fn ask(gateway: &Tollgate, headers: &[(&str, &str)]) -> Response {
    gateway.connect().post_json("/a/mcp", headers, "{}")
}

/// That a request was refused so that no MCP client takes it for a login that is due.
pub fn is_refused(answer: &Response, reason: &str) {
    assert_eq!((answer.status, answer.reason().as_str()), (403, reason));
    assert_eq!(answer.header("www-authenticate"), None);
}
