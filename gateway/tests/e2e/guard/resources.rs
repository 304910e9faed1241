//! Two thousand idle connections, and a process without file descriptors left.

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{NOWHERE, limited, limited_yaml};
use crate::support::PATIENCE;
use crate::support::process::Process;
use crate::support::slow::open;

/// Processor time a process has used, in hundredths of a second (`/proc/PID/stat`, fields 14 and 15).
fn processor_time(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process lives");
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
}

/// How many lines there are about failed accepts.
fn failures(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.contains(r#""reason":"accept_failed""#)).count()
}

#[test]
fn two_thousand_idle_connections_do_not_keep_the_next_from_being_served() {
    const IDLE: usize = 2_000;
    let limits = format!("head_timeout: 1m, connections: {0}, connections_per_client: {0}", IDLE + 1);
    let gateway = limited(&limits, NOWHERE);
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| open(gateway.address())).collect();
    let mut last = gateway.connect();
    assert_eq!(last.get("/nowhere").status, 404);
    assert!(gateway.connect().closes_within(Duration::from_secs(5)), "and the one after is too many");
    drop(idle);
    let deadline = Instant::now() + Duration::from_secs(5);
    while gateway.connect().closes_within(Duration::from_millis(100)) {
        assert!(Instant::now() < deadline, "the places were not given back");
    }
    assert_eq!(last.get("/nowhere").status, 404);
}

#[test]
fn without_file_descriptors_the_gateway_rests_and_then_recovers() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("gateway.yaml");
    std::fs::write(&file, limited_yaml("head_timeout: 1m", NOWHERE)).expect("the file is written");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -n 64 && exec \"$0\" run -c \"$1\"", env!("CARGO_BIN_EXE_tollgate")])
        .arg(&file);
    let mut process = Process::start("tollgate", &mut shell);
    let address = process.wait_for(0, "the address", |line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let main = line["event"] == "listening" && line["listener"] == "main";
        main.then(|| line["address"].as_str()?.parse().ok())?
    });
    let crowd: Vec<TcpStream> = (0..100).map(|_| open(address)).collect();
    process.wait_for(0, "a failed accept", |line| line.contains("accept_failed").then_some(()));

    let (start, before, lines) =
        (Instant::now(), processor_time(process.child.id()), failures(&process.lines()));
    std::thread::park_timeout(Duration::from_secs(4));
    let seconds = start.elapsed().as_secs() + 1;
    let used = processor_time(process.child.id()) - before;
    assert!(used < 20 * seconds, "{used} hundredths of a second of work in {seconds} s");
    let logged = failures(&process.lines()) - lines;
    assert!(logged <= usize::try_from(seconds).expect("small") + 1, "{logged} lines in {seconds} s");

    drop(crowd);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut client = crate::support::http::Connection::open(address);
        client.try_send(format!("GET /nowhere HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes());
        if !client.is_closed() {
            assert_eq!(client.response("GET").status, 404);
            return;
        }
        assert!(Instant::now() < deadline, "it does not serve again");
    }
}
