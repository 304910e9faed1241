//! The stream Pingora reads an upstream's answers from, with an eye on their bytes, as [`crate::listener::guard`] has one
//! on those of requests. What no two readers would read alike never reaches Pingora's parser.
//!
//! Pingora makes its connections itself and wraps nothing around them. For a protocol it does not know it asks a connector
//! of ours, which may say that the server speaks HTTP/1.1 after all and hand it a stream; so that is what endpoints are
//! said to speak. It works on top of TLS too. Where HTTP/2 is spoken or negotiated, connections are Pingora's own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use memchr::memchr;
use once_cell::sync::Lazy;
use pingora::Result;
use pingora::protocols::ALPN;
use pingora::upstreams::peer::{HttpPeer, Peer};
use pingora_core::connectors::http::custom::{Connection as Connected, Connector};
use pingora_core::connectors::{ConnectorOptions, TransportConnector};
use pingora_core::protocols::Stream;
use pingora_core::protocols::tls::CustomALPN;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};
use tollgate_protocol::http1::answer::{Answer, Fault};

use super::connection::Connection;
use super::idle::{Idle, IdleAt, IdleConnections};
use crate::listener::state::{Taking, taking};
use crate::together::Together;

/// What is read of an answer before who passes it on to the client has a turn. One piece that is passed on at once is
/// cheaper than several that wait for each other: Pingora copies those together.
const PIECE_BYTES: usize = 16 * 1024;

/// The same for a client that has taken little so far. It may be one that hardly reads, and what was read for it then costs
/// memory until it is given up on. For everybody, pieces of this size would double what an answer of 10 MB takes.
const FIRST_PIECE_BYTES: usize = 4 * 1024;

/// The same in the midst of an answer of which so much was read that its client must be reading too: the window of one that
/// does not is half of that, as systems have it.
const LARGE_PIECE_BYTES: usize = 64 * 1024;
const MUCH: usize = 256 * 1024;

/// Stands for HTTP/1.1 whose answers are watched. It is never sent.
static WATCHED: Lazy<ALPN> = Lazy::new(|| ALPN::Custom(CustomALPN::new(b"tollgate".to_vec())));

/// Has the answers of a peer that speaks HTTP/1.1 alone watched. Its connections end themselves when they are idle for too
/// long, so that Pingora needs no timer for each.
pub fn watch(peer: &mut HttpPeer) {
    peer.options.alpn = WATCHED.clone();
    peer.options.idle_timeout = None;
}

/// Connects to peers whose answers are watched.
pub struct Watching {
    connector: TransportConnector,
    idle: IdleConnections,
}

impl Watching {
    pub fn new(options: ConnectorOptions) -> Watching {
        let idle = IdleConnections::new(options.keepalive_pool_size);
        Watching { connector: TransportConnector::new(Some(options)), idle }
    }

    async fn connect<P: Peer + Send + Sync + 'static>(&self, peer: &P, at: Arc<IdleAt>) -> Result<Stream> {
        let mut peer = peer.clone();
        if let Some(options) = peer.get_mut_peer_options() {
            options.alpn = ALPN::H1;
        }
        let stream = self.connector.new_stream(&peer).await?;
        let proxied = stream.get_proxy_digest();
        Ok(match proxied.as_deref().and_then(Connection::behind) {
            Some(connection) => Box::new(Watched::new(Idle { stream, connection }, at)),
            None => stream,
        })
    }
}

#[async_trait]
impl Connector for Watching {
    /// None: what we hand out are streams of a protocol that Pingora knows.
    type Session = ();

    /// One that was kept, or a new one. Pingora takes either for new.
    async fn get_http_session<P: Peer + Send + Sync + 'static>(
        &self,
        peer: &P,
    ) -> Result<(Connected<()>, bool)> {
        let at = self.idle.at(peer);
        let stream = match at.take() {
            Some(idle) => Box::new(Watched::new(idle, at)),
            // A future of its own: most requests need none of it.
            None => Box::pin(self.connect(peer, at)).await?,
        };
        Ok((Connected::Stream(stream), false))
    }

    async fn reused_http_session<P: Peer + Send + Sync + 'static>(&self, _: &P) -> Option<()> {
        None
    }

    async fn release_http_session<P: Peer + Send + Sync + 'static>(
        &self,
        (): (),
        _: &P,
        _: Option<Duration>,
    ) {
    }
}

