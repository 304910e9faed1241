//! The process: its configuration, its listeners, its names, its log.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::{MAIN, configured, nobody, ok, started};
use crate::support::PATIENCE;
use crate::support::certificates::Authority;
use crate::support::http::Connection;
use crate::support::openmetrics::Exposition;
use crate::support::slow::open;
use crate::support::tollgate::{Tollgate, api, binary, config};

const RELOADS: &str = "tollgate_config_reloads_total";
const RELOADED: &str = "tollgate_config_last_reload_success_timestamp_seconds";

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

#[test]
fn reloads_are_counted_by_their_outcome_and_the_last_good_one_has_a_time() {
    let began = now();
    let upstream = ok();
    let good = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let mut gateway = Tollgate::start(&good);
    let metrics = gateway.metrics();
    let started = metrics.value("process_start_time_seconds", &[]);
    let loaded = metrics.value(RELOADED, &[]);
    assert!(began <= started && started <= loaded && loaded <= now(), "{began} {started} {loaded}");
    assert_eq!(metrics.value("tollgate_config_generation", &[]), 1.0);
    assert_eq!((metrics.samples(RELOADS, &[]).count(), metrics.value(RELOADS, &[])), (4, 0.0));

    assert_eq!(gateway.reload("apis: ["), "refused");
    gateway.counts(RELOADS, &[("trigger", "signal"), ("outcome", "refused")], 1.0);
    let metrics = gateway.metrics();
    assert_eq!(metrics.value(RELOADED, &[]), loaded);
    assert_eq!(metrics.value("tollgate_config_generation", &[]), 1.0);

    assert_eq!(gateway.reload(&good), "applied");
    gateway.counts(RELOADS, &[("trigger", "signal"), ("outcome", "applied")], 1.0);
    let metrics = gateway.metrics();
    assert!(metrics.value(RELOADED, &[]) > loaded);
    assert_eq!(metrics.value("tollgate_config_generation", &[]), 2.0);
    assert_eq!(metrics.value(RELOADS, &[]), 2.0);
}

#[test]
fn a_reload_keeps_the_counts_of_what_stays_and_the_series_of_nothing_that_goes() {
    let upstream = ok();
    let named = |name: &str, endpoint: &str| {
        let url = upstream.url(&format!("/{endpoint}"));
        let endpoint = format!("{{ name: {endpoint}, url: \"{url}\" }}");
        format!("  - {{ name: {name}, path: /{name}, endpoints: [{endpoint}], plans: [keyless] }}\n")
    };
    let apis = |apis: &[(&str, &str)]| apis.iter().map(|(name, at)| named(name, at)).collect::<String>();
    let mut gateway = started(&apis(&[("stays", "same"), ("goes", "same"), ("changes", "old")]));
    for path in ["/stays", "/goes", "/changes"] {
        assert_eq!(gateway.get(path).status, 200);
    }
    gateway.counts("tollgate_http_requests_total", &[("code", "200")], 3.0);
    let yaml = config(&apis(&[("comes", "same"), ("stays", "same"), ("changes", "new")]));
    assert_eq!(gateway.reload(&yaml), "applied");
    for path in ["/stays", "/comes", "/changes"] {
        assert_eq!(gateway.get(path).status, 200);
    }
    for (api, count) in [("stays", 2.0), ("comes", 1.0), ("changes", 2.0)] {
        gateway.counts("tollgate_http_requests_total", &[("api", api)], count);
        gateway.counts("tollgate_http_request_duration_seconds_count", &[("api", api)], count);
    }
    gateway.counts("tollgate_connections_accepted_total", &[("listener", "main")], 6.0);
    gateway.counts("tollgate_upstream_requests_total", &[("api", "stays"), ("endpoint", "same")], 2.0);
    gateway.counts("tollgate_upstream_requests_total", &[("api", "changes"), ("endpoint", "new")], 1.0);
    let text = gateway.admin("/metrics").text().to_string();
    assert!(!text.contains("\"goes\"") && !text.contains("\"old\""), "{text}");
}

