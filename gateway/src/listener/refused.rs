//! What was refused to connections rather than to requests, which have a log line each. An attack must not fill the
//! disk, so each kind is logged at most once a second, with how many it were.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use once_cell::sync::Lazy;
use prometheus_client::metrics::counter::Counter;

use crate::logging::Fields;
use crate::metrics::PROCESS;

const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// The counts of this process, as its log is one.
pub static REFUSED: Lazy<Refused> = Lazy::new(Refused::default);

pub struct Refused {
    pub connection_limit: Tally,
    pub client_connection_limit: Tally,
    pub client_connection_rate: Tally,
    pub proxy_protocol_untrusted: Tally,
    pub proxy_protocol_missing: Tally,
    pub proxy_protocol_malformed: Tally,
    pub proxy_protocol_timeout: Tally,
    pub handshake_timeout: Tally,
    pub head_timeout: Tally,
    pub answer_not_read: Tally,
    pub http2_misused: Tally,
    pub accept_failed: Tally,
}

impl Default for Refused {
    fn default() -> Refused {
        Refused {
            connection_limit: Tally::new("connection_limit"),
            client_connection_limit: Tally::new("client_connection_limit"),
            client_connection_rate: Tally::new("client_connection_rate"),
            proxy_protocol_untrusted: Tally::new("proxy_protocol_untrusted"),
            proxy_protocol_missing: Tally::new("proxy_protocol_missing"),
            proxy_protocol_malformed: Tally::new("proxy_protocol_malformed"),
            proxy_protocol_timeout: Tally::new("proxy_protocol_timeout"),
            handshake_timeout: Tally::new("handshake_timeout"),
            head_timeout: Tally::new("head_timeout"),
            answer_not_read: Tally::new("answer_not_read"),
            http2_misused: Tally::new("http2_misused"),
            accept_failed: Tally::new("accept_failed"),
        }
    }
}

/// How often one thing has happened since the last line about it.
pub struct Tally(Arc<Count>);

struct Count {
    reason: &'static str,
    /// Since the process began.
    total: Counter,
    pending: AtomicU64,
    /// A line was written less than a second ago, and a task will see to the next.
    quiet: AtomicBool,
}

impl Tally {
    fn new(reason: &'static str) -> Tally {
        let total = PROCESS.connections_refused.counter(reason);
        Tally(Arc::new(Count { reason, total, pending: AtomicU64::new(0), quiet: AtomicBool::new(false) }))
    }

    /// Counts one; called in a task.
    pub fn note(&self) {
        self.0.total.inc();
        self.0.pending.fetch_add(1, Ordering::AcqRel);
        if !self.0.quiet.swap(true, Ordering::AcqRel) {
            let count = self.0.clone();
            count.log();
            tokio::spawn(async move { count.log_what_follows().await });
        }
    }
}

impl Count {
    /// Whether there was anything to log.
    fn log(&self) -> bool {
        let count = self.pending.swap(0, Ordering::AcqRel);
        if count > 0 {
            Fields::new("connection_refused").text("reason", self.reason).number("count", count).log();
        }
        count > 0
    }

    async fn log_what_follows(&self) {
        loop {
            tokio::time::sleep(BETWEEN_LINES).await;
            if self.log() {
                continue;
            }
            self.quiet.store(false, Ordering::Release);
            // One that came between the look and the store has left its line to this task.
            let left_to_us = self.pending.load(Ordering::Acquire) > 0;
            if !left_to_us || self.quiet.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }
}
