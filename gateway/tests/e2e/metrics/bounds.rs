//! Whatever clients and upstreams send, there is no series more for it, and nothing of it is shown.

use std::collections::BTreeSet;

use http::StatusCode;

use super::{Upstream, alone, response};
use crate::logs::{CANARY, parts, send_canaries};
use crate::support::http::Connection;
use crate::support::tollgate::Tollgate;

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
/// What is random is the same on every run.
const SEED: u64 = 20_261_125;

/// Answers with the status its request asks for.
fn obedient() -> Upstream {
    Upstream::start(|seen| {
        let status = seen.all("x-status").first().map_or("200", |status| *status).to_string();
        let body =
            if seen.method() == "HEAD" || matches!(status.as_str(), "204" | "304") { "" } else { "body" };
        response(&format!("{status} Word"), &[], body)
    })
}

/// One status for each word the code of a request may be.
fn statuses() -> BTreeSet<u16> {
    let registered =
        |status: &u16| StatusCode::from_u16(*status).is_ok_and(|it| it.canonical_reason().is_some());
    let known = (200..=599).filter(registered);
    known.chain([499, 299, 399, 498, 599, 699, 799, 899, 999]).collect()
}

fn send(connection: &mut Connection, gateway: &Tollgate, method: &str, path: &str, fields: &[(&str, &str)]) {
    connection.send_request(method, path, fields, b"");
    connection.response(method);
    // The gateway may close after an error; a new connection costs less than finding out.
    if path != "/a/mcp" {
        *connection = gateway.connect();
    }
}

/// Everything that may be counted, once.
fn everything(gateway: &Tollgate) -> usize {
    let mut sent = 0;
    let mut connection = gateway.connect();
    for method in &METHODS[..7] {
        for status in statuses() {
            let status = status.to_string();
            send(&mut connection, gateway, method, "/a/mcp", &[("X-Status", &status)]);
            sent += 1;
        }
        for (path, fields) in refused() {
            send(&mut gateway.connect(), gateway, method, path, &fields);
            sent += 1;
        }
    }
    for (path, fields) in refused() {
        send(&mut gateway.connect(), gateway, "BREW", path, &fields);
        sent += 1;
    }
    sent
}

/// Requests for no API, one for each status they are refused with.
fn refused() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        ("/nowhere", vec![]),
        ("/a/../b", vec![]),
        ("/nowhere", vec![("Host", "evil.example")]),
        ("/nowhere", vec![("Origin", "http://evil.example")]),
        ("/nowhere", vec![("Expect", "miracles")]),
    ]
}

fn word(random: &mut fastrand::Rng) -> String {
    std::iter::repeat_with(|| random.alphanumeric()).take(12).collect()
}

/// One request of which everything is random.
fn anything(gateway: &Tollgate, random: &mut fastrand::Rng) {
    let [path, other, secret] = [(); 3].map(|()| word(random));
    let method = match random.u8(..3) {
        0 => word(random).to_uppercase(),
        _ => METHODS[random.usize(..7)].to_string(),
    };
    let path = match random.u8(..4) {
        0 => format!("/{path}/{other}"),
        1 => format!("/a/../{path}"),
        _ => format!("/a/mcp/{path}?tool={other}"),
    };
    let host = match random.u8(..4) {
        0 => format!("{other}.example"),
        _ => gateway.address().to_string(),
    };
    let status = random.u16(200..1000).to_string();
    let fields = [
        ("Host", host.as_str()),
        ("X-Status", &status),
        ("Authorization", &secret),
        ("Mcp-Session-Id", &secret),
        ("Mcp-Name", &other),
        ("User-Agent", &other),
    ];
    send(&mut gateway.connect(), gateway, &method, &path, &fields);
}

#[test]
fn random_paths_methods_hosts_and_statuses_add_no_series() {
    let upstream = obedient();
    let gateway = alone(&upstream);
    let sent = everything(&gateway);
    gateway.counts("tollgate_http_requests_total", &[], sent as f64);
    let before = gateway.metrics().series();
    let mut random = fastrand::Rng::with_seed(SEED);
    let more = 3_000;
    (0..more).for_each(|_| anything(&gateway, &mut random));
    gateway.counts("tollgate_http_requests_total", &[], (sent + more) as f64);
    let after = gateway.metrics().series();
    let added: Vec<_> = after.difference(&before).collect();
    assert!(added.is_empty(), "{added:#?}");
    assert!(after.len() < 1_000, "{} series", after.len());
    let shown =
        |label: &str| after.iter().filter_map(|(_, labels)| labels.get(label)).collect::<BTreeSet<_>>();
    assert_eq!(shown("method").len(), METHODS.len(), "{:?}", shown("method"));
    assert!(shown("method").iter().all(|method| METHODS.contains(&method.as_str())));
    assert_eq!(shown("api").iter().map(|api| api.as_str()).collect::<Vec<_>>(), ["-", "a"]);
}

#[test]
fn no_secret_and_no_path_reaches_the_metrics() {
    let (_upstreams, gateway) = parts("");
    send_canaries(&gateway);
    let mut client = gateway.connect();
    client.request("GET", "/a/mcp/odd%20path", &[("Authorization", "Bearer CANARY-too")], b"");
    gateway.counts("tollgate_http_requests_total", &[("api", "short"), ("code", "502")], 2.0);
    let text = gateway.admin("/metrics").text().to_string();
    for never in [CANARY, "odd", "nowhere", "/mcp", "well-known", "127.0.0.1"] {
        assert!(!text.contains(never), "{never} in {text}");
    }
}
