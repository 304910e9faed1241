//! Connections to endpoints that wait for the next request.
//!
//! They are kept in Pingora's own shelves ([`PoolNode`]), without what its connector does around those: for each request a
//! task that watches the connection until the next one takes it, a lock, two channels, and a place in a list by age; a tenth
//! of what bare Pingora takes for a request. Here the task that keeps the deadlines of all connections looks at those that
//! rest too ([`super::connection::keep_deadlines`]).

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Waker};

use foldhash::fast::RandomState;
use pingora::upstreams::peer::Peer;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::{Stream, UniqueIDType};
use pingora_pool::PoolNode;
use tokio::io::AsyncReadExt;
use tokio::task::unconstrained;

use super::connection::Connection;

/// Those of all endpoints.
pub struct IdleConnections {
    /// By what Pingora keeps connections apart by.
    by_peer: RwLock<HashMap<u64, Arc<IdleAt>, RandomState>>,
    room: Arc<Room>,
}

/// How many there may be, of all endpoints together.
#[derive(Debug, Default)]
struct Room {
    taken: AtomicUsize,
    most: usize,
}

impl IdleConnections {
    pub fn new(most: usize) -> IdleConnections {
        let room = Room { taken: AtomicUsize::new(0), most };
        IdleConnections { by_peer: RwLock::default(), room: Arc::new(room) }
    }

    /// Where those to a peer wait.
    pub fn at(&self, peer: &impl Peer) -> Arc<IdleAt> {
        let key = peer.reuse_hash();
        let known = self.by_peer.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let at = known.unwrap_or_else(|| self.add(key, peer));
        // Two peers may have the same number. Nobody would find what the second one's keep.
        if at.address == *peer.address() { at } else { Arc::new(IdleAt::new(peer, &Arc::default())) }
    }

    fn add(&self, key: u64, peer: &impl Peer) -> Arc<IdleAt> {
        let mut by_peer = self.by_peer.write().unwrap_or_else(PoisonError::into_inner);
        // Before it grows: endpoints come and go with configurations and addresses.
        if by_peer.len() == by_peer.capacity() {
            by_peer.retain(|_, at| Arc::strong_count(at) > 1 || !at.idle.is_empty());
        }
        by_peer.entry(key).or_insert_with(|| Arc::new(IdleAt::new(peer, &self.room))).clone()
    }
}

/// Those that reach one address in the same way.
pub struct IdleAt {
    address: SocketAddr,
    is_tls: bool,
    idle: PoolNode<Idle>,
    room: Arc<Room>,
}

impl fmt::Debug for IdleAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdleAt").field("address", &self.address).finish_non_exhaustive()
    }
}

/// One that waits.
pub struct Idle {
    pub stream: Stream,
    pub connection: Arc<Connection>,
}

impl IdleAt {
    fn new(peer: &impl Peer, room: &Arc<Room>) -> IdleAt {
        IdleAt {
            address: peer.address().clone(),
            is_tls: peer.tls(),
            idle: PoolNode::new(),
            room: room.clone(),
        }
    }

