//! Connections to endpoints that can be given a deadline.
//!
//! Pingora's only time limit on an upstream is for each read, the same before an answer and between the events of a
//! stream. So the gateway connects itself and keeps a second handle on the socket, with a deadline that the hooks of
//! a request move ([`Deadline`]): storing a number, since requests are many. One task looks at all of them and shuts down
//! the sockets whose time is over, which ends Pingora's read. It closes those that wait for a request ([`IdleAt`]) and cannot
//! be used any more.

use std::io;
use std::net::{Shutdown, TcpStream as Socket};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use once_cell::sync::Lazy;
use pingora::http::ResponseHeader;
use pingora::{Error, ErrorType, OkOrErr, OrErr, Result};
use pingora_core::connectors::l4::Connect;
use pingora_core::protocols::l4::ext;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{Digest, GetProxyDigest};
use tokio::time::timeout;

use super::deadline::Deadline;
use super::idle::IdleAt;

/// How connections are kept for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Without a request.
    pub idle_timeout: Duration,
    /// At all.
    pub max_lifetime: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Pool {
            // Shorter than the 5 s after which common MCP servers (Node) close an idle connection: a POST on a
            // connection the server has just closed cannot be repeated, so it must not be tried.
            idle_timeout: Duration::from_secs(4),
            max_lifetime: Duration::from_secs(3600),
        }
    }
}

/// How exactly deadlines are kept.
pub const PERIOD: Duration = Duration::from_millis(50);
/// With each of so many looks, connections that rest are asked whether the other side has closed them.
const LOOKS_FOR_A_QUESTION: u64 = 20;

static STARTED: Lazy<Instant> = Lazy::new(Instant::now);
/// The open ones, and some that were closed since the last look.
static OPEN: Lazy<Mutex<Vec<Weak<Connection>>>> = Lazy::new(Mutex::default);

/// One connection, whichever request uses it at the moment.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    /// Pingora's own handle on it, by which connections are told apart where they wait.
    id: RawFd,
    /// As deadlines have it.
    opened: u64,
    /// By the milliseconds since the process started.
    pub deadline: Deadline,
    /// The request that was begun since who reads the answers looked last.
    asked: AtomicU8,
    /// The head of a request is about to be written whose body is not waited for by anybody.
    body_follows: AtomicBool,
    /// Lines that the gateway adds to the next head.
    lines: Mutex<Option<Bytes>>,
    /// Bytes of requests that were written, of all so far.
    written: AtomicU64,
    /// What the kernel had counted as taken before there were any; `None` on systems that do not tell.
    taken_at_first: Option<u64>,
    /// For how many milliseconds requests may use it.
    lifetime: AtomicU64,
    /// They may no longer.
    retired: AtomicBool,
    /// Where it waits between two requests.
    waits_at: OnceLock<Weak<IdleAt>>,
}

/// A request, as far as it says where its answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub is_head: bool,
}

const NOTHING: u8 = 0;
const ANY: u8 = 1;
const HEAD: u8 = 2;

impl Connection {
    /// One that was just opened.
    pub(super) fn new(socket: Socket, id: RawFd) -> Connection {
        Connection {
            // Where the connection began is counted by Linux as a byte.
            taken_at_first: tcp_info(&socket).map(|info| info.tcpi_bytes_acked),
            socket,
            id,
            opened: milliseconds(Instant::now()),
            deadline: Deadline::default(),
            asked: AtomicU8::new(NOTHING),
            body_follows: AtomicBool::new(false),
            lines: Mutex::default(),
            written: AtomicU64::new(0),
            lifetime: AtomicU64::new(u64::MAX),
            retired: AtomicBool::new(false),
            waits_at: OnceLock::new(),
        }
    }

    /// The one that Pingora is using, where it was made by a [`Connector`].
    pub fn of(digest: Option<&Digest>) -> Option<Arc<Connection>> {
        Connection::behind(digest?.proxy_digest.as_deref()?)
    }

