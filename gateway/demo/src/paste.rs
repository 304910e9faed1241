//! What to give real clients, once the walk has shown that the gateway's URL works.

/// Prints one block per client. Each logs in by itself: the browser shows the demo's consent page.
pub fn print(url: &str) {
    println!(
        r#"
Now a real client. Each opens the demo's consent page in your browser; press Approve there.

VS Code, in .vscode/mcp.json:
  {{ "servers": {{ "demo": {{ "type": "http", "url": "{url}" }} }} }}

Claude Code, in a shell; then /mcp inside it to log in:
  claude mcp add --transport http demo {url}

Cursor, in ~/.cursor/mcp.json:
  {{ "mcpServers": {{ "demo": {{ "url": "{url}" }} }} }}

MCP Inspector, in a shell; choose Streamable HTTP and paste the URL:
  npx @modelcontextprotocol/inspector
  {url}

Tollgate's log follows. Ctrl-C ends everything.
"#
    );
}
