//! The demo: a secured MCP server behind Tollgate, and a client that logs in and calls a tool through it.
//!
//! Read [`tell`] from top to bottom. Four parties take part, all on loopback: an authorization server, an MCP
//! server that demands its tokens, Tollgate itself as a separate process, and a client that knows nothing but
//! the gateway's URL. After the walk the first three stay up, so that a real client can log in too.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod authorization_server;
mod cors;
mod gateway;
mod loopback;
mod mcp_server;
mod paste;
mod pkce;
mod random;
mod scene;
mod walk;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::authorization_server::AuthorizationServer;
use crate::gateway::GatewayProcess;
use crate::mcp_server::Protection;
use crate::scene::Scene;
use crate::walk::Target;

/// See a secured MCP server work through Tollgate, on this machine only.
#[derive(Parser)]
struct Options {
    /// Tollgate's configuration; the demo takes every address but its authorization server's from it
    #[arg(short, long, value_name = "FILE", default_value = "conf/demo.yaml")]
    config: PathBuf,

    /// Where the demo's authorization server listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7801")]
    authorization_server: SocketAddr,

    /// End after the walk instead of staying up for real clients
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match tell(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("\nThe demo stopped: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// The story. An error is a sentence for the person at the terminal.
async fn tell(options: Options) -> Result<(), String> {
    let scene = Scene::read(&options.config)?;

    let listener = loopback::bind(options.authorization_server, "--authorization-server").await?;
    let authorization_server = AuthorizationServer::start(listener, scene.resources())?;
    let listener =
        loopback::bind(scene.mcp_server, &format!("`endpoints` in {}", options.config.display())).await?;
    mcp_server::start(listener, protection(&scene, &authorization_server));
    introduce(&scene, authorization_server.issuer(), &options.config);

    let mut stop = pin!(stop_requested());
    let mut gateway = tokio::select! {
        started = GatewayProcess::start(&options.config, &scene) => started?,
        () = &mut stop => return Ok(()),
    };
    let outcome = tokio::select! {
        outcome = show(&options, &scene, &mut gateway) => outcome,
        () = &mut stop => Ok(()),
    };
    if outcome.is_err() {
        gateway.print_last_words();
    }
    outcome.and(gateway.stop().await)
}

/// What a secured server knows: its own URL, the URLs it is published under, and who issues its tokens.
fn protection(scene: &Scene, authorization_server: &AuthorizationServer) -> Protection {
    Protection {
        resource: scene.endpoint.clone(),
        accepted_audiences: scene.resources(),
        authorization_server: authorization_server.clone(),
    }
}

fn introduce(scene: &Scene, issuer: &str, config: &Path) {
    println!("An MCP client logs in and calls a tool through Tollgate, knowing only the gateway's URL.\n");
    println!("  authorization server  {issuer}");
    println!("  MCP server            {}  (demands tokens, and names itself by this URL)", scene.endpoint);
    println!("  Tollgate              {}  (from {})\n", scene.gateway_url, config.display());
}

/// The walk; then, without `--once`, everything stays up for as long as Tollgate does.
async fn show(options: &Options, scene: &Scene, gateway: &mut GatewayProcess) -> Result<(), String> {
    let took = walk(scene).await?;
    println!("\nAll of it in {} ms; the MCP server's own address never showed.", took.as_millis());
    if options.once {
        return Ok(());
    }
    paste::print(&scene.gateway_url);
    gateway.print_from_now_on();
    Err(gateway.ended().await)
}

async fn walk(scene: &Scene) -> Result<Duration, String> {
    let target =
        Target { url: scene.gateway_url.clone(), hidden_authority: Some(scene.mcp_server.to_string()) };
    tokio::task::spawn_blocking(move || walk::walk(&target))
        .await
        .map_err(|error| format!("the walking client broke off: {error}"))?
}

/// Ctrl-C, `kill`, or the terminal going away: each must take Tollgate along. Caught from the call on.
fn stop_requested() -> impl Future<Output = ()> {
    let caught = |kind| signal(kind).expect("the runtime was built with signal handling");
    let (mut interrupt, mut terminate, mut hangup) =
        (caught(SignalKind::interrupt()), caught(SignalKind::terminate()), caught(SignalKind::hangup()));
    async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        println!();
    }
}
