//! Hops 1 and 7 to 10: MCP over Streamable HTTP, first without a token and then with one.

use serde_json::{Value, json};
use ureq::http::{HeaderValue, Request, header};

use super::exchange::{Answer, Wire, text};
use super::hop::Hops;

const PROTOCOL_VERSION: &str = "2025-11-25";

/// An initialized MCP session.
pub struct Session<'a> {
    url: &'a str,
    access_token: &'a str,
    /// Absent for a server that keeps no sessions.
    id: Option<HeaderValue>,
}

/// Hop 1: without a token the server must refuse, and say where its metadata is; that URL.
pub fn challenged(wire: &Wire, hops: &mut Hops, url: &str) -> Result<String, String> {
    let answer = wire.send(message(url, &initialize())?)?.expect(401, "initialize without a token")?;
    let challenge = answer.header("www-authenticate").ok_or("the 401 has no WWW-Authenticate challenge")?;
    let metadata_url = resource_metadata(challenge)
        .ok_or_else(|| format!("the challenge names no resource_metadata: {challenge}"))?
        .to_owned();
    let expected = metadata_url_of(url).ok_or_else(|| format!("{url} has no path"))?;
    if metadata_url != expected {
        return Err(format!("the challenge points at {metadata_url}; clients of {url} expect {expected}"));
    }
    hops.print("POST initialize, no token", &answer, &format!("resource_metadata → {metadata_url}"));
    Ok(metadata_url)
}

impl<'a> Session<'a> {
    /// Hop 7: the same request with the token.
    pub fn initialize(
        wire: &Wire,
        hops: &mut Hops,
        url: &'a str,
        access_token: &'a str,
    ) -> Result<Self, String> {
        let answer = wire.send(with_token(message(url, &initialize())?, access_token)?)?;
        let result = result(&answer, "initialize")?;
        let name = text(&result, "/serverInfo/name", "the initialize result")?;
        let version = text(&result, "/protocolVersion", "the initialize result")?;
        hops.print("POST initialize, with token", &answer, &format!("server = {name}, MCP {version}"));
        Ok(Self { url, access_token, id: answer.headers.get("mcp-session-id").cloned() })
    }

    /// Hop 8.
    pub fn confirm(&self, wire: &Wire, hops: &mut Hops) -> Result<(), String> {
        let message = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let answer = self.post(wire, &message)?.expect(202, "notifications/initialized")?;
        let note = if self.id.is_some() { "the session is open" } else { "the server keeps no session" };
        hops.print("POST notifications/initialized", &answer, note);
        Ok(())
    }

    /// Hop 9.
    pub fn list_tools(&self, wire: &Wire, hops: &mut Hops) -> Result<(), String> {
        let answer = self.post(wire, &json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }))?;
        let result = result(&answer, "tools/list")?;
        let tools = result["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        if !names.contains(&"add") {
            return Err(format!("tools/list should offer add and offers {names:?}"));
        }
        hops.print("POST tools/list", &answer, &names.join(", "));
        Ok(())
    }

    /// Hop 10.
    pub fn call_tool(&self, wire: &Wire, hops: &mut Hops) -> Result<(), String> {
        let params = json!({ "name": "add", "arguments": { "a": 19, "b": 23 } });
        let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params });
        let answer = self.post(wire, &call)?;
        let result = result(&answer, "tools/call")?;
        let sum = text(&result, "/content/0/text", "the tools/call result")?;
        if sum != "42" {
            return Err(format!("add(19, 23) should be 42 and is {sum}"));
        }
        hops.print("POST tools/call", &answer, &format!("add(19, 23) = {sum}"));
        Ok(())
    }

    fn post(&self, wire: &Wire, body: &Value) -> Result<Answer, String> {
        let mut request = with_token(message(self.url, body)?, self.access_token)?;
        request.headers_mut().insert("mcp-protocol-version", HeaderValue::from_static(PROTOCOL_VERSION));
        if let Some(id) = &self.id {
            request.headers_mut().insert("mcp-session-id", id.clone());
        }
        wire.send(request)
    }
}

fn with_token(mut request: Request<String>, access_token: &str) -> Result<Request<String>, String> {
    let value = HeaderValue::try_from(format!("Bearer {access_token}"));
    let value = value.map_err(|_| "the access token has characters no header may carry")?;
    request.headers_mut().insert(header::AUTHORIZATION, value);
    Ok(request)
}

fn initialize() -> Value {
    let client = json!({ "name": "tollgate-walk", "version": env!("CARGO_PKG_VERSION") });
    let params = json!({ "protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params })
}

fn message(url: &str, body: &Value) -> Result<Request<String>, String> {
    Request::post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .body(body.to_string())
        .map_err(|error| format!("{url} cannot be requested: {error}"))
}

/// The `result` of a JSON-RPC response.
fn result(answer: &Answer, method: &str) -> Result<Value, String> {
    if answer.status != 200 {
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        return Err(format!(
            "{method} should answer 200 and answered {} {challenge}{}",
            answer.status, answer.body
        ));
    }
    let mut response = answer.json(method)?;
    match response.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(format!("{method} failed: {}", response["error"])),
    }
}

/// The parameter as the weakest clients read it: a Bearer challenge first, the value quoted.
fn resource_metadata(challenge: &str) -> Option<&str> {
    let parameters = challenge.strip_prefix("Bearer ")?;
    let (_, value) = parameters.split_once("resource_metadata=\"")?;
    Some(value.split_once('"')?.0)
}

/// RFC 9728 §3.1: the well-known part goes between the host and the path.
fn metadata_url_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (origin, path) = url.split_at(url.len() - rest.len() + rest.find('/')?);
    Some(format!("{origin}/.well-known/oauth-protected-resource{path}"))
}
