//! What is counted for the process as a whole, registered once.

use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use once_cell::sync::Lazy;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::PREFIX;
use crate::audit;
use crate::reason;

pub static PROCESS: Lazy<Process> = Lazy::new(Process::start);

pub struct Process {
    pub(super) registry: Registry,
    /// By the slug of the reason.
    pub rejected: ByWord,
    pub connections_refused: ByWord,
    pub tls_handshakes: ByWord,
    pub log_lines_dropped: Counter,
    /// Of the keys of issuers.
    pub key_fetches: ByWord,
    /// Questions about opaque tokens; those whose answer is remembered are not asked.
    pub introspections: ByWord,
    pub token_exchanges: ByWord,
    dns_lookups: ByWord,
    dns_last_success: Time,
    reloads: Family<Words<2>, Counter>,
    reload_last_success: Time,
}

/// Label names and values. All are part of the program, so none can come from a request.
type Words<const N: usize> = [(&'static str, &'static str); N];

/// Seconds since 1970.
type Time = Gauge<f64, AtomicU64>;

/// A counter for each word of a closed set.
#[derive(Clone)]
pub struct ByWord {
    label: &'static str,
    family: Family<Words<1>, Counter>,
}

impl ByWord {
    /// The words are shown from the start, with 0.
    fn new(label: &'static str, words: impl IntoIterator<Item = &'static str>) -> ByWord {
        let by_word = ByWord { label, family: Family::default() };
        for word in words {
            by_word.counter(word);
        }
        by_word
    }

    pub fn counter(&self, word: &'static str) -> Counter {
        self.family.get_or_create_owned(&[(self.label, word)])
    }

    pub fn count(&self, word: &'static str) {
        self.family.get_or_create(&[(self.label, word)]).inc();
    }
}

impl Process {
    fn start() -> Process {
        let mut process = Process {
            registry: Registry::default(),
            rejected: ByWord::new("reason", reason::all().map(|reason| reason.slug)),
            connections_refused: ByWord::new("reason", []),
            tls_handshakes: ByWord::new("outcome", ["completed", "failed", "timeout"]),
            log_lines_dropped: Counter::default(),
            key_fetches: ByWord::new("outcome", ["fetched", "failed"]),
            introspections: ByWord::new("outcome", ["answered", "failed"]),
            token_exchanges: ByWord::new("outcome", ["exchanged", "refused", "failed"]),
            dns_lookups: ByWord::new("outcome", ["found", "failed"]),
            dns_last_success: Time::default(),
            reloads: Family::default(),
            reload_last_success: Time::default(),
        };
        process.register();
        process
    }

    fn register(&mut self) {
        for trigger in ["signal", "files"] {
            for outcome in ["applied", "refused"] {
                // Made, to be shown with 0.
                let _ = self.reloads.get_or_create(&[("trigger", trigger), ("outcome", outcome)]);
            }
        }
        let started = Time::default();
        started.set(now());
        // The one name every Prometheus client library gives to this.
        let help = "When the process began, since 1970";
        self.registry.register_with_unit("process_start_time", help, Unit::Seconds, started);
        let ours = self.registry.sub_registry_with_prefix(PREFIX);
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        ours.register("build", "The program", version);
        let help = "Reloads, by what set them off and what came of them";
        ours.register("config_reloads", help, self.reloads.clone());
        let (name, help) =
            ("config_last_reload_success_timestamp", "When the configuration that serves was taken");
        ours.register_with_unit(name, help, Unit::Seconds, self.reload_last_success.clone());
        let help = "Requests the gateway ended itself, by reason";
        ours.register("rejected", help, self.rejected.family.clone());
        let help = "Connections of clients that were closed without a request, by reason";
        ours.register("connections_refused", help, self.connections_refused.family.clone());
        ours.register("tls_handshakes", "TLS handshakes of clients", self.tls_handshakes.family.clone());
        let help = "Fetches of the keys of issuers";
        ours.register("key_fetches", help, self.key_fetches.family.clone());
        let help = "Questions to authorization servers about tokens";
        ours.register("introspections", help, self.introspections.family.clone());
        let help = "Tokens that were to be exchanged at authorization servers";
        ours.register("token_exchanges", help, self.token_exchanges.family.clone());
        ours.register("dns_lookups", "Lookups of the names of endpoints", self.dns_lookups.family.clone());
        let help = "When a name was last found, since 1970; 0 if there was none to look up";
        ours.register_with_unit(
            "dns_last_success_timestamp",
            help,
            Unit::Seconds,
            self.dns_last_success.clone(),
        );
        let help = "Log lines that were lost because standard output was read too slowly";
        ours.register("log_lines_dropped", help, self.log_lines_dropped.clone());
        let help = "Audit records that were lost because they could not be written, or not fast enough";
        ours.register("audit_records_dropped", help, audit::dropped());
    }

    /// The configuration was read at start.
    pub fn config_loaded(&self) {
        self.reload_last_success.set(now());
    }

    /// A reload has ended.
    pub fn config_reloaded(&self, trigger: &'static str, outcome: &'static str) {
        self.reloads.get_or_create(&[("trigger", trigger), ("outcome", outcome)]).inc();
        if outcome == "applied" {
            self.config_loaded();
        }
    }

    /// The name of an endpoint was looked up.
    pub fn looked_up(&self, found: bool) {
        self.dns_lookups.count(if found { "found" } else { "failed" });
        if found {
            self.dns_last_success.set(now());
        }
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
