//! How long fetched metadata is believed, and what stands in for it when the upstream fails.

use std::time::Duration;

use crate::support::http::Response;
use crate::support::nobody;
use crate::support::publisher::{Publisher, WELL_KNOWN};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Gate, Upstream, pass, response};

/// An upstream whose metadata says `version`, and a gateway that has it already.
fn parts() -> (Publisher, Tollgate) {
    let upstream = Publisher::start();
    say(&upstream, 1);
    upstream.challenge("/mcp", "Bearer");
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    assert_eq!(version(&metadata(&gateway)), 1);
    (upstream, gateway)
}

fn say(upstream: &Publisher, version: u64) {
    upstream.publish("/mcp", &format!("{{\"resource\":\"{{up}}/mcp\",\"version\":{version}}}"));
}

fn metadata(gateway: &Tollgate) -> Response {
    gateway.get(&format!("{WELL_KNOWN}/a/mcp"))
}

fn version(answer: &Response) -> u64 {
    answer.json()["version"].as_u64().unwrap_or_else(|| panic!("{answer:?}"))
}

/// A client is challenged, which makes what is cached stale.
fn be_challenged(gateway: &Tollgate) {
    assert_eq!(gateway.get("/a/mcp").status, 401);
}

fn fetches(upstream: &Publisher) -> usize {
    upstream.times_of(&format!("{WELL_KNOWN}/mcp")).len()
}

#[test]
fn metadata_is_fetched_anew_only_after_a_challenge_and_at_most_once_a_second() {
    let (upstream, gateway) = parts();
    say(&upstream, 2);
    assert_eq!(version(&metadata(&gateway)), 1, "nobody was challenged since");
    assert_eq!(fetches(&upstream), 1);
    for next in 2..5 {
        say(&upstream, next);
        be_challenged(&gateway);
        assert_eq!(version(&metadata(&gateway)), next, "the first reader after a challenge sees what is new");
        assert_eq!(version(&metadata(&gateway)), next);
    }
    let times = upstream.times_of(&format!("{WELL_KNOWN}/mcp"));
    assert_eq!(times.len(), 4);
    for pair in times.windows(2) {
        // The moments are those of the arrival, a little apart from the start of the fetch.
        assert!(pair[1] - pair[0] > Duration::from_millis(900), "{:?}", pair[1] - pair[0]);
    }
}

#[test]
fn fifty_readers_of_cold_metadata_cause_one_fetch() {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::start(move |seen| {
        if seen.target() == "/mcp" {
            return response("404 Not Found", &[], "");
        }
        pass(&gated);
        response("200 OK", &[], &format!("{{\"resource\":\"http://{}/mcp\"}}", seen.all("host")[0]))
    });
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let mut readers: Vec<_> = (0..50).map(|_| gateway.connect()).collect();
    for reader in &mut readers {
        reader.send_request("GET", &format!("{WELL_KNOWN}/a/mcp"), &[], b"");
    }
    // Open for as many as might come, so that a second fetch would show and not hang.
    (0..50).for_each(|_| gate.open());
    for reader in &mut readers {
        assert_eq!(reader.response("GET").status, 200);
    }
    let targets: Vec<_> = upstream.seen().iter().map(|seen| seen.target().to_string()).collect();
    assert_eq!(targets, ["/mcp", "/mcp", &format!("{WELL_KNOWN}/mcp")]);
}

#[test]
fn the_last_good_copy_serves_while_the_upstream_fails() {
    let (upstream, gateway) = parts();
    let document = format!("{WELL_KNOWN}/mcp");
    for failing in ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"] {
        upstream.answer(&document, response(failing, &[], ""));
        be_challenged(&gateway);
        assert_eq!(version(&metadata(&gateway)), 1, "{failing}");
    }
    upstream.answer(&document, Vec::new());
    be_challenged(&gateway);
    assert_eq!(version(&metadata(&gateway)), 1, "a connection that breaks off");
    say(&upstream, 2);
    be_challenged(&gateway);
    assert_eq!(version(&metadata(&gateway)), 2, "and it recovers");
}

#[test]
fn the_last_good_copy_serves_while_the_upstream_does_not_answer() {
    let (gate, gated) = Gate::new();
    let upstream = Upstream::start(move |seen| {
        if seen.target() == "/mcp" {
            return response("401 Unauthorized", &["WWW-Authenticate: Bearer"], "");
        }
        pass(&gated);
        response(
            "200 OK",
            &[],
            &format!("{{\"resource\":\"http://{}/mcp\",\"version\":1}}", seen.all("host")[0]),
        )
    });
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    gate.open();
    assert_eq!(version(&metadata(&gateway)), 1);
    be_challenged(&gateway);
    assert_eq!(version(&metadata(&gateway)), 1, "the gate is shut");
}

#[test]
fn the_last_good_copy_never_serves_for_a_challenge_that_names_another_url() {
    let (upstream, gateway) = parts();
    upstream.challenge("/mcp", "Bearer resource_metadata=\"{up}/other.json\"");
    upstream.answer("/other.json", response("503 Service Unavailable", &[], ""));
    be_challenged(&gateway);
    assert_eq!(metadata(&gateway).reason(), "upstream_metadata_unreachable");
}

#[test]
fn what_turns_invalid_foreign_or_absent_is_forgotten() {
    for (answer, status, reason) in [
        (response("200 OK", &[], "<html>"), 502, "upstream_metadata_invalid"),
        (
            response("200 OK", &[], "{\"resource\":\"https://evil.example\"}"),
            502,
            "upstream_resource_mismatch",
        ),
        (response("404 Not Found", &[], ""), 404, "upstream_has_no_metadata"),
    ] {
        let (upstream, gateway) = parts();
        let document = format!("{WELL_KNOWN}/mcp");
        upstream.answer(&document, answer);
        be_challenged(&gateway);
        let given = metadata(&gateway);
        assert_eq!((given.status, given.reason().as_str()), (status, reason));
        upstream.answer(&document, response("503 Service Unavailable", &[], ""));
        be_challenged(&gateway);
        assert_eq!(metadata(&gateway).reason(), "upstream_metadata_unreachable", "nothing is left to serve");
    }
}

#[test]
fn an_upstream_that_cannot_be_reached_has_no_made_up_document() {
    let endpoint = format!("http://{}/mcp", nobody::address());
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &endpoint)));
    let answer = metadata(&gateway);
    assert_eq!((answer.status, answer.reason().as_str()), (502, "upstream_metadata_unreachable"));
    assert!(!answer.text().contains(&endpoint), "the endpoint is nobody's business");
}