#[test]
fn connections_are_counted_when_they_are_taken_while_they_are_open_and_when_they_are_refused() {
    let listener = format!("{MAIN}, limits: {{ connections: 2 }}");
    let apis = api("a", "/a/mcp", &format!("http://{}/", nobody::address()));
    let gateway = Tollgate::start(&configured(&[&listener], &apis));
    let main = [("listener", "main")];
    let (mut first, second) = (gateway.connect(), gateway.connect());
    assert_eq!(first.get("/nowhere").status, 404);
    gateway.counts("tollgate_connections_open", &main, 2.0);
    assert!(gateway.connect().is_closed());
    gateway.counts("tollgate_connections_refused_total", &[("reason", "connection_limit")], 1.0);
    gateway.counts("tollgate_connections_refused_total", &[], 1.0);
    second.close();
    gateway.counts("tollgate_connections_open", &main, 1.0);
    gateway.counts("tollgate_connections_accepted_total", &[], 2.0);
    first.close();
    gateway.counts("tollgate_connections_open", &[], 0.0);
}

/// When a certificate expires, in the words of `openssl`, as seconds since 1970.
fn expiry(certificate: &Path) -> f64 {
    let said = Command::new("openssl").args(["x509", "-noout", "-enddate", "-in"]).arg(certificate).output();
    let said = String::from_utf8(said.expect("openssl is installed").stdout).expect("text");
    let date = said.trim().strip_prefix("notAfter=").expect("a date");
    let seconds = Command::new("date").args(["-u", "+%s", "-d", date]).output().expect("date exists");
    String::from_utf8(seconds.stdout).expect("text").trim().parse().expect("a number")
}

fn handshakes(gateway: &Tollgate, outcome: &str, count: f64) {
    gateway.counts("tollgate_tls_handshakes_total", &[("outcome", outcome)], count);
}

#[test]
fn handshakes_are_counted_by_how_they_ended_and_certificates_say_when_they_expire() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let authority = Authority::new(folder.path(), "ca");
    let (edge, _) = authority.certify("edge", "DNS:edge.example.com,IP:127.0.0.1");
    authority.certify("other", "IP:127.0.0.2");
    let pair = |name: &str| format!("{{ cert: {name}-leaf.pem, key: {name}-leaf.key }}");
    let tls = format!("tls: {{ certificates: [{}, {}] }}", pair("edge"), pair("other"));
    let apis = api("a", "/a/mcp", &format!("http://{}/", nobody::address()));
    let yaml = configured(&[&format!("{MAIN}, {tls}")], &apis);
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    let ends = expiry(&edge);
    let gateway = Tollgate::start_in(folder, 2);

    let metrics = gateway.metrics();
    let labels = [("listener", "main"), ("certificate", "certificates[0]"), ("name", "edge.example.com")];
    assert_eq!(metrics.value("tollgate_cert_expiry_timestamp_seconds", &labels), ends);
    assert!(ends > now());
    let labels = [("listener", "main"), ("certificate", "certificates[1]")];
    assert!(metrics.value("tollgate_cert_expiry_timestamp_seconds", &labels) >= ends);

    let silent = open(gateway.address());
    let mut client = gateway.connect();
    client.try_send(b"GET / HTTP/1.1\r\n\r\n");
    client.rest();
    handshakes(&gateway, "failed", 1.0);
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &gateway.address().to_string()]).stdin(Stdio::null());
    assert!(openssl.output().expect("openssl is installed").status.success());
    handshakes(&gateway, "completed", 1.0);
    handshakes(&gateway, "timeout", 1.0);
    drop(silent);
    gateway.counts("tollgate_connections_refused_total", &[("reason", "handshake_timeout")], 1.0);

    let (renewed, _) = authority.certify("edge", "DNS:edge.example.com,IP:127.0.0.1");
    gateway.counts(RELOADS, &[("trigger", "files"), ("outcome", "applied")], 1.0);
    let labels = [("certificate", "certificates[0]"), ("name", "edge.example.com")];
    assert!(expiry(&renewed) > ends);
    gateway.counts("tollgate_cert_expiry_timestamp_seconds", &labels, expiry(&renewed));
}