    /// The one that says so of itself.
    pub fn behind(digest: &ProxyDigest) -> Option<Arc<Connection>> {
        digest.user_data.as_ref()?.downcast_ref::<Arc<Connection>>().cloned()
    }

    /// A request begins, whose first move may take so long. `false` when the connection cannot be used.
    pub fn begin(&self, limit: Option<Duration>, pool: Pool) -> bool {
        let lifetime = pool.max_lifetime.as_millis().try_into().unwrap_or(u64::MAX);
        self.lifetime.store(lifetime, Ordering::Relaxed);
        self.deadline.begin(limit, pool.idle_timeout)
    }

    /// A request is about to be sent on it; its body may come at once.
    pub fn ask(&self, asked: Asked, body_follows: bool) {
        // Of a request that was never sent.
        self.take_lines();
        self.body_follows.store(body_follows, Ordering::Release);
        self.asked.store(if asked.is_head { HEAD } else { ANY }, Ordering::Release);
    }

    /// What was asked, once.
    pub fn asked(&self) -> Option<Asked> {
        // Most reads bring more of an answer; they write nothing that other threads share.
        if self.asked.load(Ordering::Acquire) == NOTHING {
            return None;
        }
        Some(Asked { is_head: self.asked.swap(NOTHING, Ordering::AcqRel) == HEAD })
    }

    /// Whether what is written is the head of a request whose body comes right behind it.
    pub fn body_follows(&self) -> bool {
        self.body_follows.load(Ordering::Acquire)
    }

    /// The head was written.
    pub fn has_head(&self) {
        self.body_follows.store(false, Ordering::Release);
    }

    /// These lines belong to the head that is about to be written, behind its first one.
    pub fn write_behind_first_line(&self, lines: Bytes) {
        *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = Some(lines);
    }

    /// Those, once.
    pub fn take_lines(&self) -> Option<Bytes> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The next bytes of a request were written. Only who writes says so.
    pub fn has_written(&self, bytes: usize) {
        // No more than one adds at a time.
        self.written.store(self.written() + bytes as u64, Ordering::Relaxed);
    }

    /// So many so far.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether a request was sent on it before.
    pub fn is_used(&self) -> bool {
        self.written() > 0
    }

    /// How many bytes the other side's kernel has taken, of those that were written in clear text or of what they became
    /// in TLS; `None` on systems that do not tell.
    pub fn taken(&self) -> Option<u64> {
        Some(tcp_info(&self.socket)?.tcpi_bytes_acked.saturating_sub(self.taken_at_first?))
    }

    /// Whether the other side has said nothing since it was last asked, not even that it is done: by a call to the kernel
    /// that costs half of what [`Connection::taken`] does.
    pub fn is_quiet(&self) -> bool {
        let said = self.socket.peek(&mut [0]);
        said.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether it has lived its time.
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// The request that uses it is its last.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// It waits for the next request, where it always does.
    pub(super) fn waits_at(&self, place: &Arc<IdleAt>) {
        self.waits_at.get_or_init(|| Arc::downgrade(place));
    }

    /// Shuts the socket down if its deadline has passed, and leaves where it waits if no request can use it any more.
    fn look(&self, now: u64, asks: bool) {
        let has_ended = self.deadline.passes(now);
        if has_ended {
            // It fails only where the other side was faster.
            let _ = self.socket.shutdown(Shutdown::Both);
        }
        if now.saturating_sub(self.opened) > self.lifetime.load(Ordering::Relaxed) {
            self.retire();
        }
        let rests = self.deadline.rests();
        if rests
            && (has_ended || self.is_retired() || asks && !self.is_quiet())
            && let Some(place) = self.waits_at.get().and_then(Weak::upgrade)
        {
            place.look_at(self.id);
        }
    }
}

#[cfg(target_os = "linux")]
fn tcp_info(socket: &Socket) -> Option<ext::TCP_INFO> {
    ext::get_tcp_info(socket.as_raw_fd()).ok()
}

#[cfg(not(target_os = "linux"))]
fn tcp_info(_: &Socket) -> Option<ext::TCP_INFO> {
    None
}

/// As deadlines have it.
pub fn milliseconds(at: Instant) -> u64 {
    at.saturating_duration_since(*STARTED).as_millis().try_into().unwrap_or(u64::MAX)
}

/// How many connections to endpoints are open.
pub fn count_open() -> usize {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.iter().filter(|connection| connection.strong_count() > 0).count()
}

/// Ends what is over, until the process does.
pub async fn keep_deadlines() {
    let mut looks = tokio::time::interval(PERIOD);
    for number in 1_u64.. {
        looks.tick().await;
        look_at_all(milliseconds(Instant::now()), number.is_multiple_of(LOOKS_FOR_A_QUESTION));
    }
}

fn look_at_all(now: u64, asks: bool) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|connection| connection.upgrade().inspect(|connection| connection.look(now, asks)).is_some());
}

