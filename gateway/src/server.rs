//! The life of the process: load, bind, serve, reload on SIGHUP, drain on SIGTERM.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use log::{error, info, warn};
use pingora_core::apps::{HttpServerOptions, ServerApp};
use pingora_core::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server, ShutdownSignal, ShutdownSignalWatch};
use pingora_core::tls::{RootCertStore, load_platform_certs_incl_env_into_store};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tollgate_protocol::http1::{FIELDS_MAX, HEAD_BYTES_MAX};

use crate::admin::Admin;
use crate::audit;
use crate::config::{self, Checked, Config};
use crate::control::Control;
use crate::edge::Edge;
use crate::endpoint::resolve::refresh_all;
use crate::gateway::{Gateway, Listener};
use crate::handover::hand_over;
use crate::listener::app::App;
use crate::listener::{Bound, ListenerService, Serving, Terms, bind};
use crate::log_output;
use crate::logging;
use crate::metrics::PROCESS;
use crate::proxy::Proxy;

/// How long the start waits for names to resolve; those that take longer are looked up while serving.
const FIRST_LOOKUP: Duration = Duration::from_secs(1);

/// Serves a configuration file until the process is told to stop.
pub fn run(path: &Path) -> ExitCode {
    let checked = match config::load(path) {
        Ok(checked) => checked,
        Err(report) => {
            eprint!("{report}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = logging::start(checked.config.log) {
        eprintln!("error: cannot start logging: {error}");
        return ExitCode::FAILURE;
    }
    for warning in &checked.warnings {
        warn!("{}", warning.message);
    }
    let outcome = serve(path, &checked);
    if let Err(message) = &outcome {
        error!("{message}");
        eprintln!("error: {message}");
    }
    audit::flush();
    log_output::flush();
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(path: &Path, checked: &Checked) -> Result<(), String> {
    let config = &checked.config;
    check_platform_roots()?;
    let bound = bind_all(config)?;
    let addresses: Vec<_> = bound.iter().map(|bound| bound.address).collect();
    let gateway = config::build::build(config, &addresses, None).map_err(|error| error.to_string())?;
    PROCESS.config_loaded();
    resolve_names(&gateway)?;
    let edge = Arc::new(Edge::new(gateway));
    let admin = bind_admin(config)?;
    let (heeds_signals, stoppable) = watch::channel(false);
    let control = Control::new(path, checked, edge.clone(), &bound, admin.as_ref(), stoppable);
    run_server(config, edge, bound, admin, control, heeds_signals)
}

/// Pingora reads the platform's certificate authorities when it starts and panics where it cannot.
fn check_platform_roots() -> Result<(), String> {
    load_platform_certs_incl_env_into_store(&mut RootCertStore::empty()).map_err(|error| {
        format!("cannot read the platform's certificate authorities: {}", error.root_cause())
    })
}

fn bind_all(config: &Config) -> Result<Vec<Bound>, String> {
    let listeners = config.listeners.iter();
    listeners
        .map(|listener| {
            bind(listener.name.as_deref(), listener.address)
                .map_err(|error| format!("cannot listen on {}: {error}", listener.address))
        })
        .collect()
}

fn bind_admin(config: &Config) -> Result<Option<Bound>, String> {
    let Some(address) = config.admin else { return Ok(None) };
    let bound =
        bind(Some("admin"), address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
    Ok(Some(bound))
}

/// The first lookups, on a runtime of their own because none is running yet.
fn resolve_names(gateway: &Gateway) -> Result<(), String> {
    let runtime = runtime()?;
    let names: Vec<_> = gateway.endpoints().map(|endpoint| endpoint.addresses.clone()).collect();
    runtime.block_on(async {
        // What is not known by then is looked up again while serving.
        let _ = tokio::time::timeout(FIRST_LOOKUP, refresh_all(&gateway.dns, names)).await;
    });
    // A lookup that hangs must not hold up the start.
    runtime.shutdown_background();
    Ok(())
}

/// For what has to be done before the server's own is there.
fn runtime() -> Result<Runtime, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start: {error}"))
}

fn run_server(
    config: &Config,
    edge: Arc<Edge>,
    bound: Vec<Bound>,
    admin: Option<Bound>,
    control: Control,
    heeds_signals: watch::Sender<bool>,
) -> Result<(), String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let conf = ServerConf { threads, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let (start_draining, draining) = watch::channel(false);

    let mut apps = Vec::new();
    let mut listeners = Vec::new();
    let starting = runtime()?;
    for (index, bound) in bound.into_iter().enumerate() {
        let proxy = hand_over(&starting, &server.configuration, Proxy::new(edge.clone(), index))
            .map_err(|error| format!("cannot start: {error}"))?;
        let options = http_options(&config.listeners[index]);
        let app = Arc::new(App::new(proxy, options, h2_options(), edge.clone(), index));
        apps.push(app.clone());
        listeners.push(Serving { bound, app, terms: terms_of(edge.clone(), index) });
    }
    drop(starting);
    server.add_service(ListenerService::new("edge", threads, listeners, Some(draining)));
    if let Some(admin) = admin {
        let app = Arc::new(Admin { edge: edge.clone() });
        let serving = Serving { bound: admin, app, terms: Box::new(Terms::default) };
        // Open while requests drain: that is when orchestrators ask whether to send more.
        server.add_service(ListenerService::new("admin", 1, vec![serving], None));
    }
    server.add_service(control);
    let stop = Stop { edge, start_draining, heeds_signals, apps, limit: config.drain };
    server.run(RunArgs { shutdown_signal: Box::new(stop) });
    Ok(())
}

/// How a listener's connections are taken as of now.
fn terms_of(edge: Arc<Edge>, listener: usize) -> Box<dyn Fn() -> Terms + Send + Sync> {
    Box::new(move || edge.gateway.load().listeners.get(listener).map(Listener::terms).unwrap_or_default())
}

/// What one client may have open at once; each costs memory before anyone knows who it is.
const H2_STREAMS: u32 = 50;
/// What a head may hold at most, as RFC 9113 §6.5.2 counts: 32 bytes for each field on top, and the names and values of the
/// four that begin with a colon. A few bytes on the wire may stand for all of it.
const H2_HEAD_BYTES: usize = HEAD_BYTES_MAX + (FIELDS_MAX + 4) * 32 + 512;

fn http_options(listener: &config::Listener) -> HttpServerOptions {
    let mut options = HttpServerOptions::default();
    // On a TLS listener the handshake decides instead.
    options.h2c = listener.http2;
    // Pingora counts those after the first.
    options.keepalive_request_limit = Some(listener.limits.requests_per_connection.get() - 1);
    options.h2_idle_timeout = Some(listener.limits.idle_timeout);
    options
}

/// Requests of one connection that the library of HTTP/2 may reset for what is wrong with them. Each has cost a request
/// before that shows, and no honest client comes near.
const H2_RESETS: usize = 32;

/// Pingora's own bounds, which a fresh set of options would lose, made tighter.
fn h2_options() -> H2Options {
    let mut options = default_h2_options();
    options.max_concurrent_streams(H2_STREAMS);
    options.max_local_error_reset_streams(Some(H2_RESETS));
    options.max_header_list_size(u32::try_from(H2_HEAD_BYTES).unwrap_or(u32::MAX));
    options
}

/// Ends the process once the last request has, or the limit has passed; Pingora on its own would sleep a
/// fixed time, too long for an idle process and too short for a stream.
struct Stop {
    edge: Arc<Edge>,
    start_draining: watch::Sender<bool>,
    /// Turns true once a signal no longer ends the process on the spot.
    heeds_signals: watch::Sender<bool>,
    apps: Vec<Arc<App>>,
    limit: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for Stop {
    async fn recv(&self) -> ShutdownSignal {
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            error!("cannot listen for signals");
            return ShutdownSignal::FastShutdown;
        };
        self.heeds_signals.send_replace(true);
        either(&mut terminate, &mut interrupt).await;
        self.drain(either(&mut terminate, &mut interrupt)).await;
        audit::flush();
        log_output::flush();
        ShutdownSignal::FastShutdown
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

impl Stop {
    /// Accepts no more, closes idle connections, and lets what is under way end. `impatience` resolves when
    /// the operator asks a second time.
    async fn drain(&self, impatience: impl Future<Output = ()>) {
        let under_way = self.edge.in_flight.count();
        info!("stopping: {under_way} requests under way, waiting up to {:?}", self.limit);
        self.edge.draining.store(true, Ordering::Release);
        self.start_draining.send_replace(true);
        for app in &self.apps {
            app.cleanup().await;
        }
        tokio::select! {
            () = self.edge.in_flight.none_left() => info!("stopped: every request has ended"),
            () = tokio::time::sleep(self.limit) => {
                warn!("stopped: {} requests were cut at the limit", self.edge.in_flight.count());
            }
            () = impatience => warn!("stopped at once: {} requests were cut", self.edge.in_flight.count()),
        }
    }
}