#[test]
fn lookups_are_counted_by_whether_the_name_was_found() {
    let began = now();
    let apis = api("here", "/here", "http://localhost:9/") + &api("there", "/there", "http://127.0.0.1:9/");
    let gateway = started(&apis);
    gateway.counts("tollgate_dns_lookups_total", &[("outcome", "found")], 1.0);
    gateway.counts("tollgate_dns_lookups_total", &[("outcome", "failed")], 0.0);
    let last = gateway.metrics().value("tollgate_dns_last_success_timestamp_seconds", &[]);
    assert!(began <= last && last <= now(), "{last}");

    let gateway = started(&api("a", "/a", "http://no-such-name.invalid/"));
    gateway.counts("tollgate_dns_lookups_total", &[("outcome", "failed")], 1.0);
    let metrics = gateway.metrics();
    assert_eq!(metrics.value("tollgate_dns_last_success_timestamp_seconds", &[]), 0.0);
    assert_eq!(metrics.value("tollgate_dns_lookups_total", &[]), 1.0);
}

fn next_line(log: &mut impl BufRead) -> String {
    let mut line = String::new();
    assert!(log.read_line(&mut line).expect("a line") > 0, "the gateway has ended");
    line
}

/// A gateway whose log nobody reads once it listens.
struct Unread {
    child: Child,
    log: BufReader<std::process::ChildStdout>,
    main: SocketAddr,
    admin: SocketAddr,
}

impl Unread {
    fn start(file: &Path) -> Unread {
        let mut command = binary();
        command.args(["run", "-c"]).arg(file).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the gateway can be started");
        let mut log = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut addresses = std::collections::HashMap::new();
        while addresses.len() < 2 {
            let line: Value = serde_json::from_str(&next_line(&mut log)).expect("an object");
            if line["event"] == "listening" {
                let address = line["address"].as_str().and_then(|address| address.parse().ok());
                addresses.insert(line["listener"].to_string(), address.expect("an address"));
            }
        }
        Unread { child, log, main: addresses["\"main\""], admin: addresses["\"admin\""] }
    }

    fn line(&mut self) -> String {
        next_line(&mut self.log)
    }

    /// All series of a name together.
    fn value(&self, name: &str) -> f64 {
        let answer = Connection::open(self.admin).get("/metrics");
        Exposition::read(answer.text()).expect("well-formed").value(name, &[])
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn log_lines_that_nobody_reads_are_counted_when_they_are_lost() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("gateway.yaml");
    std::fs::write(&file, config(&api("a", "/a", "http://127.0.0.1:9/"))).expect("the file is written");
    let mut gateway = Unread::start(&file);
    assert_eq!(gateway.value("tollgate_log_lines_dropped_total"), 0.0);
    // A request is a line; the pipe and the queue hold some nine thousand.
    let requests = 9_900;
    let mut client = Connection::open(gateway.main);
    for _ in 0..requests {
        assert_eq!(client.get("/nowhere").status, 404);
    }
    let deadline = Instant::now() + PATIENCE;
    while gateway.value("tollgate_http_requests_total") < f64::from(requests) {
        assert!(Instant::now() < deadline, "the last request is not counted");
    }
    let lost = gateway.value("tollgate_log_lines_dropped_total");
    assert!(lost > 0.0);

    // Read on, the log says the same.
    let said = loop {
        let line: Value = serde_json::from_str(&gateway.line()).expect("an object");
        if let Some(said) = line["dropped"].as_u64() {
            break said;
        }
    };
    assert_eq!(said as f64, lost);
}

#[test]
fn a_listener_without_a_name_is_called_by_its_address() {
    let upstream = ok();
    let yaml = config(&api("a", "/a/mcp", &upstream.url("/mcp")));
    let mut gateway = Tollgate::start(&yaml.replace("name: main, ", ""));
    let listening = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        let other = line["listener"].as_str().filter(|name| line["event"] == "listening" && *name != "admin");
        other.map(str::to_string)
    };
    let name = gateway.process.wait_for(0, "its address", listening);
    Connection::open(name.parse().expect("an address")).get("/nowhere");
    gateway.counts("tollgate_http_requests_total", &[("listener", &name)], 1.0);
}
