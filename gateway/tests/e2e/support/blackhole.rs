//! An address at which connecting neither succeeds nor fails: a listener whose queue is full, as the system then
//! drops what comes.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

pub struct Blackhole {
    listener: TcpListener,
    /// They fill the queue.
    _waiting: Vec<TcpStream>,
}

impl Blackhole {
    pub fn open() -> Blackhole {
        Self::open_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub fn open_at(address: SocketAddr) -> Blackhole {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&address.into()).expect("a free port");
        socket.listen(1).expect("it listens");
        let listener: TcpListener = socket.into();
        let address = listener.local_addr().expect("an address");
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
        let waiting = std::iter::repeat_with(connect).map_while(|connected| connected).take(64).collect();
        Blackhole { listener, _waiting: waiting }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("an address")
    }
}
