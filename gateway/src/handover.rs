//! Pingora's proxy with the gateway's own way of connecting to upstreams ([`crate::endpoint::watched`]).
//!
//! Pingora takes a connector of one's own only in its builder, and that gives away no proxy but a service with listeners,
//! which the gateway has its own of. Its handler for protocols that Pingora does not know is given the proxy, though. So the
//! service is started once, on a loopback socket that nobody else is told of, is connected to, and ends.

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::Duration;

use pingora_core::apps::HttpServerOptions;
use pingora_core::connectors::ConnectorOptions;
use pingora_core::server::Fds;
use pingora_core::server::configuration::ServerConf;
use pingora_core::services::Service;
use pingora_proxy::{HttpProxy, ProcessCustomSession, ProxyServiceBuilder};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::endpoint::watched::Watching;
use crate::proxy::Proxy;

/// What serves requests once they are read.
pub type PingoraProxy = HttpProxy<Proxy, Watching>;

/// It is a matter of a millisecond.
const LIMIT: Duration = Duration::from_secs(5);

/// Makes a proxy, on a runtime that has nothing else to do.
///
/// # Errors
/// When no loopback socket can be had.
pub fn hand_over(
    runtime: &Runtime,
    conf: &Arc<ServerConf>,
    proxy: Proxy,
) -> Result<Arc<PingoraProxy>, String> {
    runtime
        .block_on(async { timeout(LIMIT, handed_over(conf, proxy)).await })
        .map_err(|_| "no connection on loopback".to_string())
        .and_then(|handed| handed.map_err(|error| format!("no connection on loopback: {error}")))
}

async fn handed_over(conf: &Arc<ServerConf>, proxy: Proxy) -> std::io::Result<Arc<PingoraProxy>> {
    let (hand_out, mut handed) = mpsc::unbounded_channel();
    let hand_out: ProcessCustomSession<Proxy, Watching> = Arc::new(move |proxy, _, _| {
        let _ = hand_out.send(proxy);
        Box::pin(async { None })
    });
    let mut options = HttpServerOptions::default();
    options.force_custom = true;
    let connector = Watching::new(ConnectorOptions::from_server_conf(conf));
    let builder = ProxyServiceBuilder::new(conf, proxy).custom(connector, hand_out);
    let mut service = builder.server_options(options).build();

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let mut inherited = Fds::new();
    inherited.add(address.to_string(), listener.into_raw_fd());
    service.add_tcp(&address.to_string());
    let (_goes_on, shutdown) = watch::channel(false);
    // It is not told to stop, since then the proxy would take the process for ending: the runtime ends it.
    tokio::spawn(async move {
        service.start_service(Some(Arc::new(inherited.into())), shutdown, 1).await;
    });
    let _connection = TcpStream::connect(address).await?;
    handed.recv().await.ok_or_else(|| std::io::ErrorKind::ConnectionReset.into())
}
