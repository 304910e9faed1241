//! Lines on their way out of the process: through a bounded queue and a thread of its own, so that a slow reader, or a
//! slow disk, costs lines and never requests. Lost lines are counted, and the count is written as soon as there is room
//! again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;

/// Lines that wait at most.
const QUEUE_LINES: usize = 8192;
/// How often the thread looks whether lines were lost while none arrive.
const IDLE: Duration = Duration::from_millis(200);
/// Between two attempts to get the request for a flush into a full queue.
const RETRY: Duration = Duration::from_millis(5);

/// Where lines end up.
pub trait Lines: Send + 'static {
    /// Writes a line, which has its end.
    ///
    /// # Errors
    /// When it is not written: it is lost, and counted.
    fn put(&mut self, line: &[u8]) -> io::Result<()>;

    /// Begins anew, where somebody else may have changed what is written to.
    fn reopen(&mut self) {}
}

/// How lost lines are told.
pub struct Loss {
    /// The line that says how many.
    pub line: fn(u64) -> String,
    /// All there ever were.
    pub total: Counter,
}

enum Message {
    Line(Vec<u8>),
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
    /// There is something else to do.
    Wake,
}

/// The queue's near end. When the last one is gone, the thread writes what is queued and ends.
#[derive(Clone)]
pub struct LineWriter {
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
}

struct Shared {
    /// Lost, and not yet told.
    lost: AtomicU64,
    total: Counter,
    reopen: AtomicBool,
}

impl Shared {
    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        self.total.inc();
    }
}

impl LineWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there can be none.
    pub fn start(thread: &str, lines: impl Lines, loss: Loss) -> io::Result<LineWriter> {
        let (queue, messages) = sync_channel(QUEUE_LINES);
        let (lost, reopen) = (AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { lost, total: loss.total, reopen });
        let writing = Writing { lines, line: loss.line, shared: shared.clone() };
        std::thread::Builder::new().name(thread.to_string()).spawn(move || writing.run(&messages))?;
        Ok(LineWriter { queue, shared })
    }

    /// Takes a line; false if it is lost.
    pub fn put(&self, line: Vec<u8>) -> bool {
        let is_taken = self.queue.try_send(Message::Line(line)).is_ok();
        if !is_taken {
            self.shared.lose();
        }
        is_taken
    }

    /// Has the thread begin anew, soon.
    pub fn reopen(&self) {
        // Apart from the queue, which may be full.
        self.shared.reopen.store(true, Ordering::Release);
        let _ = self.queue.try_send(Message::Wake);
    }

    /// Waits until everything so far is written, or lost and counted; false if that takes longer than `within`.
    pub fn flush(&self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let (done, written) = sync_channel(1);
        let mut message = Message::Flush(done);
        while let Err(error) = self.queue.try_send(message) {
            match error {
                TrySendError::Full(again) if Instant::now() < deadline => message = again,
                TrySendError::Full(_) | TrySendError::Disconnected(_) => return false,
            }
            std::thread::sleep(RETRY);
        }
        written.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok()
    }
}

/// The thread's side.
struct Writing<L> {
    lines: L,
    line: fn(u64) -> String,
    shared: Arc<Shared>,
}

impl<L: Lines> Writing<L> {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let message = messages.recv_timeout(IDLE);
            if self.shared.reopen.swap(false, Ordering::Acquire) {
                self.lines.reopen();
            }
            if let Ok(Message::Line(line)) = &message
                && self.lines.put(line).is_err()
            {
                self.shared.lose();
            }
            self.tell();
            match message {
                // Who waits for it may end the process.
                Ok(Message::Flush(done)) => drop(done.send(())),
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(Message::Line(_) | Message::Wake) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Says how many lines were lost since that was last said.
    fn tell(&mut self) {
        let lost = self.shared.lost.load(Ordering::Relaxed);
        if lost > 0 && self.lines.put((self.line)(lost).as_bytes()).is_ok() {
            self.shared.lost.fetch_sub(lost, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
