//! Connections to endpoints that can be given a deadline.
//!
//! Pingora's only time limit on an upstream is for each read, the same before an answer and between the events of a
//! stream. So the gateway connects itself and keeps a second handle on the socket, with a deadline that the hooks of
//! a request move: storing a number, since requests are many. One task looks at all of them and shuts down the
//! sockets whose time is over, which ends Pingora's read.

use std::net::{Shutdown, TcpStream as Socket};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
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

/// Stands for no deadline.
const NONE: u64 = u64::MAX;
/// Stands for one that has passed: the socket is shut down, or about to be.
const OVER: u64 = 0;

static STARTED: Lazy<Instant> = Lazy::new(Instant::now);
/// The open ones, and some that were closed since the last look.
static OPEN: Lazy<Mutex<Vec<Weak<Connection>>>> = Lazy::new(Mutex::default);

/// One connection, whichever request uses it at the moment.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    pub opened: Instant,
    /// In milliseconds since the process started.
    deadline: AtomicU64,
    /// The request that was begun since who reads the answers looked last.
    asked: AtomicU8,
    /// The head of a request is about to be written whose body is not waited for by anybody.
    body_follows: AtomicBool,
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
    /// The one that Pingora is using, where it was made by a [`Connector`].
    pub fn of(digest: Option<&Digest>) -> Option<Arc<Connection>> {
        Connection::behind(digest?.proxy_digest.as_deref()?)
    }

    /// The one that says so of itself.
    pub fn behind(digest: &ProxyDigest) -> Option<Arc<Connection>> {
        digest.user_data.as_ref()?.downcast_ref::<Arc<Connection>>().cloned()
    }

    /// A request is about to be sent on it; its body may come at once.
    pub fn ask(&self, asked: Asked, body_follows: bool) {
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

    /// Gives the request that uses it until then. `false` when the time of an earlier one was over, and the
    /// connection cannot be used.
    pub fn must_progress_by(&self, deadline: Option<Instant>) -> bool {
        let deadline = deadline.map_or(NONE, |deadline| milliseconds(deadline).clamp(OVER + 1, NONE - 1));
        let moved = |now: u64| (now != OVER).then_some(deadline);
        self.deadline.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved).is_ok()
    }

    /// Whether the time of a request was over.
    pub fn is_over(&self) -> bool {
        self.deadline.load(Ordering::Acquire) == OVER
    }

    /// How far the other side is, as the kernel knows it; `None` on systems that do not tell.
    pub fn progress(&self) -> Option<Progress> {
        let info = tcp_info(&self.socket)?;
        Some(Progress { is_open: info.tcpi_state == ESTABLISHED, acknowledged: info.tcpi_bytes_acked })
    }

    /// Shuts the socket down if its deadline has passed, unless the request moves the deadline at this moment.
    fn end_if_over(&self, now: u64) {
        let deadline = self.deadline.load(Ordering::Acquire);
        let passed = deadline != OVER && deadline <= now;
        if passed
            && self.deadline.compare_exchange(deadline, OVER, Ordering::AcqRel, Ordering::Acquire).is_ok()
        {
            // It fails only where the other side was faster.
            let _ = self.socket.shutdown(Shutdown::Both);
        }
    }
}

/// What the other side has done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// It has not closed it.
    pub is_open: bool,
    /// Bytes its kernel has taken.
    pub acknowledged: u64,
}

/// Of the states in RFC 9293 §3.3.2, as Linux numbers them.
const ESTABLISHED: u8 = 1;

#[cfg(target_os = "linux")]
fn tcp_info(socket: &Socket) -> Option<ext::TCP_INFO> {
    ext::get_tcp_info(socket.as_raw_fd()).ok()
}

#[cfg(not(target_os = "linux"))]
fn tcp_info(_: &Socket) -> Option<ext::TCP_INFO> {
    None
}

fn milliseconds(at: Instant) -> u64 {
    at.saturating_duration_since(*STARTED).as_millis().try_into().unwrap_or(NONE)
}

/// How many connections to endpoints are open.
pub fn count_open() -> usize {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.iter().filter(|connection| connection.strong_count() > 0).count()
}

/// Ends what is over, until the process does.
pub async fn keep_deadlines() {
    let mut looks = tokio::time::interval(PERIOD);
    loop {
        looks.tick().await;
        let now = milliseconds(Instant::now());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| {
            connection.upgrade().inspect(|connection| connection.end_if_over(now)).is_some()
        });
    }
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
        let connection = Arc::new(Connection {
            socket: Socket::from(handle),
            opened: Instant::now(),
            deadline: AtomicU64::new(NONE),
            asked: AtomicU8::new(NOTHING),
            body_follows: AtomicBool::new(false),
        });
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&connection));
        let mut stream = Stream::from(tcp);
        // Meant for what a CONNECT proxy said; it is the one place where a connection carries something of ours.
        let unsaid = Box::new(ResponseHeader::build(200, None)?);
        stream.set_proxy_digest(ProxyDigest::new(unsaid, Some(Box::new(connection))));
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    /// A connection and the other end of it.
    fn connection() -> (Connection, Socket) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let socket = Socket::connect(address).expect("it listens");
        let (other, _) = listener.accept().expect("a connection");
        let (deadline, asked) = (AtomicU64::new(NONE), AtomicU8::new(NOTHING));
        let body_follows = AtomicBool::new(false);
        (Connection { socket, opened: Instant::now(), deadline, asked, body_follows }, other)
    }

    #[test]
    fn a_connection_whose_deadline_has_passed_is_shut_down_and_stays_so() {
        let (connection, mut other) = connection();
        let now = Instant::now() + Duration::from_secs(1);
        assert!(connection.must_progress_by(Some(now + Duration::from_secs(5))));
        connection.end_if_over(milliseconds(now));
        assert!(!connection.is_over());
        connection.end_if_over(milliseconds(now + Duration::from_secs(6)));
        assert!(connection.is_over());
        assert!(!connection.must_progress_by(None), "nobody else may use it");
        assert_eq!(other.read(&mut [0; 1]).expect("an end"), 0);
    }

    #[test]
    fn a_deadline_that_was_moved_or_lifted_ends_nothing() {
        let (connection, _other) = connection();
        let later = milliseconds(Instant::now() + Duration::from_secs(3600));
        assert!(connection.must_progress_by(None));
        connection.end_if_over(later);
        assert!(!connection.is_over() && connection.must_progress_by(Some(Instant::now())));
    }
}