/// A connection whose answers are looked at before Pingora is, for as long as one request uses it.
///
/// Behind it the connection is kept for the next. Pingora would keep the stream, and asks it for a byte before, to see whether
/// it was closed. That is the one time that anybody reads behind the end of an answer: the connection is taken out of the
/// stream then, and what is left of that says that it was closed.
///
/// The head of a request and the first piece of its body go out together. Pingora flushes the head before it has looked for
/// the body, so that one flush waits until who brings the body has had a turn.
#[derive(Debug)]
pub(super) struct Watched {
    /// With a limit that is set anew for each read. `None` once it is kept.
    inner: Option<Take<Together<Stream>>>,
    at: Arc<IdleAt>,
    head: Head,
    /// Nothing of the request was written so far.
    is_new: bool,
    /// Where the hooks of a request say that one begins.
    connection: Arc<Connection>,
    answer: Answer,
    /// Found, so that nothing is read any more.
    fault: Option<Fault>,
    /// Read since who passes it on had a turn.
    ahead: usize,
    /// Read of this answer.
    so_far: usize,
}

/// Where the head of a request is that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Sent,
    /// Its flush waits for the body.
    Held,
    /// It is to be flushed.
    Due,
}

impl Watched {
    fn new(idle: Idle, at: Arc<IdleAt>) -> Watched {
        let Idle { stream, connection } = idle;
        Watched {
            inner: Some(Together::new(stream).take(0)),
            at,
            head: Head::Sent,
            is_new: true,
            connection,
            answer: Answer::default(),
            fault: None,
            ahead: 0,
            so_far: 0,
        }
    }

    /// What is behind, while it is there.
    pub(super) fn stream(&self) -> Option<&Stream> {
        self.inner.as_ref().map(|inner| inner.get_ref().get_ref())
    }

    pub(super) fn stream_mut(&mut self) -> Option<&mut Stream> {
        self.inner.as_mut().map(|inner| inner.get_mut().get_mut())
    }

