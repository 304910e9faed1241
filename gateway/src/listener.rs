//! Listening sockets: bound before anything is served, so that a port that is taken ends the process with
//! a sentence instead of leaving it running deaf; and the accept loop that feeds Pingora.

mod again;
pub mod app;
pub mod client_certificate;
pub mod comments;
pub mod connections;
mod framed;
mod frames;
pub mod guard;
mod guard_io;
mod http2;
pub mod limits;
mod pace;
mod preamble;
mod quiet;
pub mod refused;
pub mod state;
mod takes;
mod timer;
pub mod tls;
pub mod trusted;

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use log::{debug, error};
use pingora_core::apps::ServerApp;
use pingora_core::listeners::tls::Acceptor as TlsAcceptor;
use pingora_core::protocols::l4::listener::Listener as Acceptor;
use pingora_core::protocols::l4::stream::Stream as L4Stream;
use pingora_core::protocols::tls::TlsRef;
use pingora_core::protocols::{GetSocketDigest, Ssl, Stream};
use pingora_core::server::{ListenFds, ShutdownWatch};
use pingora_core::services::Service;
use pingora_core::tls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::{sleep_until, timeout};

use self::again::at_once;
use self::client_certificate::ClientCertificate;
use self::connections::{Admitted, Connections, Owner};
use self::guard::Guarded;
use self::limits::Limits;
use self::refused::REFUSED;
use self::state::{CONNECTION, ConnectionState, Cut, Phase};
use self::trusted::TrustedProxies;
use crate::metrics::PROCESS;
use crate::metrics::counts::ListenerCounts;

/// A listening socket nobody accepts from yet.
pub struct Bound {
    /// Its address, where it was given no name.
    pub name: String,
    /// The real one: a configured port 0 has become the port the system chose.
    pub address: SocketAddr,
    socket: TcpListener,
}

/// Connections that may wait to be accepted; the kernel allows no more than its `somaxconn`, by default this many. A
/// handshake that finds no room is dropped, and the client tries again after a second, then two, then four.
const BACKLOG: i32 = 4096;

/// What the kernel takes for a client beyond what is on its way to it, in bytes. It would take hundreds of KiB, and the gateway
/// would learn only then that a client is slow, with as much again read ahead for it. Connections have it from their listener.
#[cfg(target_os = "linux")]
const NOT_SENT: u32 = 16 * 1024;

/// Binds one listener.
///
/// # Errors
/// When the address is taken, not this machine's, or not allowed.
pub fn bind(name: Option<&str>, address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the connections of its predecessor to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(NOT_SENT)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let socket = TcpListener::from(socket);
    let address = socket.local_addr()?;
    Ok(Bound { name: name.map_or_else(|| address.to_string(), str::to_string), address, socket })
}

/// One listener to serve.
pub struct Serving<A> {
    pub bound: Bound,
    pub app: Arc<A>,
    /// Asked at each connection, so that a reload reaches the next one.
    pub terms: Box<dyn Fn() -> Terms + Send + Sync>,
}

/// How a connection is taken.
#[derive(Default)]
pub struct Terms {
    /// Absent: clear text.
    pub tls: Option<Arc<ServerConfig>>,
    pub limits: Limits,
    /// Who alone may connect, and must say for whom by the PROXY protocol. Absent: that is not spoken.
    pub announced_by: Option<TrustedProxies>,
    /// Whose connections are of many clients, so that none of those is made to wait for another.
    pub trusted_proxies: TrustedProxies,
    pub counts: Arc<ListenerCounts>,
}

/// A set of listeners with the application behind each, run on one set of threads.
pub struct ListenerService<A> {
    name: &'static str,
    threads: usize,
    listeners: Vec<Serving<A>>,
    /// Turns true when these listeners should close. Without it they stay open until the process ends.
    draining: Option<ShutdownWatch>,
}

