//! A client's end of a connection. Blocking, a thread for each: what is measured includes no scheduler but the system's.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::parts::http1::{Body, Head};

/// How long anything may take before a target counts as one that does not answer.
pub const PATIENCE: Duration = Duration::from_secs(20);
const BUFFER: usize = 64 * 1024;

pub trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// How a connection is made, in clear text or with TLS.
pub trait Connect: Sync {
    /// # Errors
    /// When there is no connection to be had.
    fn connect(&self) -> io::Result<Box<dyn Stream>>;
}

/// Without TLS.
pub struct Plain(pub SocketAddr);

impl Connect for Plain {
    fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(tcp(self.0)?))
    }
}

/// # Errors
/// When the connection is refused.
pub fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

pub struct Connection {
    stream: Box<dyn Stream>,
    /// What was read and belongs to no answer yet.
    received: Vec<u8>,
    buffer: Vec<u8>,
    head: Vec<u8>,
    body: Vec<u8>,
}

pub struct Answer<'a> {
    pub status: u16,
    pub closes: bool,
    pub body: &'a [u8],
    head: &'a [u8],
}

impl Answer<'_> {
    /// The first field of that name, in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        Head::find(self.head).ok().flatten()?.field(name)
    }
}

impl Connection {
    pub fn new(stream: Box<dyn Stream>) -> Connection {
        let buffer = vec![0; BUFFER];
        Connection { stream, received: Vec::new(), buffer, head: Vec::new(), body: Vec::new() }
    }

    /// Gives up its buffers until it is asked for something again.
    pub fn rest(&mut self) {
        *self = Connection::new(std::mem::replace(&mut self.stream, Box::new(io::empty())));
        self.buffer = Vec::new();
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection ends, takes longer than [`PATIENCE`], or speaks no HTTP.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request)?;
        loop {
            self.receive_head()?;
            let head = Head::find(&self.head)?.ok_or(io::ErrorKind::InvalidData)?;
            let (status, closes) = (head.status(), head.closes());
            // Provisional answers come before the one that counts.
            if (100..200).contains(&status) {
                continue;
            }
            let framing = Body::new(head.answer_framing());
            self.receive_body(framing)?;
            return Ok(Answer { status, closes, body: &self.body, head: &self.head });
        }
    }

    fn receive_head(&mut self) -> io::Result<()> {
        let length = loop {
            if let Some(head) = Head::find(&self.received)? {
                break head.length();
            }
            self.receive()?;
        };
        self.head.clear();
        self.head.extend(self.received.drain(..length));
        Ok(())
    }

    fn receive_body(&mut self, mut framing: Body) -> io::Result<()> {
        self.body.clear();
        loop {
            let taken = framing.take(&self.received, &mut |bytes| self.body.extend_from_slice(bytes))?;
            self.received.drain(..taken);
            if framing.is_complete() {
                return Ok(());
            }
            match self.receive() {
                Err(error)
                    if matches!(framing, Body::UntilClose)
                        && error.kind() == io::ErrorKind::UnexpectedEof =>
                {
                    return Ok(());
                }
                received => received?,
            }
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        match self.stream.read(&mut self.buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.received.extend_from_slice(&self.buffer[..read]);
                Ok(())
            }
        }
    }
}
