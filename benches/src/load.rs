//! Requests over kept connections, each as soon as the answer before it is there.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

const CONNECTIONS: usize = 8;
const BODY: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}"#;

/// Sends so many requests with these further fields.
///
/// # Errors
/// When one of them is not answered with a 200.
pub fn run(address: SocketAddr, path: &str, fields: &str, requests: usize) -> Result<(), Box<dyn Error>> {
    let length = BODY.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nAccept: application/json, \
         text/event-stream\r\n{fields}Content-Length: {length}\r\n\r\n{BODY}"
    );
    let outcomes = std::thread::scope(|scope| {
        let one = || ask(address, request.as_bytes(), requests / CONNECTIONS);
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(one)).collect();
        clients.into_iter().map(|client| client.join()).collect::<Vec<_>>()
    });
    for outcome in outcomes {
        outcome.map_err(|_| "a client has panicked")??;
    }
    Ok(())
}

fn ask(address: SocketAddr, request: &[u8], times: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answer = [0; 4096];
    for _ in 0..times {
        stream.write_all(request)?;
        let mut length = 0;
        // The upstream's answer ends with three braces, and has no others like them.
        while !answer[..length].ends_with(b"}}}") {
            match stream.read(&mut answer[length..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => length += read,
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200 ") {
            return Err(io::Error::other(String::from_utf8_lossy(&answer[..length]).into_owned()));
        }
    }
    Ok(())
}