/// Connects, for Pingora.
#[derive(Debug)]
pub struct Connector {
    pub timeout: Duration,
}

#[async_trait]
impl Connect for Connector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let to = address.as_inet().or_err(ErrorType::ConnectNoRoute, "not an IP address")?;
        let connected = timeout(self.timeout, ext::connect(to, None)).await;
        let tcp = connected.map_err(|_| Error::explain(ErrorType::ConnectTimedout, "connecting"))??;
        let handle = tcp.as_fd().try_clone_to_owned();
        let handle = handle.or_err(ErrorType::SocketError, "no second handle on the socket")?;
        let connection = Arc::new(Connection::new(Socket::from(handle), tcp.as_raw_fd()));
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&connection));
        let mut stream = Stream::from(tcp);
        // Meant for what a CONNECT proxy said; it is the one place where a connection carries something of ours.
        let unsaid = Box::new(ResponseHeader::build_no_case(200, Some(0))?);
        stream.set_proxy_digest(ProxyDigest::new(unsaid, Some(Box::new(connection))));
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A connection, and the other end of it.
    fn connection() -> (Connection, Socket) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let socket = Socket::connect(address).expect("it listens");
        socket.set_nonblocking(true).expect("as in a runtime");
        let (other, _) = listener.accept().expect("a connection");
        let id = socket.as_raw_fd();
        (Connection::new(socket, id), other)
    }

    #[test]
    fn a_connection_whose_deadline_has_passed_is_shut_down() {
        let (connection, mut other) = connection();
        assert!(connection.deadline.begin(Some(Duration::from_secs(5)), Duration::ZERO));
        connection.look(0, false);
        connection.look(4999, false);
        other.set_nonblocking(true).expect("it can be looked at");
        assert!(other.read(&mut [0; 1]).is_err(), "it is open");
        connection.look(5000, false);
        other.set_nonblocking(false).expect("it can be waited for");
        assert_eq!(other.read(&mut [0; 1]).expect("an end"), 0);
    }

    #[test]
    fn a_connection_is_quiet_until_the_other_side_says_something_or_closes_it() {
        for says in [&b""[..], b"HTTP/1.1 408 Request Timeout"] {
            let (connection, mut other) = connection();
            assert!(connection.is_quiet());
            other.write_all(says).expect("it is open");
            drop(other);
            connection.socket.set_nonblocking(false).expect("it can be waited for");
            connection.socket.peek(&mut [0]).expect("it arrives");
            connection.socket.set_nonblocking(true).expect("as in a runtime");
            assert!(!connection.is_quiet());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_the_other_side_has_taken_is_counted_from_the_first_byte_that_was_written() {
        let (connection, mut other) = connection();
        assert_eq!(connection.taken(), Some(0));
        (&connection.socket).write_all(b"request").expect("there is room");
        other.read_exact(&mut [0; 7]).expect("it arrives");
        assert_eq!(connection.taken(), Some(7));
    }
}
