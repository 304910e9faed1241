//! Addresses where nobody listens, kept from everybody who asks the system for a free port: the tests run side by
//! side, and a port that was only closed soon belongs to another one's server.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{LazyLock, Mutex};

use socket2::{Domain, Socket, Type};

/// Bound, and never listening: connecting is refused.
static HELD: LazyLock<Mutex<HashMap<SocketAddr, Socket>>> = LazyLock::new(Mutex::default);

/// Each talks to itself alone: packets of others are refused.
static WITH_THEMSELVES: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// A new one.
pub fn address() -> SocketAddr {
    hold(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// A new one where nobody takes packets either.
pub fn nameserver() -> SocketAddr {
    let hold_both = || {
        let address = address();
        let socket = UdpSocket::bind(address).ok()?;
        socket.connect(address).ok()?;
        WITH_THEMSELVES.lock().expect("no holder panicked").push(socket);
        Some(address)
    };
    (0..64).find_map(|_| hold_both()).expect("a port that is free for UDP and TCP")
}

/// Keeps one that was just closed.
pub fn hold(address: SocketAddr) -> SocketAddr {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
    socket.set_reuse_address(true).expect("connections that were closed do not hold it");
    socket.bind(&address.into()).expect("a free port");
    let address = socket.local_addr().ok().and_then(|it| it.as_socket()).expect("an address");
    HELD.lock().expect("no holder panicked").insert(address, socket);
    address
}

/// Makes it free for a server.
pub fn release(address: SocketAddr) {
    HELD.lock().expect("no holder panicked").remove(&address);
}
