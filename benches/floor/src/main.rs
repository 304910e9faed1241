//! The floor of every comparison: Pingora with nothing on top. What Tollgate takes beyond this is Tollgate's own.

mod listening;
mod pass;
mod tls;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use async_trait::async_trait;
use clap::Parser;
use mimalloc::MiMalloc;
use pingora_core::listeners::{L4BufferSettings, ListenerConfig};
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server, ShutdownSignal, ShutdownSignalWatch};
use pingora_proxy::http_proxy_service;
use tokio::signal::unix::{SignalKind, signal};

use crate::listening::{Announced, Bound};
use crate::pass::Pass;

/// The gateway's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Of connections of clients: an answer of a few kilobytes goes out with its head, by one call to the kernel instead of two.
/// Pingora has no such setting for those to an upstream.
const BUFFERS: L4BufferSettings = L4BufferSettings { read: Some(8 * 1024), write: Some(8 * 1024) };

/// Passes every request on to one upstream, and every answer back, as Pingora does by itself.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 is one that the system chooses, and the line on standard output names.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where everything is passed on to, in clear text.
    #[arg(long, value_name = "ADDRESS")]
    upstream: SocketAddr,
    /// Threads that serve requests.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Speak TLS, with HTTP/1.1 and HTTP/2, by this certificate and its key, both PEM files.
    #[arg(long, num_args = 2, value_names = ["CERTIFICATE", "KEY"])]
    tls: Option<Vec<PathBuf>>,
}

fn main() -> ExitCode {
    env_logger::init();
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let conf = ServerConf { threads: arguments.threads, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let bound = Bound::to(arguments.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
    let mut service = http_proxy_service(&server.configuration, Pass::to(arguments.upstream));
    let mut listener = ListenerConfig::tcp(bound.name()).l4_buffer(BUFFERS);
    if let Some([certificate, key]) = arguments.tls.as_deref() {
        listener = listener.tls(tls::settings(certificate, key)?);
    }
    service.add_listener(listener);
    server.add_service(Announced::new(service, bound));
    server.run(RunArgs { shutdown_signal: Box::new(AtOnce) });
    Ok(())
}

/// Ends the process when it is told to; Pingora on its own would wait for minutes.
struct AtOnce;

#[async_trait]
impl ShutdownSignalWatch for AtOnce {
    async fn recv(&self) -> ShutdownSignal {
        if let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        ShutdownSignal::FastShutdown
    }
}