impl<A> ListenerService<A> {
    pub fn new(
        name: &'static str,
        threads: usize,
        listeners: Vec<Serving<A>>,
        draining: Option<ShutdownWatch>,
    ) -> ListenerService<A> {
        ListenerService { name, threads, listeners, draining }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> Service for ListenerService<A> {
    async fn start_service(&mut self, _: Option<ListenFds>, process_ends: ShutdownWatch, _: usize) {
        let draining = self.draining.clone().unwrap_or(process_ends);
        let mut loops = Vec::new();
        for Serving { bound, app, terms } in self.listeners.drain(..) {
            match tokio::net::TcpListener::from_std(bound.socket) {
                Ok(socket) => {
                    let acceptor = Acceptor::from(socket);
                    let accepting = Accepting { app, terms, connections: Arc::default() };
                    loops.push(tokio::spawn(accepting.until_draining(acceptor, draining.clone())));
                }
                Err(error) => error!("listener {} cannot be served: {error}", bound.name),
            }
        }
        for accepting in loops {
            // A loop ends by draining; the other listeners go on if one should not.
            let _ = accepting.await;
        }
    }

    fn name(&self) -> &str {
        self.name
    }

    fn threads(&self) -> Option<usize> {
        Some(self.threads)
    }
}

/// When the process is out of file descriptors, accepting again at once would only spin.
const OUT_OF_RESOURCES: Duration = Duration::from_secs(1);

/// One listener's accept loop.
struct Accepting<A> {
    app: Arc<A>,
    terms: Box<dyn Fn() -> Terms + Send + Sync>,
    connections: Arc<Connections>,
}

impl<A: ServerApp + Send + Sync + 'static> Accepting<A> {
    async fn until_draining(self, acceptor: Acceptor, mut draining: ShutdownWatch) {
        loop {
            let accepted = tokio::select! {
                accepted = acceptor.accept() => accepted,
                _ = draining.wait_for(|draining| *draining) => return,
            };
            match accepted {
                Ok(stream) => self.take(stream, &draining),
                Err(error) => {
                    debug!("cannot accept a connection: {error}");
                    REFUSED.accept_failed.note();
                    if !is_about_one_connection(&error) {
                        tokio::time::sleep(OUT_OF_RESOURCES).await;
                    }
                }
            }
        }
    }

    /// Serves a connection in a task of its own, unless it is one too many: then dropping it closes it.
    fn take(&self, mut stream: L4Stream, draining: &ShutdownWatch) {
        let terms = (self.terms)();
        let Some(peer) = peer_of(&stream) else { return };
        let Some(admitted) = self.admit(peer, &terms) else { return };
        // Small writes (events, chunks) must not wait for an acknowledgement.
        if stream.set_nodelay().is_err() {
            return;
        }
        let (app, draining) = (self.app.clone(), draining.clone());
        let open = terms.counts.opened();
        tokio::spawn(async move {
            let _open = open;
            let announced = Box::pin(announced(stream, peer, &terms, admitted)).await;
            let Some((stream, admitted)) = announced else { return };
            let owner = admitted.owner(pause_of(&stream, &terms));
            if let (Some(from), Some(_)) = (admitted.served_from, &owner) {
                // Unread and open: one that is closed is a cue for the next.
                Box::pin(sleep_until(from.into())).await;
            }
            let state = Arc::new(ConnectionState::default());
            // Boxed, for what a handshake needs would stay part of this task for as long as the connection lasts.
            let secured = Box::pin(secure(stream, terms.tls, terms.limits, owner, &state)).await;
            if let Some((stream, _certificate)) = secured {
                let serving = CONNECTION.scope(state.clone(), app.process_new(stream, &draining));
                until_head_is_late(serving, &state).await;
            }
        });
    }

    /// Counts the connection: as its client's at once, or as somebody's where the client is yet to be announced.
    fn admit(&self, peer: IpAddr, terms: &Terms) -> Option<Admitted> {
        let admitted = match &terms.announced_by {
            None => self.connections.admit(peer, &terms.limits, Instant::now()),
            Some(proxies) if proxies.contains(peer) => self.connections.admit_somebody(&terms.limits),
            Some(_) => {
                REFUSED.proxy_protocol_untrusted.note();
                return None;
            }
        };
        admitted.map_err(|beyond| beyond.tally().note()).ok()
    }
}

fn peer_of(stream: &L4Stream) -> Option<IpAddr> {
    Some(stream.get_socket_digest()?.peer_addr()?.as_inet()?.ip())
}

/// For the next connections of this one's client, should this one be misused. A proxy's are of many clients.
fn pause_of(stream: &L4Stream, terms: &Terms) -> Duration {
    let is_proxy = peer_of(stream).is_none_or(|client| terms.trusted_proxies.contains(client));
    if is_proxy { Duration::ZERO } else { terms.limits.misuse_pause }
}

/// Has the connection's client announced, where that is due, and counts the connection as that client's.
async fn announced(
    mut stream: L4Stream,
    peer: IpAddr,
    terms: &Terms,
    mut admitted: Admitted,
) -> Option<(L4Stream, Admitted)> {
    if terms.announced_by.is_some() {
        let client = preamble::take(&mut stream, peer, terms.limits.handshake_timeout).await?;
        admitted.claim(client, &terms.limits, Instant::now()).map_err(|beyond| beyond.tally().note()).ok()?;
    }
    Some((stream, admitted))
}

/// Serves until the connection ends, or its stream has given up on a request head: Pingora, told by an error, would
/// write a line for each.
async fn until_head_is_late<T>(serving: impl Future<Output = T>, state: &ConnectionState) {
    let mut serving = pin!(serving);
    let until_then = std::future::poll_fn(|cx| match serving.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(()),
        // The stream is polled by nobody but `serving`, so this is the moment at which it shows.
        Poll::Pending if state.cut() == Some(Cut::Head) => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
    });
    // A connection of HTTP/2 wakes itself so that the others have their turn.
    at_once(until_then, || state.phase() != Phase::Http2).await;
}