    /// Keeps a connection for the next request, unless it has lived its time or there is no room; then it is closed.
    pub fn keep(self: &Arc<Self>, idle: Idle) {
        if idle.connection.is_retired() || idle.connection.deadline.has_ended() {
            return;
        }
        if self.room.taken.fetch_add(1, Ordering::Relaxed) >= self.room.most {
            self.room.taken.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        idle.connection.waits_at(self);
        self.idle.insert(idle.stream.id(), idle);
    }

    /// One that can be used.
    pub fn take(&self) -> Option<Idle> {
        loop {
            let (_, idle) = self.idle.get_any()?;
            self.room.taken.fetch_sub(1, Ordering::Relaxed);
            if let Some(usable) = self.if_usable(idle) {
                return Some(usable);
            }
        }
    }

    /// Closes the one with this number, if it waits here and can no longer be used.
    pub fn look_at(self: &Arc<Self>, id: UniqueIDType) {
        let Some(idle) = self.idle.remove(id) else { return };
        self.room.taken.fetch_sub(1, Ordering::Relaxed);
        if let Some(usable) = self.if_usable(idle) {
            self.keep(usable);
        }
    }

    fn if_usable(&self, mut idle: Idle) -> Option<Idle> {
        let connection = &idle.connection;
        let is_usable = !connection.deadline.has_ended()
            && !connection.is_retired()
            // What arrives over TLS may be nothing but a ticket for another connection, which is taken from it here.
            && (!self.is_tls || is_silent(&mut idle.stream))
            && connection.is_quiet();
        is_usable.then_some(idle)
    }
}

/// Whether there is neither anything to read nor an end.
fn is_silent(stream: &mut Stream) -> bool {
    let mut byte = [0];
    let read = pin!(unconstrained(stream.read(&mut byte)));
    read.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pingora::upstreams::peer::BasicPeer;
    use pingora_core::connectors::l4::Connect;
    use pingora_core::protocols::GetProxyDigest;
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::super::connection::Connector;
    use super::*;

    /// A peer that takes connections, and the means to get them.
    struct Server(TcpListener, BasicPeer);

    impl Server {
        async fn start() -> Server {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            Server(listener, BasicPeer::new(&address.to_string()))
        }

        /// A connection that has had its request, and the other end of it.
        async fn connection(&self) -> (Idle, TcpStream) {
            let connector = Connector { timeout: Duration::from_secs(5) };
            let (stream, other) = tokio::join!(connector.connect(self.1.address()), self.0.accept());
            let stream = stream.expect("it listens");
            let digest = stream.get_proxy_digest().expect("it was made by our connector");
            let connection = Connection::behind(&digest).expect("it says what it is");
            connection.deadline.rest();
            (Idle { stream: Box::new(stream), connection }, other.expect("a connection").0)
        }
    }

    /// Until what the other side did has arrived.
    async fn has_heard(idle: &Idle) {
        while idle.connection.is_quiet() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_connection_that_waits_is_found_by_who_wants_the_same_peer_and_by_nobody_else() {
        let (one, two) = (Server::start().await, Server::start().await);
        let idle = IdleConnections::new(8);
        let (kept, _other) = one.connection().await;
        let id = kept.stream.id();
        idle.at(&one.1).keep(kept);
        assert!(idle.at(&two.1).take().is_none());
        assert_eq!(idle.at(&one.1).take().expect("it waits").stream.id(), id);
        assert!(idle.at(&one.1).take().is_none(), "it is in use");
    }

    #[tokio::test]
    async fn of_several_those_that_were_closed_meanwhile_or_have_said_something_are_passed_over() {
        let server = Server::start().await;
        let at = IdleConnections::new(8).at(&server.1);
        let mut others = Vec::new();
        for number in 0..4 {
            let (kept, mut other) = server.connection().await;
            match number {
                0 => drop(other),
                1 => {
                    other.write_all(b"HTTP/1.1 408 Request Timeout").await.expect("it is open");
                    others.push(other);
                }
                _ => others.push(other),
            }
            if number < 2 {
                has_heard(&kept).await;
            }
            at.keep(kept);
        }
        for _ in 0..2 {
            assert!(at.take().is_some_and(|idle| idle.connection.is_quiet()));
        }
        assert!(at.take().is_none());
    }

    #[tokio::test]
    async fn no_more_are_kept_than_there_is_room_for_and_there_is_room_again_for_each_that_leaves() {
        let server = Server::start().await;
        let idle = IdleConnections::new(2);
        let at = idle.at(&server.1);
        let mut others = Vec::new();
        for _ in 0..3 {
            let (kept, other) = server.connection().await;
            others.push(other);
            at.keep(kept);
        }
        let taken = [at.take(), at.take()].map(|taken| taken.expect("there was room for two"));
        assert!(at.take().is_none());
        taken.into_iter().for_each(|taken| at.keep(taken));
        let waiting = at.take().expect("it waits");
        drop(others);
        has_heard(&waiting).await;
        let id = waiting.stream.id();
        at.keep(waiting);
        at.look_at(id);
        let (kept, _other) = server.connection().await;
        at.keep(kept);
        assert!(at.take().is_some(), "the closed one has made room");
    }

    #[tokio::test]
    async fn one_that_is_looked_at_is_closed_only_if_it_cannot_be_used() {
        let server = Server::start().await;
        let at = IdleConnections::new(8).at(&server.1);
        let (kept, _other) = server.connection().await;
        let (id, connection) = (kept.stream.id(), kept.connection.clone());
        at.keep(kept);
        at.look_at(id);
        let kept = at.take().expect("nothing was wrong with it");
        at.keep(kept);
        connection.retire();
        at.look_at(id);
        assert!(at.take().is_none());
    }

    #[tokio::test]
    async fn a_stream_is_silent_until_there_is_something_to_read_or_an_end() {
        let (mut other, stream) = tokio::io::duplex(16);
        let mut stream: Stream = Box::new(stream);
        assert!(is_silent(&mut stream));
        other.write_all(b"x").await.expect("there is room");
        assert!(!is_silent(&mut stream) && is_silent(&mut stream));
        drop(other);
        assert!(!is_silent(&mut stream));
    }

    #[tokio::test]
    async fn a_peer_with_the_number_of_another_gets_none_of_its_connections_and_keeps_none() {
        let (one, two) = (Server::start().await, Server::start().await);
        let idle = IdleConnections::new(8);
        let (kept, _other) = one.connection().await;
        idle.at(&one.1).keep(kept);
        let first = idle.at(&one.1);
        idle.by_peer.write().expect("nobody panics").insert(two.1.reuse_hash(), first);
        let (kept, _other) = two.connection().await;
        let at = idle.at(&two.1);
        assert!(at.take().is_none());
        at.keep(kept);
        assert!(at.take().is_none());
        assert!(idle.at(&one.1).take().is_some());
    }

    #[tokio::test]
    async fn peers_that_nobody_has_connections_to_are_forgotten() {
        let idle = IdleConnections::new(8);
        for port in 1..1000 {
            idle.at(&BasicPeer::new(&format!("127.0.0.1:{port}")));
        }
        let known = idle.by_peer.read().expect("nobody panics").len();
        assert!(known < 10, "{known}");
    }
}
