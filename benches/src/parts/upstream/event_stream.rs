//! Event streams whose events say when they were sent, and which they are.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};

use crate::parts::clock;

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: \
chunked\r\n\r\n";
const BETWEEN: Duration = Duration::from_millis(100);

/// Sends ten events a second until the other side has gone.
pub async fn events(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(HEAD).await?;
    let mut ticks = interval(BETWEEN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = [0; 256];
    for number in 0_u64.. {
        tokio::select! {
            _ = ticks.tick() => stream.write_all(&event(number)).await?,
            // Nothing more is to be asked on this connection: whatever is read says that it has ended.
            _ = stream.read(&mut buffer) => return Ok(()),
        }
    }
    Ok(())
}

/// Opens a stream and says nothing on it.
pub async fn silence(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(HEAD).await?;
    stream.write_all(b"8\r\n: open\n\n\r\n").await?;
    // Nothing more is to be asked on this connection: whatever is read says that it has ended.
    stream.read(&mut [0; 256]).await.map(drop)
}

fn event(number: u64) -> Vec<u8> {
    let sent = clock::now();
    let text = format!("id: {number}\ndata: {{\"jsonrpc\":\"2.0\",\"sent\":{sent},\"number\":{number}}}\n\n");
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}