    /// Where requests are written.
    fn together(&mut self) -> io::Result<Pin<&mut Together<Stream>>> {
        let inner = self.inner.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(inner.get_mut()))
    }

    /// Keeps the connection for the next request, if all of this one was sent.
    fn keep(&mut self) {
        if let Some(inner) = self.inner.take().filter(|inner| inner.get_ref().holds_nothing()) {
            let connection = self.connection.clone();
            self.at.keep(Idle { stream: inner.into_inner().into_inner(), connection });
        }
    }

    /// Sends a head that has waited for its body, before its answer is waited for.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.head {
            Head::Sent => Poll::Ready(Ok(())),
            Head::Held => {
                self.head = Head::Due;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Head::Due => {
                ready!(self.together()?.poll_flush(cx))?;
                self.head = Head::Sent;
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Writes the first line of a request, and what the gateway says behind it. Both are held, as short as they are: the
    /// rest of the head comes at once.
    fn poll_first_line(&mut self, cx: &mut Context<'_>, buf: &[u8], lines: &[u8]) -> Poll<io::Result<usize>> {
        let end = memchr(b'\n', buf).map_or(buf.len(), |newline| newline + 1);
        let first = buf.get(..end).unwrap_or_default();
        let mut together = self.together()?;
        for part in [first, lines] {
            if ready!(together.as_mut().poll_write(cx, part))? < part.len() {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        self.head = Head::Due;
        self.connection.has_written(lines.len());
        Poll::Ready(Ok(end))
    }

    /// Writes some bytes of a request, with the head that waits for them.
    fn poll_pass_on(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let (body_follows, head) = (self.connection.body_follows(), self.head);
        let mut together = self.together()?;
        if body_follows {
            return together.poll_write(cx, buf);
        }
        if head == Head::Sent {
            return Pin::new(together.get_mut().get_mut()).poll_write(cx, buf);
        }
        let written = ready!(together.as_mut().poll_write(cx, buf))?;
        let flushed = together.poll_flush(cx);
        self.head = Head::Due;
        if let Poll::Ready(flushed) = flushed {
            flushed?;
            self.head = Head::Sent;
        }
        Poll::Ready(Ok(written))
    }

    /// How much may be read now. Who passes it on is another future of this task, and lets this one know when a client
    /// that was behind has taken what there was.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let piece = match taking() {
            Taking::Behind => return Poll::Pending,
            Taking::Little => FIRST_PIECE_BYTES,
            Taking::Enough if self.so_far < MUCH => PIECE_BYTES,
            Taking::Enough => LARGE_PIECE_BYTES,
        };
        if self.ahead >= piece.min(PIECE_BYTES) {
            self.ahead = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(piece)
    }

    /// Bytes have arrived: how many of them may be passed on.
    fn has_read(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Err(broken) = self.answer.push(bytes) else {
            if self.answer.is_over() {
                self.connection.deadline.rest();
            }
            return Ok(bytes.len());
        };
        self.fault = Some(broken.fault);
        // What came before it is passed on: it belongs to an answer that has begun, and is then cut.
        if broken.sound > 0 { Ok(broken.sound) } else { Err(unfit(broken.fault)) }
    }
}

fn unfit(fault: Fault) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(fault) = this.fault {
            return Poll::Ready(Err(unfit(fault)));
        }
        match this.connection.asked() {
            Some(asked) => this.answer = Answer::to(asked.is_head),
            None if this.answer.is_over() => {
                this.keep();
                return Poll::Ready(Ok(()));
            }
            None => {}
        }
        ready!(this.poll_head(cx))?;
        let piece = ready!(this.poll_piece(cx));
        let Some(inner) = &mut this.inner else { return Poll::Ready(Ok(())) };
        let before = buf.filled().len();
        inner.set_limit(piece as u64);
        ready!(Pin::new(inner).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        this.ahead += read;
        this.so_far = this.so_far.saturating_add(read);
        let passed = this.has_read(buf.filled().get(before..).unwrap_or_default());
        buf.set_filled(before + passed.as_ref().copied().unwrap_or_default());
        passed.map(drop).into()
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let lines = if std::mem::take(&mut this.is_new) { this.connection.take_lines() } else { None };
        let written = ready!(match lines {
            Some(lines) => this.poll_first_line(cx, buf, &lines),
            None => this.poll_pass_on(cx, buf),
        })?;
        this.connection.has_written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write(cx, bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.connection.body_follows() {
            this.connection.has_head();
            this.head = Head::Held;
            return Poll::Ready(Ok(()));
        }
        ready!(this.together()?.poll_flush(cx))?;
        this.head = Head::Sent;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().together()?.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use pingora::upstreams::peer::BasicPeer;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::super::connection::Asked;
    use super::*;
    use crate::listener::state::{CONNECTION, ConnectionState};

    /// How many bytes one turn of the task brings; `None` where it has to wait.
    async fn read(watched: &mut Watched) -> Option<usize> {
        let mut bytes = vec![0; 2 * LARGE_PIECE_BYTES];
        poll_fn(|cx| {
            let mut buf = ReadBuf::new(&mut bytes);
            let polled = Pin::new(&mut *watched).poll_read(cx, &mut buf);
            Poll::Ready(polled.is_ready().then(|| buf.filled().len()))
        })
        .await
    }

    /// A connection that is watched, with all that is around it.
    struct Parts {
        watched: Watched,
        server: DuplexStream,
        /// Where it waits for the next request.
        at: Arc<IdleAt>,
        connection: Arc<Connection>,
        /// The other end of the socket that the connection has for the bytes.
        _peer: std::net::TcpStream,
    }

    fn parts() -> Parts {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let socket = std::net::TcpStream::connect(listener.local_addr().expect("an address"));
        let socket = socket.expect("it listens");
        socket.set_nonblocking(true).expect("as in a runtime");
        let connection = Arc::new(Connection::new(socket, 0));
        let (server, stream) = duplex(2 * MUCH + 1_000_000);
        let at = IdleConnections::new(1).at(&BasicPeer::new("127.0.0.1:1"));
        let idle = Idle { stream: Box::new(stream), connection: connection.clone() };
        let (_peer, _) = listener.accept().expect("a connection");
        Parts { watched: Watched::new(idle, at.clone()), server, at, connection, _peer }
    }

    #[tokio::test]
    async fn behind_its_answer_a_connection_waits_for_the_next_request_whatever_its_client_does() {
        for (taking, all_is_sent) in [(Taking::Behind, true), (Taking::Little, true), (Taking::Enough, false)]
        {
            let Parts { mut watched, mut server, at, connection, _peer } = parts();
            connection.ask(Asked { is_head: false }, !all_is_sent);
            watched.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("there is room");
            let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", &[b'x'; 5000][..]].concat();
            server.write_all(&answer).await.expect("there is room");
            let state = Arc::new(ConnectionState::default());
            let client = state.clone();
            let reading = async move {
                assert_eq!(read(&mut watched).await, Some(FIRST_PIECE_BYTES));
                assert_eq!(read(&mut watched).await, None, "the client's side has no turn");
                assert_eq!(read(&mut watched).await, Some(answer.len() - FIRST_PIECE_BYTES));
                client.set_taking(taking);
                assert_eq!(read(&mut watched).await, Some(0), "nobody else is to keep it");
                assert!(watched.stream().is_none());
            };
            CONNECTION.scope(state, reading).await;
            assert_eq!(at.take().is_some(), all_is_sent);
        }
    }

    #[tokio::test]
    async fn lines_of_the_gateways_own_go_behind_the_first_one_of_a_head_and_are_counted() {
        for body_follows in [true, false] {
            let Parts { mut watched, mut server, connection, .. } = parts();
            connection.write_behind_first_line("of an earlier request\r\n".into());
            connection.ask(Asked { is_head: false }, body_follows);
            connection.write_behind_first_line("Forwarded: for=192.0.2.1\r\n".into());
            watched.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is held");
            watched.flush().await.expect("it is held");
            watched.write_all(b"POST / HTTP/1.1\r\n").await.expect("there is room");
            watched.flush().await.expect("there is room");
            let expected =
                b"POST / HTTP/1.1\r\nForwarded: for=192.0.2.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\n";
            assert_eq!(connection.written(), expected.len() as u64);
            drop(watched);
            let mut arrived = Vec::new();
            server.read_to_end(&mut arrived).await.expect("it arrives");
            assert_eq!(arrived, expected);
        }
    }

    #[tokio::test]
    async fn of_an_answer_no_more_is_read_at_once_than_its_client_is_known_to_take() {
        let Parts { mut watched, mut server, connection, .. } = parts();
        let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", &[b'x'; 1_000_000][..]].concat();
        server.write_all(&answer).await.expect("there is room");
        connection.ask(Asked { is_head: false }, false);
        let state = Arc::new(ConnectionState::default());
        let client = state.clone();
        let reading = async move {
            assert_eq!(read(&mut watched).await, Some(FIRST_PIECE_BYTES));
            assert_eq!(read(&mut watched).await, None, "the client's side has no turn");
            assert_eq!(read(&mut watched).await, Some(FIRST_PIECE_BYTES));
            client.set_taking(Taking::Behind);
            assert_eq!([read(&mut watched).await, read(&mut watched).await], [None, None]);
            client.set_taking(Taking::Enough);
            let mut so_far = 2 * FIRST_PIECE_BYTES;
            while so_far < MUCH {
                assert_eq!(read(&mut watched).await, Some(PIECE_BYTES));
                assert_eq!(read(&mut watched).await, None, "the client's side has no turn");
                so_far += PIECE_BYTES;
            }
            assert_eq!(read(&mut watched).await, Some(LARGE_PIECE_BYTES));
        };
        CONNECTION.scope(state, reading).await;
    }
}
