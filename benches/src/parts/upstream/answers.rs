//! What the upstream says, byte by byte, made once.

use std::net::SocketAddr;

use serde_json::json;

use crate::parts::messages;

/// How long the long answer is.
pub const DOWNLOAD: usize = 10 * 1024 * 1024;
/// The id of every session.
pub const SESSION: &str = "c5b2f6a1-3e0f-4a57-9b7d-0f2a1f6f2a11";

pub struct Answers {
    call: Vec<u8>,
    list: Vec<u8>,
    initialized: Vec<u8>,
    accepted: Vec<u8>,
    ended: Vec<u8>,
    challenge: Vec<u8>,
    metadata: Vec<u8>,
    keys: Vec<u8>,
    active: Vec<u8>,
    download: Vec<u8>,
    unknown: Vec<u8>,
}

/// What a request is answered with.
pub enum Answer<'a> {
    Whole(&'a [u8]),
    /// Ten events a second.
    Events,
    /// A stream that is open and says nothing.
    Silence,
}

impl Answers {
    pub fn new(address: SocketAddr, keys: &str) -> Answers {
        let origin = format!("http://{address}");
        let resource = format!("{origin}/mcp");
        let challenge = format!(
            "Content-Type: application/json\r\nWWW-Authenticate: Bearer realm=\"stub\", error=\"invalid_token\", \
             resource_metadata=\"{origin}/.well-known/oauth-protected-resource/mcp\"\r\n"
        );
        let metadata = json!({
            "resource": resource, "authorization_servers": [origin], "scopes_supported": ["tools:read"],
            "bearer_methods_supported": ["header"], "resource_name": "Stub",
        });
        let active = json!({
            "active": true, "iss": origin, "aud": origin, "sub": "alice", "client_id": "agent",
            "scope": "tools:read tools:list",
        });
        let session = format!("{JSON}Mcp-Session-Id: {SESSION}\r\n");
        Answers {
            call: whole("200 OK", JSON, messages::result().as_bytes()),
            list: whole("200 OK", JSON, messages::listed().as_bytes()),
            initialized: whole("200 OK", &session, messages::initialized().as_bytes()),
            accepted: whole("202 Accepted", "", b""),
            ended: whole("200 OK", "", b""),
            challenge: whole("401 Unauthorized", &challenge, br#"{"error":"invalid_token"}"#),
            metadata: whole("200 OK", JSON, metadata.to_string().as_bytes()),
            keys: whole("200 OK", JSON, keys.as_bytes()),
            active: whole("200 OK", JSON, active.to_string().as_bytes()),
            download: whole("200 OK", "Content-Type: application/octet-stream\r\n", &vec![b'x'; DOWNLOAD]),
            unknown: whole("404 Not Found", "", b""),
        }
    }

    /// The answer to a request of this start line and the beginning of this body.
    pub fn of(&self, start_line: &str, has_token: bool, body: &[u8]) -> Answer<'_> {
        let mut words = start_line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if path.starts_with("/mcp") && !has_token {
            return Answer::Whole(&self.challenge);
        }
        let rest = path.strip_prefix("/mcp").or_else(|| path.strip_prefix("/open"));
        match (method, rest) {
            ("GET", Some("")) => Answer::Events,
            ("GET", Some("/silent")) => Answer::Silence,
            ("GET", Some("/download")) => Answer::Whole(&self.download),
            ("POST", Some("/upload")) => Answer::Whole(&self.accepted),
            ("POST", Some(_)) => Answer::Whole(self.message(body)),
            ("DELETE", Some(_)) => Answer::Whole(&self.ended),
            _ => Answer::Whole(match path {
                "/.well-known/oauth-protected-resource/mcp" => &self.metadata,
                "/jwks" => &self.keys,
                "/introspect" => &self.active,
                _ => &self.unknown,
            }),
        }
    }

    fn message(&self, body: &[u8]) -> &[u8] {
        let method = |name: &[u8]| body.windows(name.len()).any(|found| found == name);
        // The usual one first: the others are looked for in the beginning of a body alone.
        if method(b"\"tools/call\"") {
            &self.call
        } else if method(b"\"tools/list\"") {
            &self.list
        } else if method(b"\"initialize\"") {
            &self.initialized
        } else {
            &self.accepted
        }
    }
}

const JSON: &str = "Content-Type: application/json\r\n";

fn whole(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
