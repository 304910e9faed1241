//! Answers given before the request body was read: its bytes are never taken for a request (CVE-2025-4366).

use std::io::{Read, Write};

use super::limited;
use crate::support::slow::open;
use crate::support::tollgate::Tollgate;
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
fn statuses(gateway: &Tollgate, bytes: Vec<u8>) -> Vec<u16> {
    let mut stream = open(gateway.address());
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

#[test]
fn the_bytes_of_a_body_that_was_not_read_are_never_taken_for_a_request() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "reached"));
    let gateway = limited("head_timeout: 2s", &upstream.url("/mcp"));
    let host = gateway.address().to_string();
    let mut answered = 0;
    for run in 0..RUNS {
        let (status, mut bytes) = request(run, &host);
        // A request in earnest behind it may be answered or not; what is inside the body must not be.
        bytes.extend_from_slice(
            format!("GET /behind HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        let answers = statuses(&gateway, bytes);
        // A close with bytes unread may reset the connection before its client has read the answer.
        assert!(answers.is_empty() || answers[0] == status, "run {run}: {answers:?}");
        assert!(answers.len() <= 1 || answers[1..] == [404], "run {run}: {answers:?}");
        answered += usize::from(!answers.is_empty());
    }
    assert!(answered > RUNS / 2, "only {answered} answers arrived");
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen()[0].head);
}
