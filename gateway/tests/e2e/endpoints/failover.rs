//! A request whose endpoint fails goes to another one, unless it may have been carried out.

use std::io::Write;

use super::{asked, endpoint, fleet, named, nobody};
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

fn dead() -> String {
    format!("\"http://{}/mcp\"", nobody::address())
}

/// Closes the connection after these bytes.
fn breaks_off(after: &'static [u8]) -> Upstream {
    Upstream::with_stream(move |_, stream| {
        let _ = stream.write_all(after);
        false
    })
}

const NO_RETRIES: &str = "upstream: { retry_budget: { percent: 0, min_per_second: 0 } }";

#[test]
fn a_message_whose_endpoint_takes_no_connection_goes_to_another() {
    let works = named("works");
    let mut gateway = Tollgate::start(&fleet(&[dead(), endpoint(&works, "")], ""));
    assert!((0..6).all(|_| asked(&gateway) == "works"));
    assert_eq!(gateway.access_line("/a/mcp")["endpoints_tried"], 2);
}

#[test]
fn a_message_that_may_have_been_read_is_never_sent_again() {
    for bytes in [&b""[..], b"HTTP/1.1 2"] {
        let (bad, works) = (breaks_off(bytes), named("works"));
        let gateway = Tollgate::start(&fleet(&[endpoint(&bad, ""), endpoint(&works, "")], ""));
        assert_eq!(asked(&gateway), "upstream_failed");
        assert_eq!((bad.seen().len(), works.seen().len()), (1, 0));
    }
}

#[test]
fn a_request_that_may_be_repeated_goes_to_another_endpoint_until_an_answer_has_begun() {
    let (bad, works) = (breaks_off(b""), named("works"));
    let gateway = Tollgate::start(&fleet(&[endpoint(&bad, ""), endpoint(&works, "")], ""));
    assert_eq!(gateway.get("/a/mcp").text(), "works");
    assert_eq!((bad.seen().len(), works.seen().len()), (1, 1));

    let (half, works) = (breaks_off(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), named("works"));
    let gateway = Tollgate::start(&fleet(&[endpoint(&half, ""), endpoint(&works, "")], ""));
    let mut client = gateway.connect();
    client.send_request("GET", "/a/mcp", &[], b"");
    assert!(client.rest().ends_with(b"half"));
    assert!(works.seen().is_empty());
}

#[test]
fn an_answer_with_an_error_is_relayed_and_never_retried() {
    let (sick, works) =
        (Upstream::start(|_| response("503 Service Unavailable", &[], "sick")), named("works"));
    let gateway = Tollgate::start(&fleet(&[endpoint(&sick, ""), endpoint(&works, "")], ""));
    let answer = gateway.get("/a/mcp");
    assert_eq!((answer.status, answer.text()), (503, "sick"));
    assert!(works.seen().is_empty());
}

#[test]
fn without_a_budget_nothing_is_sent_again() {
    let works = named("works");
    let gateway = Tollgate::start(&fleet(&[dead(), endpoint(&works, "")], NO_RETRIES));
    assert_eq!(asked(&gateway), "upstream_unreachable");
}

#[test]
fn a_share_of_the_requests_may_be_sent_again() {
    let keys = "upstream: { retry_budget: { percent: 50, min_per_second: 0 }, outlier_detection: { consecutive_failures: 100 } }";
    let works = named("works");
    let gateway = Tollgate::start(&fleet(&[dead(), endpoint(&works, "")], keys));
    let answers: Vec<_> = (0..16).map(|_| asked(&gateway)).collect();
    // Every other request meets the dead endpoint first: with half a retry for each request all but the first of
    // them can be sent again.
    assert_eq!(answers.iter().filter(|answer| *answer == "upstream_unreachable").count(), 1, "{answers:?}");
}

#[test]
fn a_few_requests_a_second_may_be_sent_again_whatever_the_share() {
    let keys = "upstream: { retry_budget: { percent: 0, min_per_second: 1000 } }";
    let works = named("works");
    let gateway = Tollgate::start(&fleet(&[dead(), endpoint(&works, "")], keys));
    assert_eq!(asked(&gateway), "works");
}
