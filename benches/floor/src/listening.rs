//! A listening socket of our own for Pingora's service, which does not tell what port the system has chosen for it.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::server::{Fds, ListenFds, ShutdownWatch};
use pingora_core::services::Service;
use serde_json::json;

/// A socket that clients can connect to from now on.
pub struct Bound {
    socket: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// # Errors
    /// When the address is taken, not this machine's, or not allowed.
    pub fn to(address: SocketAddr) -> io::Result<Bound> {
        let socket = TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(Bound { address: socket.local_addr()?, socket })
    }

    /// What Pingora is told to listen on.
    pub fn name(&self) -> String {
        self.address.to_string()
    }
}

/// A service that finds its socket bound, as after Pingora's handing over of sockets to a new process, and says where.
pub struct Announced<S> {
    service: S,
    bound: Option<Bound>,
}

impl<S> Announced<S> {
    pub fn new(service: S, bound: Bound) -> Announced<S> {
        Announced { service, bound: Some(bound) }
    }
}

#[async_trait]
impl<S: Service> Service for Announced<S> {
    async fn start_service(
        &mut self,
        inherited: Option<ListenFds>,
        shutdown: ShutdownWatch,
        listeners: usize,
    ) {
        let inherited = match self.bound.take() {
            Some(bound) => Some(handed_over(bound)),
            None => inherited,
        };
        self.service.start_service(inherited, shutdown, listeners).await;
    }

    fn name(&self) -> &str {
        self.service.name()
    }

    fn threads(&self) -> Option<usize> {
        self.service.threads()
    }
}

fn handed_over(bound: Bound) -> ListenFds {
    let line = json!({ "event": "listening", "address": bound.name() });
    // Who started this may have stopped listening; requests are served all the same.
    let _ = writeln!(io::stdout(), "{line}");
    let mut sockets = Fds::new();
    sockets.add(bound.name(), bound.socket.into_raw_fd());
    Arc::new(sockets.into())
}
