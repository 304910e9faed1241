//! Connections of HTTP/1.1 on which nothing is going on, as most are most of the time. What Pingora sets up to take a
//! request is several times what the rest of a connection needs, so it is set up when there are bytes of one.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::sleep;

/// What is read at once, as much as Pingora's own first read.
const FIRST_READ: usize = 4096;

/// The session again once its client has sent something. `None`: it has closed the connection, it was idle for too
/// long, or the gateway drains.
pub async fn until_it_speaks(session: ServerSession, draining: &ShutdownWatch) -> Option<ServerSession> {
    let (keepalive, reuses) = (session.get_keepalive(), session.get_keepalive_reuses_remaining());
    let ServerSession::H1(session) = session else { return Some(session) };
    let mut stream = session.into_inner();
    let heard = heard(&mut stream, keepalive, draining.clone()).await?;
    let mut session = ServerSession::new_http1(stream);
    session.set_keepalive(keepalive);
    session.set_keepalive_reuses_remaining(reuses);
    session.set_pipelined_prefix(heard);
    Some(session)
}

async fn heard(
    stream: &mut Stream,
    idle_seconds: Option<u64>,
    mut draining: ShutdownWatch,
) -> Option<BytesMut> {
    tokio::select! {
        // What has arrived is a request to serve, whatever else is due.
        biased;
        heard = poll_fn(|cx| poll_heard(stream, cx)) => heard,
        () = idle_for(idle_seconds) => None,
        _ = draining.wait_for(|draining| *draining) => None,
    }
}

/// Read into the stack first, so that a connection that says nothing has no buffer.
fn poll_heard(stream: &mut Stream, cx: &mut Context<'_>) -> Poll<Option<BytesMut>> {
    let mut array = [MaybeUninit::<u8>::uninit(); FIRST_READ];
    let mut read = ReadBuf::uninit(&mut array);
    let result = ready!(Pin::new(stream).poll_read(cx, &mut read));
    if result.is_err() || read.filled().is_empty() {
        return Poll::Ready(None);
    }
    // With the room that Pingora's own buffer has for the rest of a head.
    let mut heard = BytesMut::with_capacity(FIRST_READ);
    heard.extend_from_slice(read.filled());
    Poll::Ready(Some(heard))
}

/// Without a number, as long as it likes: its head has a deadline of its own.
async fn idle_for(seconds: Option<u64>) {
    match seconds {
        Some(seconds) if seconds > 0 => sleep(Duration::from_secs(seconds)).await,
        _ => std::future::pending().await,
    }
}
