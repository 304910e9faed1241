//! Small writes that go out together, as with tokio's `BufWriter`, in a buffer that is there only where it is of use: not
//! before the first small write, and not for as long as what is written is large. Then there may be many that wait for room.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is sent together. Longer writes follow what was held.
const BYTES: usize = 4 * 1024;

/// A stream that holds small writes until there is no more room for one, or a flush.
#[derive(Debug)]
pub struct Together<S> {
    inner: S,
    held: Vec<u8>,
    /// Of those that are held.
    sent: usize,
}

impl<S: AsyncWrite + Unpin> Together<S> {
    pub fn new(inner: S) -> Together<S> {
        Together { inner, held: Vec::new(), sent: 0 }
    }

    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Without what is held.
    pub fn into_inner(self) -> S {
        self.inner
    }

    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(unsent @ [_, ..]) = self.held.get(self.sent..) {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => self.sent += taken,
            }
        }
        self.held.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Makes room for a write of so many bytes, and says whether it may be held.
    fn poll_room(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<io::Result<bool>> {
        if self.held.len() + bytes > BYTES {
            ready!(self.poll_send(cx))?;
        }
        let may_be_held = bytes < BYTES;
        match may_be_held {
            true if self.held.capacity() == 0 => self.held.reserve_exact(BYTES),
            true => {}
            false => self.held = Vec::new(),
        }
        Poll::Ready(Ok(may_be_held))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Together<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Together<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if ready!(self.poll_room(cx, buf.len()))? {
            self.held.extend_from_slice(buf);
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = bufs.iter().map(|buf| buf.len()).sum();
        if ready!(self.poll_room(cx, bytes))? {
            bufs.iter().for_each(|buf| self.held.extend_from_slice(buf));
            return Poll::Ready(Ok(bytes));
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn small_writes_arrive_in_order_with_a_flush_or_when_there_is_no_more_room() {
        let (mut other, stream) = duplex(64 * 1024);
        let mut together = Together::new(stream);
        let mut expected = Vec::new();
        for (number, size) in [10, 4000, 87, 0, 4096, 1, 9000, 4095, 2].into_iter().enumerate() {
            let piece = vec![b'a' + number as u8; size];
            together.write_all(&piece).await.expect("it is open");
            expected.extend(piece);
        }
        assert!(!together.holds_nothing());
        together.flush().await.expect("it is open");
        assert!(together.holds_nothing());
        let mut arrived = vec![0; expected.len()];
        other.read_exact(&mut arrived).await.expect("all of it");
        assert_eq!(arrived, expected);
    }

    #[tokio::test]
    async fn while_what_is_written_is_large_no_buffer_is_kept() {
        let (_other, stream) = duplex(64 * 1024);
        let mut together = Together::new(stream);
        assert_eq!(together.held.capacity(), 0);
        together.write_all(b"head").await.expect("it is open");
        assert_eq!(together.held.capacity(), BYTES);
        together.write_all(&[0; 2 * BYTES]).await.expect("it is open");
        assert_eq!(together.held.capacity(), 0);
    }

    #[tokio::test]
    async fn what_the_other_side_has_not_taken_yet_is_sent_by_the_next_flush_once() {
        let (mut other, stream) = duplex(16);
        let mut together = Together::new(stream);
        together.write_all(&[b'x'; 100]).await.expect("it is held");
        let flushed = async {
            together.flush().await?;
            together.shutdown().await
        };
        let mut arrived = Vec::new();
        let (flushed, read) = tokio::join!(flushed, other.read_to_end(&mut arrived));
        assert!(flushed.is_ok() && read.is_ok());
        assert_eq!(arrived, [b'x'; 100]);
    }
}
