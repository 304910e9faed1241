//! Connections and streams that are open and on which nothing happens.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::http1::Head;
use super::load::connection::{Connection, Plain, tcp};
use super::load::exchange::{Exchange, Request};
use super::load::open;

/// Opens so many connections, on each of which one request has been answered.
///
/// # Errors
/// With the first that is refused, or answered wrongly.
pub fn connections(
    address: SocketAddr,
    exchange: &Exchange,
    count: usize,
) -> Result<Vec<Connection>, String> {
    let one = |_| {
        let mut connection = open(&Plain(address), exchange)?.ok_or("a connection was closed at once")?;
        connection.rest();
        Ok(connection)
    };
    (0..count).map(one).collect()
}

/// Opens so many event streams, whose head has come.
///
/// # Errors
/// With the first that is refused.
pub fn streams(address: SocketAddr, request: &Request, count: usize) -> Result<Vec<TcpStream>, String> {
    (0..count).map(|_| stream(address, request)).collect()
}

fn stream(address: SocketAddr, request: &Request) -> Result<TcpStream, String> {
    let mut stream = tcp(address).map_err(|error| error.to_string())?;
    stream.write_all(request.bytes()).map_err(|error| error.to_string())?;
    let (mut received, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let read = stream.read(&mut buffer).map_err(|error| error.to_string())?;
        received.extend_from_slice(&buffer[..read]);
        match Head::find(&received).map_err(|error| error.to_string())? {
            Some(head) if head.status() == 200 => return Ok(stream),
            Some(head) => return Err(format!("a status of {} for a stream", head.status())),
            None if read == 0 => return Err("a stream ended before its head".to_owned()),
            None => {}
        }
    }
}
