//! The stream handed to Pingora, with an eye on the clock: a request head has a deadline, a body and an answer a
//! minimum rate. Pingora's own timeouts are per read, so one byte a minute would satisfy them for ever.
//!
//! While nobody is waited for, a read costs a look at the phase and a write a look at one flag.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{io, iter};

use pingora_core::protocols::{ALPN, IO, Ssl};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tollgate_protocol::http1::Request;

use super::comments::{COMMENT_CHUNK, Comments};
use super::connections::Owner;
use super::framed::Framed;
use super::limits::Limits;
use super::pace::Pace;
use super::refused::REFUSED;
use super::state::{ConnectionState, Cut, Phase};
use super::takes::Takes;
use super::timer::Timer;
use crate::respond;
use crate::together::Together;

/// A deadline is late by up to this share of it, so that many connections that began together do not end together.
const SPREAD: f64 = 0.05;

/// A stream that ends when its client is too slow.
#[derive(Debug)]
pub struct Guarded<S> {
    /// Holds small writes, until there is a flush or who brings the next has had a turn: Pingora's own buffer has no room
    /// for a head and a small answer, and sends them one by one.
    pub(super) inner: Together<S>,
    held: Held,
    pub(super) state: Arc<ConnectionState>,
    limits: Limits,
    /// Looks at the frames, where HTTP/2 is spoken.
    framed: Framed,
    pub(super) head_until: Instant,
    /// The request of HTTP/1.1 that is arriving, as it looks before anything has parsed it.
    request: Request,
    body_until: Option<Instant>,
    reading: Pace,
    taking: Takes,
    read_timer: Timer,
    comments: Comments,
    /// What is left to send of a comment that was begun.
    unsent: &'static [u8],
    /// Everything that was written has gone out, so it ends with a whole chunk.
    flushed: bool,
}

/// What was written and not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Nothing,
    /// More may come in this turn.
    New,
    /// It is to be sent.
    Due,
}

fn head_deadline(limits: &Limits) -> Instant {
    Instant::now() + limits.head_timeout.mul_f64(1.0 + SPREAD * fastrand::f64())
}

impl<S: IO> Guarded<S> {
    pub fn new(inner: S, limits: Limits, owner: Option<Owner>, state: Arc<ConnectionState>) -> Guarded<S> {
        Guarded {
            framed: Framed::new(matches!(Ssl::selected_alpn_proto(&inner), Some(ALPN::H2)), owner),
            inner: Together::new(inner),
            held: Held::Nothing,
            state,
            head_until: head_deadline(&limits),
            request: Request::default(),
            body_until: None,
            reading: Pace::new(limits.min_request_rate, limits.min_rate_grace),
            taking: Takes::new(&limits),
            read_timer: Timer::default(),
            comments: Comments::default(),
            unsent: &[],
            flushed: true,
            limits,
        }
    }

