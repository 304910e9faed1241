//! A server for unit tests that answers whatever it is told to, HTTP or not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a request is answered.
pub enum Reply {
    /// With these bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// With these bytes, one of them every so often.
    Drip(Vec<u8>, Duration),
    /// Not at all, with the connection left open.
    Silence,
}

impl Reply {
    /// A whole answer with a body.
    pub fn with(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Reply {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
        Reply::Bytes([head.as_bytes(), body].concat())
    }

    pub fn ok(body: impl AsRef<[u8]>) -> Reply {
        Reply::with("200 OK", "", body)
    }
}

type Answer = Box<dyn Fn(&str) -> Reply + Send>;

/// The server. It stops with the runtime of the test.
pub struct Stub {
    pub port: u16,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// One that answers requests by their target.
    pub async fn start(answer: impl Fn(&str) -> Reply + Send + 'static) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let answer: Arc<Mutex<Answer>> = Arc::new(Mutex::new(Box::new(answer)));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let stub = Stub { port, answer: answer.clone(), asked: asked.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), asked.clone()));
            }
        });
        stub
    }

    pub fn answers(&self, answer: impl Fn(&str) -> Reply + Send + 'static) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(answer);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The targets it was asked for, or `""` for a connection without a request.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<Mutex<Answer>>, asked: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let target = request.split(' ').nth(1).unwrap_or_default().to_string();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(target.clone());
    let reply = (answer.lock().unwrap_or_else(PoisonError::into_inner))(&target);
    // It fails where the gateway has gone away, as it should from an answer that has no end.
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
        Reply::Drip(bytes, pause) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Silence => drop(stream.read_u8().await),
    }
}
