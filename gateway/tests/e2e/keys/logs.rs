//! The keys of `log`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::http::Connection;
use crate::support::process::Process;
use crate::support::tollgate::binary;

/// Starts a gateway whose first line need not be JSON, if there is one at all.
fn start(log: &str, address: &str) -> (Process, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("gateway.yaml");
    let yaml = format!(
        "log: {log}\nlisteners: [{{ address: \"{address}\" }}]\napis:\n  \
         - {{ name: demo, path: /mcp, endpoints: [\"http://127.0.0.1:9/mcp\"], plans: [keyless] }}\n"
    );
    std::fs::write(&file, yaml).expect("the file is written");
    (Process::start("tollgate", binary().args(["run", "-c"]).arg(file)), folder)
}

/// The value of a field of a text line.
fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn text_lines_are_for_people() {
    let (mut gateway, _folder) = start("{ format: text }", "127.0.0.1:0");
    let address: SocketAddr = gateway.wait_for(0, "a listening line", |line| {
        line.contains(" info event=listening ").then(|| field(line, "address")?.parse().ok())?
    });
    assert_eq!(Connection::open(address).get("/nowhere?code=secret").status, 404);
    let line = gateway.wait_for(0, "an access line", |line| {
        line.contains(" info event=request ").then(|| line.to_string())
    });
    assert_eq!(
        ["path", "status", "reason"].map(|name| field(&line, name)),
        [Some("/nowhere"), Some("404"), Some("no_api")]
    );
}

#[test]
fn requests_are_not_logged_below_the_level() {
    // Nobody says where this gateway listens, since that is said at `info` too.
    let free =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let (mut gateway, _folder) = start("{ level: error }", &free.to_string());
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(free).is_err() {
        assert!(Instant::now() < deadline, "nobody listens");
        std::thread::park_timeout(PATIENCE / 1000);
    }
    assert_eq!(Connection::open(free).get("/nowhere").status, 404);
    gateway.signal("TERM");
    assert!(gateway.wait().success());
    assert_eq!(gateway.lines(), Vec::<String>::new());
}