    /// Sends what nothing was written behind since the last turn. Pingora reads while it waits for more of an answer, to see
    /// its client leave, so here is where that shows.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.held {
            Held::Nothing => {}
            Held::New => {
                self.held = Held::Due;
                cx.waker().wake_by_ref();
            }
            Held::Due => {
                if let Poll::Ready(sent) = Pin::new(&mut self.inner).poll_flush(cx) {
                    sent?;
                    self.held = Held::Nothing;
                }
            }
        }
        Ok(())
    }

    /// Bytes of the client have arrived.
    ///
    /// # Errors
    /// When they break the framing of a body that is being relayed, or are too many frames that carry nothing. What is wrong
    /// with a request that nobody has looked at yet is for the hooks to say.
    fn has_read(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<()> {
        self.has_moved(bytes.len());
        match self.framed.received(&self.state, bytes) {
            None => self.watch(bytes),
            Some(true) => Ok(()),
            Some(false) => {
                self.take_leave(cx);
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }

    /// Says why the connection ends, to a client that takes that at once.
    fn take_leave(&mut self, cx: &mut Context<'_>) {
        let Some(farewell) = self.framed.farewell() else { return };
        let mut inner = Pin::new(&mut self.inner);
        let _ = inner.as_mut().poll_write(cx, &farewell);
        let _ = inner.as_mut().poll_flush(cx);
        let _ = inner.poll_shutdown(cx);
    }

    fn watch(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Err(flaw) = self.request.push(bytes) else { return Ok(()) };
        self.state.set_flaw(flaw);
        match self.state.phase() {
            Phase::Body => {
                self.state.set_cut(Cut::Framing);
                Err(io::ErrorKind::InvalidData.into())
            }
            _ => Ok(()),
        }
    }

    fn has_moved(&mut self, bytes: usize) {
        match self.state.phase() {
            Phase::Answer | Phase::Http2 => {}
            Phase::Idle if bytes > 0 => {
                self.state.enter(Phase::Head);
                self.head_until = head_deadline(&self.limits);
                self.begin_request();
            }
            Phase::Head if self.framed.is_agreed_on => self.state.enter(Phase::Http2),
            Phase::Idle | Phase::Head => {}
            Phase::Body => self.reading.moved(bytes, Instant::now),
        }
    }

    fn begin_request(&mut self) {
        self.reading.reset();
        self.body_until = None;
        self.request = Request::default();
    }

    /// Nothing has arrived: how long that may go on, and what it would be too slow for.
    fn may_wait(&mut self) -> Option<(Instant, Cut)> {
        match self.state.phase() {
            Phase::Answer | Phase::Http2 | Phase::Idle => None,
            Phase::Head => Some((self.head_until, Cut::Head)),
            Phase::Body => {
                if let (None, Some(timeout)) = (self.body_until, self.limits.body_timeout) {
                    self.body_until = Some(Instant::now() + timeout);
                }
                let until = self.reading.wait(Instant::now).into_iter().chain(self.body_until).min()?;
                Some((until, Cut::Body))
            }
        }
    }

    /// Puts a comment on an event stream that was silent for long enough. Pingora reads while it waits for the upstream,
    /// to see its client leave, so here is where the time can be looked at.
    fn poll_comment(&mut self, cx: &mut Context<'_>) {
        while self.flushed && self.poll_unsent(cx).is_ready() {
            let Some(due) = self.comments.due(&self.state) else { return };
            if self.read_timer.poll(due, cx).is_pending() {
                return;
            }
            self.unsent = COMMENT_CHUNK;
            self.comments.written(&self.state);
        }
    }

    /// Sends what is left of a comment, ahead of anything else.
    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut inner = Pin::new(&mut self.inner);
        while !self.unsent.is_empty() {
            let written = ready!(inner.as_mut().poll_write(cx, self.unsent))?;
            self.unsent = self.unsent.get(written..).unwrap_or_default();
        }
        inner.poll_flush(cx)
    }

    fn poll_may_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state.phase() == Phase::Answer {
            self.poll_comment(cx);
        }
        let Some((until, cut)) = self.may_wait() else { return Poll::Pending };
        ready!(self.read_timer.poll(until, cx));
        if cut == Cut::Head {
            self.give_up_on_head(cx);
            // The accept loop ends the connection as soon as this returns.
            return Poll::Pending;
        }
        self.state.set_cut(cut);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Answers a head that is late and ends the connection. Nothing was sent on it that could be in the way, so a
    /// client that does not take these few bytes at once goes without.
    pub(super) fn give_up_on_head(&mut self, cx: &mut Context<'_>) {
        REFUSED.head_timeout.note();
        self.state.set_cut(Cut::Head);
        let mut inner = Pin::new(&mut self.inner);
        // Where TLS has agreed on HTTP/2 it would be noise.
        if !self.framed.is_agreed_on {
            let _ = inner.as_mut().poll_write(cx, &respond::without_request(Cut::Head.reason()));
            let _ = inner.as_mut().poll_flush(cx);
        }
        let _ = inner.poll_shutdown(cx);
    }

    /// Bytes have been taken, of the first of what there was to send.
    fn has_written<'bytes>(&mut self, taken: usize, bufs: impl Iterator<Item = &'bytes [u8]>) {
        // The library of HTTP/2 flushes whatever it has written.
        if !self.framed.sent(&self.state, taken, bufs) {
            self.held = if self.inner.holds_nothing() { Held::Nothing } else { Held::New };
        }
        self.flushed = false;
        self.comments.written(&self.state);
    }

    fn refuse_after_cut(&self) -> io::Result<()> {
        match self.state.cut() {
            Some(Cut::Answer) => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}

fn taken(polled: &Poll<io::Result<usize>>) -> usize {
    match polled {
        Poll::Ready(Ok(taken)) => *taken,
        _ => 0,
    }
}

impl<S: IO> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.framed.is_over_turn(cx) {
            return Poll::Pending;
        }
        this.poll_held(cx)?;
        let before = buf.filled().len();
        match Pin::new(&mut this.inner).poll_read(cx, buf) {
            Poll::Ready(result) => {
                let read = this.has_read(cx, buf.filled().get(before..).unwrap_or_default());
                if read.is_err() {
                    buf.set_filled(before);
                }
                Poll::Ready(result.and(read))
            }
            Poll::Pending => {
                this.framed.begin_turn();
                this.poll_may_wait(cx)
            }
        }
    }
}

impl<S: IO> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.refuse_after_cut()?;
        ready!(this.poll_unsent(cx))?;
        let polled = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.has_written(taken(&polled), iter::once(buf));
        this.taking.in_time(cx, &this.state, polled, |written| *written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.refuse_after_cut()?;
        ready!(this.poll_unsent(cx))?;
        let polled = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.has_written(taken(&polled), bufs.iter().map(|buf| &**buf));
        this.taking.in_time(cx, &this.state, polled, |written| *written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.refuse_after_cut()?;
        let polled = Pin::new(&mut this.inner).poll_flush(cx);
        if matches!(polled, Poll::Ready(Ok(()))) {
            (this.flushed, this.held) = (true, Held::Nothing);
        }
        this.taking.in_time(cx, &this.state, polled, |()| 0)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.refuse_after_cut()?;
        let polled = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.taking.in_time(cx, &this.state, polled, |()| 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::Taking;
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn a_client_is_behind_while_it_has_not_taken_an_answer() {
        let (mut client, server) = duplex(1024);
        let state = Arc::new(ConnectionState::default());
        let mut guarded = Guarded::new(server, Limits::default(), None, state.clone());
        guarded.write_all(b"head").await.expect("it is taken");
        assert_eq!(state.taking(), Taking::Little);
        let mut answer = Box::pin(async {
            guarded.write_all(&[b'x'; 8192]).await?;
            guarded.flush().await
        });
        let waits = std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx).is_pending()));
        assert!(waits.await && state.taking() == Taking::Behind);
        let mut taken = [0; 8196];
        let (written, read) = tokio::join!(answer, client.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok());
        assert_eq!(state.taking(), Taking::Little);
    }
}
