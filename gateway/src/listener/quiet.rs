//! Connections of HTTP/1.1 on which nothing is going on, as most are most of the time. What Pingora sets up to take a
//! request is several times what the rest of a connection needs, so it is set up when there are bytes of one.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What is read at once, as much as Pingora's own first read.
const FIRST_READ: usize = 4096;

static HEAD_END: Lazy<Finder<'static>> = Lazy::new(|| Finder::new(b"\r\n\r\n"));

/// What may end a connection between two requests. It is kept from one time to the next, for setting it up costs more than
/// looking at it.
pub struct Quiet {
    drains: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Quiet {
    pub fn new(mut draining: ShutdownWatch) -> Quiet {
        let drains = Box::pin(async move {
            let _ = draining.wait_for(|draining| *draining).await;
        });
        Quiet { drains, timer: None }
    }

    /// The first bytes of a request. `None`: the client has closed the connection, it was idle for too long, or the gateway
    /// drains. An `idle_timeout` of none is for as long as it likes: a head has a deadline of its own.
    pub async fn until_it_speaks(&mut self, stream: &mut Stream, idle_timeout: Duration) -> Option<BytesMut> {
        let mut until = None;
        poll_fn(|cx| {
            // What has arrived is a request to serve, whatever else is due.
            if let Poll::Ready(heard) = poll_heard(stream, cx) {
                return Poll::Ready(heard);
            }
            let until = *until.get_or_insert_with(|| Instant::now() + idle_timeout);
            if !idle_timeout.is_zero() && self.poll_timer(until, cx).is_ready() {
                return Poll::Ready(None);
            }
            self.drains.as_mut().poll(cx).map(|()| None)
        })
        .await
    }

    /// A timer that was set for a time before is left to end, as that is set anew once and not for each request.
    fn poll_timer(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        ready!(timer.as_mut().poll(cx));
        if timer.deadline() < until {
            timer.as_mut().reset(until);
            ready!(timer.as_mut().poll(cx));
        }
        Poll::Ready(())
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
    // Of a whole head no more is kept than there is of it, and of another what Pingora's own buffer has room for.
    let is_whole = HEAD_END.find(read.filled()).is_some();
    let room = if is_whole { read.filled().len() } else { FIRST_READ };
    let mut heard = BytesMut::with_capacity(room);
    heard.extend_from_slice(read.filled());
    Poll::Ready(Some(heard))
}
