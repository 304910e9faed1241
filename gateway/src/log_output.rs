//! Where log lines go: standard output, by way of a [`LineWriter`].

use std::io::{self, Stdout, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::line_writer::{LineWriter, Lines, Loss};
use crate::metrics::PROCESS;

/// How long a flush waits. Past that the reader of standard output is the one who hangs.
const FLUSH: Duration = Duration::from_secs(1);

impl Lines for Stdout {
    /// Nobody is left to tell when standard output is closed; the gateway serves on.
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        let _ = self.write_all(line);
        let _ = self.flush();
        Ok(())
    }
}

/// What `env_logger` writes to, one whole line per call.
#[derive(Clone)]
pub struct LogOutput(LineWriter);

impl LogOutput {
    /// Starts the thread that writes to standard output. `lost` renders the line that tells how many lines were lost.
    ///
    /// # Errors
    /// When there can be none.
    pub fn start(lost: fn(u64) -> String) -> io::Result<LogOutput> {
        let loss = Loss { line: lost, total: PROCESS.log_lines_dropped.clone() };
        LineWriter::start("log", io::stdout(), loss).map(LogOutput)
    }
}

impl Write for LogOutput {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The one output of the process, for those who have no logger.
static OUTPUT: Mutex<Option<LogOutput>> = Mutex::new(None);

/// Remembers the output so that [`put`] and [`flush`] find it.
pub fn install(output: LogOutput) {
    *OUTPUT.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
}

fn output() -> Option<LogOutput> {
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Takes a line past the levels of the logger; false if it is lost.
pub fn put(line: String) -> bool {
    output().is_some_and(|LogOutput(writer)| writer.put(line.into_bytes()))
}

/// Writes out what is queued; called before the process ends.
pub fn flush() {
    if let Some(LogOutput(writer)) = output() {
        writer.flush(FLUSH);
    }
}
