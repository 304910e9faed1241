//! The MCP messages of a measurement, which both ends know.

use serde_json::{Value, json};

/// What a caller sends with a `tools/call`: a kilobyte.
pub fn call() -> String {
    padded(1024, |text| {
        json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "read_page", "arguments": { "text": text } },
        })
    })
}

/// What it is answered: two kilobytes.
pub fn result() -> String {
    padded(2048, |text| {
        json!({
            "jsonrpc": "2.0", "id": 1,
            "result": { "content": [{ "type": "text", "text": text }], "isError": false },
        })
    })
}

pub fn list() -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string()
}

/// How many tools the server has, half of which delete something.
pub const TOOLS: usize = 20;

pub fn listed() -> String {
    let tool = |number: usize| {
        let verb = if number.is_multiple_of(2) { "read" } else { "delete" };
        json!({
            "name": format!("{verb}_{number}"),
            "description": "Takes the identifier of a page and does with it what its name says.",
            "inputSchema": {
                "type": "object",
                "properties": { "page": { "type": "string", "description": "The identifier of the page" } },
                "required": ["page"],
            },
        })
    };
    let tools: Vec<Value> = (0..TOOLS).map(tool).collect();
    json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": tools } }).to_string()
}

pub fn initialize() -> String {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1.0" },
        },
    })
    .to_string()
}

pub fn initialized() -> String {
    json!({
        "jsonrpc": "2.0", "id": 1,
        "result": {
            "protocolVersion": "2025-06-18", "capabilities": { "tools": {} },
            "serverInfo": { "name": "stub", "version": "1.0" },
        },
    })
    .to_string()
}

/// That a client knows what it was answered.
pub fn notification() -> String {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string()
}

/// The message with as long a text in it as makes it this long.
fn padded(length: usize, message: impl Fn(&str) -> Value) -> String {
    let empty = message("").to_string().len();
    message(&"lorem ipsum ".chars().cycle().take(length.saturating_sub(empty)).collect::<String>())
        .to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn messages_are_as_long_as_is_said() {
        assert_eq!((super::call().len(), super::result().len()), (1024, 2048));
    }
}
