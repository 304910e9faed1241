//! A raw HTTP/1.1 client: sends exactly the bytes it is given and keeps the connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::PATIENCE;
use super::process::holds_no_secret;

pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// All values of a field, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text body")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The reason slug of a gateway-made error, in either of its forms; of those to a batch, of the first.
    pub fn reason(&self) -> String {
        holds_no_secret(&format!("{self:?}"));
        holds_no_secret(self.text());
        let body = self.json();
        let body = body.get(0).unwrap_or(&body);
        let slug = body["error"]["data"]["reason"].as_str().or(body["reason"].as_str());
        slug.unwrap_or_else(|| panic!("no reason: {body}")).to_string()
    }
}

impl Connection {
    pub fn open(address: SocketAddr) -> Connection {
        Self::over(TcpStream::connect(address).expect("the gateway listens"), address)
    }

    /// On a connection that is open already.
    pub fn over(stream: TcpStream, address: SocketAddr) -> Connection {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("nodelay can be set");
        Connection { stream: BufReader::new(stream), host: address.to_string() }
    }

    pub fn get(&mut self, path: &str) -> Response {
        self.request("GET", path, &[], b"")
    }

    /// A well-formed request with `Host` and, if there is a body, `Content-Length`.
    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.send_request(method, path, headers, body);
        self.response(method)
    }

    pub fn send_request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {}\r\n", self.host);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        self.send(&[head.as_bytes(), b"\r\n", body].concat());
    }

    /// A JSON-RPC message, as an MCP client posts it.
    pub fn post_json(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let json = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
        self.request("POST", path, &[&json, headers].concat(), body.as_bytes())
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("the bytes are sent");
    }

    /// Sends what the peer may refuse half-way: it may close before it has read everything.
    pub fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// The response to a request with this method (a `HEAD` has no body).
    pub fn response(&mut self, method: &str) -> Response {
        let mut response = self.head();
        if method != "HEAD" && !matches!(response.status, 204 | 304) {
            response.body = self.body(&response);
        }
        response
    }

    pub fn head(&mut self) -> Response {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {status_line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return Response { status, headers, body: Vec::new() };
            }
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {line:?}"));
            headers.push((name.to_string(), value.trim().to_string()));
        }
    }

    fn body(&mut self, response: &Response) -> Vec<u8> {
        if response.header("transfer-encoding").is_some() {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk() {
                body.extend(chunk);
            }
            return body;
        }
        let mut body = Vec::new();
        match response.header("content-length") {
            Some(length) => {
                body.resize(length.parse().expect("a length"), 0);
                self.stream.read_exact(&mut body).expect("the whole body");
            }
            None => {
                self.stream.read_to_end(&mut body).expect("the body to the end");
            }
        }
        body
    }

    /// The next chunk of a chunked body, as it arrives; `None` at its end.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(self.line().trim(), 16).expect("a chunk size");
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).expect("the whole chunk");
        chunk.truncate(size);
        (size > 0).then_some(chunk)
    }

    /// Whether the peer has closed the connection, waiting until it either sends or closes.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]) | Err(_))
    }

    /// The next event of a chunked event stream, up to its blank line.
    pub fn event(&mut self) -> String {
        let mut event = String::new();
        while !event.ends_with("\n\n") {
            let chunk = self.chunk().unwrap_or_else(|| panic!("the stream ended in {event:?}"));
            event += std::str::from_utf8(&chunk).expect("text");
        }
        event
    }

    /// Whether the peer closes the connection, in order and without another byte, before this long has passed.
    pub fn closes_within(&mut self, patience: std::time::Duration) -> bool {
        self.stream.get_ref().set_read_timeout(Some(patience)).expect("a timeout can be set");
        matches!(self.stream.fill_buf(), Ok([]))
    }

    /// Whether the peer sends anything before this long has passed.
    pub fn sends_within(&mut self, patience: std::time::Duration) -> bool {
        self.stream.get_ref().set_read_timeout(Some(patience)).expect("a timeout can be set");
        let sent = matches!(self.stream.fill_buf(), Ok(bytes) if !bytes.is_empty());
        self.stream.get_ref().set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        sent
    }

    /// Bytes until the peer closes; an error counts as a close.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = self.stream.read_to_end(&mut bytes);
        bytes
    }

    pub fn close(self) {
        let _ = self.stream.get_ref().shutdown(Shutdown::Both);
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        assert!(line.ends_with("\r\n"), "the connection ended in {line:?}");
        line.truncate(line.len() - 2);
        line
    }
}