/// Takes the TLS handshake, where there is TLS; the certificate is what the client has shown, to be held for as long as
/// the connection lasts. A client that does not finish the handshake is not worth a log line of its own: on a public port
/// most are scanners.
async fn secure(
    stream: L4Stream,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
    owner: Option<Owner>,
    state: &Arc<ConnectionState>,
) -> Option<(Stream, Option<Arc<ClientCertificate>>)> {
    let Some(config) = tls else {
        return Some((Box::new(Guarded::new(stream, limits, owner, state.clone())), None));
    };
    let acceptor = TlsAcceptor::from_server_config(config);
    match timeout(limits.handshake_timeout, acceptor.tls_handshake(stream)).await {
        Ok(Ok(stream)) => {
            PROCESS.tls_handshakes.count("completed");
            let shown = stream.get_ssl().and_then(TlsRef::peer_certificate_der);
            let certificate = shown.and_then(client_certificate::shown);
            Some((Box::new(Guarded::new(stream, limits, owner, state.clone())), certificate))
        }
        Ok(Err(error)) => {
            PROCESS.tls_handshakes.count("failed");
            debug!("a TLS handshake failed: {}", error.etype().as_str());
            None
        }
        Err(_) => {
            PROCESS.tls_handshakes.count("timeout");
            REFUSED.handshake_timeout.note();
            None
        }
    }
}

/// The client gave up between the handshake and the accept: nothing is wrong with the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_an_error_and_port_0_becomes_a_real_one() {
        let first = bind(Some("first"), "127.0.0.1:0".parse().expect("an address")).expect("a free port");
        assert_ne!(first.address.port(), 0);
        assert!(bind(Some("second"), first.address).is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_takes_little_ahead_for_the_connections_of_a_listener() {
        let bound = bind(None, "127.0.0.1:0".parse().expect("an address")).expect("a free port");
        bound.socket.set_nonblocking(false).expect("the mode can be set");
        let _client = std::net::TcpStream::connect(bound.address).expect("it listens");
        let (accepted, _) = bound.socket.accept().expect("a connection");
        let taken = socket2::SockRef::from(&accepted).tcp_notsent_lowat().expect("it has one");
        assert_eq!(taken, NOT_SENT);
    }

    #[test]
    fn a_burst_of_connections_waits_to_be_accepted_instead_of_being_sent_away() {
        let bound = bind(None, "127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("Linux");
        let burst = allowed.trim().parse().map_or(128, |allowed: usize| allowed.min(500));
        // Nobody accepts: what finds no room is not answered.
        let connect = |_| std::net::TcpStream::connect_timeout(&bound.address, Duration::from_secs(10));
        let waiting: Vec<_> = (0..burst).map_while(|index| connect(index).ok()).collect();
        assert_eq!(waiting.len(), burst);
    }
}
