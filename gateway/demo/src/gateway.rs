//! Tollgate as its own process, started from the binary beside the demo's and ended with it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, interval, timeout};

use crate::loopback;
use crate::scene::Scene;

const READY_WITHIN: Duration = Duration::from_secs(20);
const READY_POLL: Duration = Duration::from_millis(25);
const ENDED_WITHIN: Duration = Duration::from_secs(20);
const REMEMBERED_LINES: usize = 40;

/// A running Tollgate. Dropping it kills the process; [`GatewayProcess::stop`] ends it properly.
pub struct GatewayProcess {
    child: Child,
    output: Arc<Mutex<Output>>,
}

/// What Tollgate wrote, held back while the walk prints its hops.
#[derive(Default)]
struct Output {
    recent: VecDeque<String>,
    live: bool,
}

impl GatewayProcess {
    /// Starts `tollgate run -c config` and returns once its `/readyz` answers 200.
    pub async fn start(config: &Path, scene: &Scene) -> Result<Self, String> {
        let binary = beside_this_binary()?;
        // Asked here because the answer is plainer than a failed bind in another process's log.
        let setting = |key| format!("`{key}` in {}", config.display());
        loopback::bind(scene.listener, &setting("listeners")).await?;
        loopback::bind(scene.admin, &setting("admin")).await?;
        let mut command = Command::new(binary);
        command.args(["run", "-c"]).arg(config);
        let mut gateway = Self::spawn(command)?;
        let ready = gateway.ready(scene.admin).await;
        if ready.is_err() {
            gateway.print_last_words();
        }
        ready.map(|()| gateway)
    }

    fn spawn(mut command: Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: Ctrl-C then reaches the demo alone, which ends Tollgate in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("Tollgate cannot be started: {error}"))?;
        let output = Arc::default();
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, Arc::clone(&output));
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, Arc::clone(&output));
        }
        Ok(Self { child, output })
    }

    async fn ready(&mut self, admin: SocketAddr) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        let mut poll = interval(READY_POLL);
        while Instant::now() < deadline {
            tokio::select! {
                sentence = self.ended() => return Err(sentence),
                _ = poll.tick() => if answers_ready(admin).await { return Ok(()) },
            }
        }
        Err(format!(
            "Tollgate's http://{admin}/readyz did not answer 200 within {} s",
            READY_WITHIN.as_secs()
        ))
    }

    /// Waits until Tollgate ends without having been asked to, and says how it did.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("Tollgate ended by itself ({status})"),
            Err(error) => format!("Tollgate was lost sight of: {error}"),
        }
    }

    /// Asks Tollgate to drain and end (SIGTERM). One that does not in time is killed, and that is an error.
    pub async fn stop(mut self) -> Result<(), String> {
        let Some(process_id) = self.child.id() else { return Ok(()) };
        send_terminate(process_id).await?;
        let Ok(waited) = timeout(ENDED_WITHIN, self.child.wait()).await else {
            let killed = self.child.kill().await;
            return Err(format!("Tollgate ignored SIGTERM for {} s ({killed:?})", ENDED_WITHIN.as_secs()));
        };
        match waited {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("Tollgate ended badly after SIGTERM ({status})")),
            Err(error) => Err(format!("Tollgate's end could not be awaited: {error}")),
        }
    }

    /// Prints what Tollgate last wrote: the reason, when something went wrong.
    pub fn print_last_words(&self) {
        for line in &lock(&self.output).recent {
            print_line(line);
        }
    }

    /// Prints each further line of Tollgate as it comes.
    pub fn print_from_now_on(&self) {
        lock(&self.output).live = true;
    }
}

/// The `tollgate` this demo was built with; one found on the PATH could be any version.
fn beside_this_binary() -> Result<PathBuf, String> {
    let own =
        std::env::current_exe().map_err(|error| format!("the demo cannot find its own binary: {error}"))?;
    let binary = own.with_file_name("tollgate");
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!(
            "there is no {}; build it first with `cargo build`, or use `make demo`",
            binary.display()
        ))
    }
}

async fn answers_ready(admin: SocketAddr) -> bool {
    let ask = move || {
        let agent =
            ureq::Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(2))).build();
        agent
            .new_agent()
            .get(format!("http://{admin}/readyz"))
            .call()
            .is_ok_and(|answer| answer.status() == 200)
    };
    tokio::task::spawn_blocking(ask).await.unwrap_or(false)
}

/// Through the shell's own `kill`: the standard library can only kill outright, and no unsafe code is allowed here.
async fn send_terminate(process_id: u32) -> Result<(), String> {
    let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {process_id}")).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("Tollgate could not be sent SIGTERM ({status})")),
        Err(error) => Err(format!("Tollgate could not be sent SIGTERM: {error}")),
    }
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, output: Arc<Mutex<Output>>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut output = lock(&output);
            if output.live {
                print_line(&line);
            }
            if output.recent.len() == REMEMBERED_LINES {
                output.recent.pop_front();
            }
            output.recent.push_back(line);
        }
    });
}

fn print_line(line: &str) {
    println!("  tollgate | {line}");
}

fn lock(output: &Mutex<Output>) -> std::sync::MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};

    use super::*;

    fn shell(script: &str) -> GatewayProcess {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        GatewayProcess::spawn(command).unwrap()
    }

    async fn admin(router: Router) -> SocketAddr {
        let listener = loopback::bind("127.0.0.1:0".parse().unwrap(), "admin").await.unwrap();
        let address = listener.local_addr().unwrap();
        loopback::serve(listener, router);
        address
    }

    #[tokio::test]
    async fn a_gateway_that_ends_before_it_is_ready_is_not_waited_for() {
        let mut gateway = shell("exit 3");
        let sentence = gateway.ready(admin(Router::new()).await).await.unwrap_err();
        assert!(sentence.contains("ended by itself (exit status: 3)"), "{sentence}");
    }

    #[tokio::test]
    async fn a_gateway_is_ready_once_readyz_answers_200_and_ends_when_asked() {
        let mut gateway = shell("trap 'exit 0' TERM; while :; do sleep 0.02; done");
        let router = Router::new().route("/readyz", get(|| async { "ready" }));
        gateway.ready(admin(router).await).await.unwrap();
        gateway.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_gateway_that_fails_while_ending_is_reported() {
        let mut gateway = shell("trap 'exit 7' TERM; while :; do sleep 0.02; done");
        let router = Router::new().route("/readyz", get(|| async { "ready" }));
        gateway.ready(admin(router).await).await.unwrap();
        assert!(gateway.stop().await.unwrap_err().contains("exit status: 7"));
    }
}
