//! Answers given before the request body was read: its bytes are never taken for a request (CVE-2025-4366).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};

use super::limited;
use crate::support::slow::open;
use crate::support::upstream::{Upstream, response};

const SMUGGLED: &str = "GET /a/mcp?smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";
const RUNS: usize = 200;

/// From one byte to 1 MiB, made of requests.
fn body(run: usize, host: &str) -> Vec<u8> {
    let sizes = [1, 7, 64, 1_000, 4_096, 16_384, 65_536, 65_537, 262_144, 1_048_576];
    SMUGGLED.replace("HOST", host).bytes().cycle().take(sizes[run % sizes.len()]).collect()
}

fn request(run: usize, host: &str) -> (u16, Vec<u8>) {
    // The refusals there are: no such API, no such host, a page that may not call, a head that is too large.
    let huge = format!("X: {}", "y".repeat(17_000));
    let (status, path, host_field, field) = match run / 10 % 4 {
        0 => (404, "/nowhere", host, "X: y"),
        1 => (421, "/a/mcp", "other.example.com", "X: y"),
        2 => (403, "/a/mcp", host, "Origin: https://evil.example"),
        _ => (431, "/a/mcp", host, huge.as_str()),
    };
    let body = body(run, host);
    let (framing, body) = match run % 2 == run / 10 % 2 {
        true => (format!("Content-Length: {}", body.len()), body),
        false => {
            let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
            ("Transfer-Encoding: chunked".to_string(), chunk)
        }
    };
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host_field}\r\n{field}\r\n{framing}\r\n\r\n");
    (status, [head.as_bytes(), &body].concat())
}

/// The statuses of all that comes back on one connection.
fn statuses(server: SocketAddr, bytes: Vec<u8>) -> Vec<u16> {
    let mut stream = open(server);
    stream.set_read_timeout(Some(crate::support::PATIENCE)).expect("a timeout can be set");
    let mut sending = stream.try_clone().expect("a second handle");
    // The gateway may close before it has read everything, which is one of the two right things to do.
    let sender = std::thread::spawn(move || drop(sending.write_all(&bytes)));
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    sender.join().expect("the sender ends");
    let text = String::from_utf8_lossy(&received).into_owned();
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().expect("a status")).collect()
}

/// One run: the answer to the request, if it arrived; an error when anything else was answered.
fn answer(run: usize, server: SocketAddr) -> Result<Option<u16>, Vec<u16>> {
    let host = server.to_string();
    let (status, mut bytes) = request(run, &host);
    // A request in earnest behind it may be answered or not; what is inside the body must not be.
    let behind = format!("GET /behind HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    bytes.extend_from_slice(behind.as_bytes());
    let answers = statuses(server, bytes);
    match answers.as_slice() {
        // A close with bytes unread may reset the connection before its client has read the answer.
        [] => Ok(None),
        [first] | [first, 404] if *first == status => Ok(Some(status)),
        _ => Err(answers),
    }
}

#[test]
fn a_server_that_takes_a_body_for_requests_is_noticed() {
    // It answers each head it finds and never looks for a body: the fault this file is about.
    let naive = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = naive.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in naive.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
                let last = line.starts_with("Connection: close");
                if line == "\r\n" && stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").is_err() || last {
                    break;
                }
                line.clear();
            }
        }
    });
    // The fifth body is the first that holds whole requests; both framings are in these runs.
    for run in [4, 5] {
        assert!(answer(run, address).is_err(), "run {run}");
    }
}

#[test]
fn the_bytes_of_a_body_that_was_not_read_are_never_taken_for_a_request() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "reached"));
    let gateway = limited("head_timeout: 2s", &upstream.url("/mcp"));
    let mut answered = 0;
    for run in 0..RUNS {
        let answer =
            answer(run, gateway.address()).unwrap_or_else(|answers| panic!("run {run}: {answers:?}"));
        answered += usize::from(answer.is_some());
    }
    assert!(answered > RUNS / 2, "only {answered} answers arrived");
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen()[0].head);
}
