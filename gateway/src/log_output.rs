//! Where log lines go: standard output, through a bounded queue and a thread of its own, so that a slow
//! reader costs lines and never requests. Lost lines are counted, and the count is written as soon as the
//! queue has room again.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::metrics::PROCESS;

/// Lines that wait for standard output at most.
const QUEUE_LINES: usize = 8192;
/// How often the writer looks whether lines were lost or a flush is awaited while none arrive.
const IDLE: Duration = Duration::from_millis(200);

enum Message {
    Line(Vec<u8>),
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
}

/// The queue's near end. `env_logger` writes one whole line per call.
#[derive(Clone)]
pub struct LogOutput {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl LogOutput {
    /// Starts the writing thread. `lost` renders the line that tells how many lines were lost.
    pub fn start<W>(sink: W, lost: fn(u64) -> String) -> io::Result<LogOutput>
    where
        W: Write + Send + 'static,
    {
        let (queue, lines) = sync_channel(QUEUE_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer { sink, lost, dropped: dropped.clone() };
        std::thread::Builder::new().name("log".to_string()).spawn(move || writer.run(&lines))?;
        Ok(LogOutput { queue, dropped })
    }

    /// Waits until everything logged so far is written, or a second has passed.
    pub fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.queue.send(Message::Flush(done)).is_ok() {
            // Past the second the reader of standard output is the one who hangs.
            let _ = written.recv_timeout(Duration::from_secs(1));
        }
    }
}

impl Write for LogOutput {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            PROCESS.log_lines_dropped.inc();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Writer<W> {
    sink: W,
    lost: fn(u64) -> String,
    dropped: Arc<AtomicU64>,
}

impl<W: Write> Writer<W> {
    fn run(mut self, lines: &Receiver<Message>) {
        loop {
            match lines.recv_timeout(IDLE) {
                Ok(Message::Line(line)) => self.put(&line),
                Ok(Message::Flush(done)) => {
                    let _ = self.sink.flush();
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let lost = self.dropped.swap(0, Ordering::Relaxed);
            if lost > 0 {
                self.put((self.lost)(lost).as_bytes());
            }
        }
    }

    /// Nobody is left to tell when standard output is closed; the gateway serves on.
    fn put(&mut self, line: &[u8]) {
        let _ = self.sink.write_all(line);
        let _ = self.sink.flush();
    }
}

/// The one output of the process, for the flush at its end.
static OUTPUT: Mutex<Option<LogOutput>> = Mutex::new(None);

/// Remembers the output so that [`flush`] finds it.
pub fn install(output: LogOutput) {
    *OUTPUT.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
}

/// Writes out what is queued; called before the process ends.
pub fn flush() {
    let output = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(output) = output {
        output.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A reader that takes its first line only when told to, like a terminal that was stopped.
    struct Stopped {
        go: mpsc::Receiver<()>,
        seen: mpsc::Sender<String>,
        waited: bool,
    }

    impl Write for Stopped {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            if !self.waited {
                self.waited = true;
                let _ = self.go.recv();
            }
            let _ = self.seen.send(String::from_utf8_lossy(line).into_owned());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stopped_reader_costs_lines_that_are_counted_and_blocks_nobody() {
        let (go, stopped) = mpsc::channel();
        let (seen, lines) = mpsc::channel();
        let sink = Stopped { go: stopped, seen, waited: false };
        let mut output = LogOutput::start(sink, |lost| format!("lost {lost}\n")).expect("a thread");
        let sent = QUEUE_LINES + 500;
        for _ in 0..sent {
            output.write_all(b"line\n").expect("never fails");
        }
        go.send(()).expect("the sink waits");
        output.flush();
        drop(output);
        let seen: Vec<String> = lines.iter().collect();
        let written = seen.iter().filter(|line| *line == "line\n").count();
        let lost: usize =
            seen.iter().filter_map(|line| line.strip_prefix("lost ")?.trim().parse::<usize>().ok()).sum();
        assert!(lost > 0);
        assert_eq!(written + lost, sent);
    }
}
