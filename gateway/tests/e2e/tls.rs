//! TLS on listeners: which certificate, which versions, whose clients; and HTTP/2 over it.

mod certificates;
mod clients;
mod http2;
mod profile;
mod rotation;

use std::path::Path;

use serde_json::{Value, json};

use crate::support::certificates::Authority;
use crate::support::node::tls_client;
use crate::support::tollgate::Tollgate;

/// A gateway whose listener `main` has this `tls` mapping, in a folder with an authority `ca`, a certificate
/// `edge` (edge.example.com, *.wild.example.com, 127.0.0.1) and another, `other` (other.example.com).
pub struct Secure {
    pub gateway: Tollgate,
    pub authority: Authority,
}

pub const CERTIFICATES: &str = "certificates: [{ cert: edge-leaf.pem, key: edge-leaf.key }, { cert: other-leaf.pem, key: other-leaf.key }]";

impl Secure {
    pub fn start(tls: &str, rest: &str, endpoint: &str) -> Secure {
        Secure::prepared(tls, rest, endpoint, |_| {})
    }

    /// The same, after `prepare` has put more files into the folder.
    pub fn prepared(tls: &str, rest: &str, endpoint: &str, prepare: impl FnOnce(&Authority)) -> Secure {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let authority = Authority::new(folder.path(), "ca");
        authority.certify("edge", "DNS:edge.example.com,DNS:*.wild.example.com,IP:127.0.0.1,DNS:localhost");
        authority.certify("other", "DNS:other.example.com");
        prepare(&authority);
        let yaml = format!(
            "listeners:\n  - {{ name: main, address: \"127.0.0.1:0\", tls: {{ {tls} }}{rest} }}\napis:\n  \
             - {{ name: a, path: /a/mcp, endpoints: [\"{endpoint}\"], plans: [keyless] }}\n"
        );
        std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
        Secure { gateway: Tollgate::start_in(folder, 1), authority }
    }

    /// One connection with these options besides port and authority.
    pub fn connect(&self, options: Value) -> Value {
        let mut script = json!({ "port": self.gateway.address().port(), "ca": path(&self.authority.ca) });
        for (name, value) in options.as_object().expect("a mapping of options") {
            script[name] = value.clone();
        }
        tls_client(&script)
    }
}

pub fn path(file: &Path) -> &str {
    file.to_str().expect("a path of text")
}

/// An endpoint nobody listens at.
pub const NOWHERE: &str = "http://127.0.0.1:9/mcp";
