//! Clients on a bare socket that take their time, and what the gateway makes of them.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use super::PATIENCE;

/// Between two bytes of a client that drips.
pub const DRIP: Duration = Duration::from_millis(200);

/// How a connection ended.
#[derive(Debug)]
pub struct Ending {
    pub after: Duration,
    pub received: String,
}

impl Ending {
    /// The status of the last answer; 0 without one.
    pub fn status(&self) -> u16 {
        let last = self.received.rsplit("HTTP/1.1 ").next().filter(|_| self.received.contains("HTTP/1.1 "));
        last.and_then(|line| line.get(..3)).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub fn says(&self, reason: &str) -> bool {
        self.received.contains(&format!("\"{reason}\""))
    }
}

pub fn open(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the gateway listens");
    stream.set_nodelay(true).expect("nodelay can be set");
    stream
}

/// The same from another address of this machine, so that the gateway sees another client.
pub fn open_from(client: IpAddr, address: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let connected = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((client, 0).into())?;
        socket.connect(address).await?.into_std()
    });
    let stream = connected.expect("the gateway listens");
    stream.set_nonblocking(false).expect("the mode can be set");
    stream
}

/// Sends these bytes at once, then one of `drip` at a time until the gateway closes. An empty `drip` is silence.
pub fn until_closed(mut stream: TcpStream, at_once: &[u8], drip: &[u8]) -> Ending {
    let start = Instant::now();
    stream.write_all(at_once).expect("the bytes are sent");
    stream.set_read_timeout(Some(DRIP)).expect("a timeout can be set");
    let (mut received, mut bytes, mut buffer) = (Vec::new(), drip.iter().cycle(), [0; 4096]);
    while start.elapsed() < PATIENCE {
        match stream.read(&mut buffer) {
            Ok(0) => return Ending { after: start.elapsed(), received: text(received) },
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if let Some(byte) = bytes.next() {
                    // The gateway may have closed just now; the next read says so.
                    let _ = stream.write_all(&[*byte]);
                }
            }
            Err(_) => return Ending { after: start.elapsed(), received: text(received) },
        }
    }
    panic!("the connection is still open: {:?}", text(received));
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
