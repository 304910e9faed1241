//! A run that is ended early leaves no process and no file behind.

use std::error::Error;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use crate::parts::sampler::Tree;

/// As a shell tells that a program was interrupted.
const INTERRUPTED: i32 = 130;

/// Ends all that was started, and this program, when it is told to end; and removes its folder.
///
/// # Errors
/// When it cannot be told.
pub fn end_with(folder: PathBuf) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            for pid in Tree::of(std::process::id()).descendants() {
                // One that has ended meanwhile needs no end.
                let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
            }
            // What is left of it then is the system's to clear.
            let _ = std::fs::remove_dir_all(&folder);
            std::process::exit(INTERRUPTED);
        });
    });
    Ok(())
}
