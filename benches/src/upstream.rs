//! The other side: an MCP server that says the same to everybody, and an authorization server that knows every token. A
//! thread for each connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::json;

use crate::issuer::Issuer;

const RESULT: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":{}}}"#;

pub struct Upstream(SocketAddr);

impl Upstream {
    pub fn start(issuer: &Issuer) -> io::Result<Upstream> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let upstream = Upstream(listener.local_addr()?);
        let keys = issuer.keys();
        let known = json!({ "active": true, "aud": upstream.url(), "sub": "alice", "scope": "tools:read" })
            .to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (keys, known) = (keys.clone(), known.clone());
                // A connection that breaks off is the gateway's to notice.
                std::thread::spawn(move || serve(stream, &keys, &known).ok());
            }
        });
        Ok(upstream)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

fn serve(mut stream: TcpStream, keys: &str, known: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        received.extend_from_slice(&buffer[..read]);
        while let Some(length) = complete(&received) {
            let body = match received {
                _ if received.starts_with(b"GET /jwks ") => keys,
                _ if received.starts_with(b"POST /introspect ") => known,
                _ => RESULT,
            };
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
            stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes())?;
            received.drain(..length);
        }
    }
}

/// The length of the request that is there, with its body.
fn complete(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let whole = head + length.unwrap_or(0);
    (received.len() >= whole).then_some(whole)
}
