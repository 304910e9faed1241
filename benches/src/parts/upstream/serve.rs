//! One connection of the upstream.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answers::{Answer, Answers};
use super::event_stream;
use crate::parts::http1::{Body, Head};

const BUFFER: usize = 64 * 1024;
/// How much of a body is looked at.
const LOOKED_AT: usize = 4096;

/// Answers requests, one after the other, until the connection ends.
pub async fn serve(mut stream: TcpStream, answers: &Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(BUFFER);
    loop {
        while Head::find(&received)?.is_none() {
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        }
        match answer(&mut stream, &mut received, answers).await? {
            Answer::Whole(bytes) => stream.write_all(bytes).await?,
            Answer::Events => return event_stream::events(&mut stream).await,
            Answer::Silence => return event_stream::silence(&mut stream).await,
        }
    }
}

/// Reads the request that begins in `received`, and leaves there what follows it.
async fn answer<'a>(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
    answers: &'a Answers,
) -> io::Result<Answer<'a>> {
    let head = Head::find(received)?.ok_or(io::ErrorKind::InvalidData)?;
    let has_token = head.field("authorization").is_some_and(|value| value.starts_with("Bearer "));
    let (length, start_line) = (head.length(), head.start_line().to_owned());
    let mut body = Body::new(head.request_framing());
    if head.field("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    received.drain(..length);
    let mut content = Vec::new();
    loop {
        let taken = body.take(received, &mut |bytes| {
            let room = LOOKED_AT.saturating_sub(content.len()).min(bytes.len());
            content.extend_from_slice(&bytes[..room]);
        })?;
        received.drain(..taken);
        if body.is_complete() {
            return Ok(answers.of(&start_line, has_token, &content));
        }
        if stream.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
