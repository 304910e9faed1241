//! The event stream format, as far as it can hide or delay an announcement.

use crate::support::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate_protocol::sse::{EndpointEvent, MAX_EVENT, SseError};

fn mapped(stream: &str) -> Result<String, SseError> {
    let whole = streamed(stream.as_bytes(), stream.len())?.0;
    assert_eq!(streamed(stream.as_bytes(), 1)?.0, whole, "cut into bytes: {stream:?}");
    Ok(String::from_utf8(whole).unwrap())
}

fn endpoint() -> EndpointEvent {
    EndpointEvent::new(&mount(), "https://gw.example", &url("https://up.example/sse"))
}

#[test]
fn the_forms_of_the_event_format_are_understood_and_kept() {
    for (stream, expected) in [
        ("\u{feff}event: endpoint\ndata: /mcp/m\n\n", "\u{feff}event: endpoint\ndata: /a/mcp/m\n\n"),
        ("\u{feff}data: /mcp/m\nevent: endpoint\n\n", "\u{feff}data: /a/mcp/m\nevent: endpoint\n\n"),
        (
            ": hello\n\n:\nevent: endpoint\n: x\ndata: /mcp/m\n\n",
            ": hello\n\n:\nevent: endpoint\n: x\ndata: /a/mcp/m\n\n",
        ),
        ("\n\r\revent: endpoint\ndata: /mcp/m\n\n", "\n\r\revent: endpoint\ndata: /a/mcp/m\n\n"),
        (
            "id: 1\nretry: 5\nevent: endpoint\ndata: /mcp/m \nid\n\n",
            "id: 1\nretry: 5\nevent: endpoint\ndata: /a/mcp/m\nid\n\n",
        ),
        (
            "event: message\nevent: endpoint\ndata: /mcp/m\n\n",
            "event: message\nevent: endpoint\ndata: /a/mcp/m\n\n",
        ),
        (
            "event: endpoint\r\ndata: /mcp/m?a\r\ndata: =1\r\ndata\r\n\r\n",
            "event: endpoint\r\ndata: /a/mcp/m?a=1\r\n\r\n",
        ),
        ("event: endpoint\ndata: /mcp/\nid: 7\rdata: m\n\n", "event: endpoint\ndata: /a/mcp/m\nid: 7\n\n"),
        ("data\nevent: endpoint\ndata: /mcp/m\nid: 7\n\n", "data:/a/mcp/m\nevent: endpoint\nid: 7\n\n"),
    ] {
        assert_eq!(mapped(stream).unwrap(), expected);
    }
}

#[test]
fn events_that_only_resemble_an_announcement_pass() {
    for stream in [
        "event: endpoint\n\nevent: message\ndata: https://up.example/x\n\n",
        "event:  endpoint\ndata: /mcp/m\n\n",
        "Event: endpoint\ndata: /mcp/m\n\n",
        "event: endpoint \ndata: /mcp/m\n\n",
        "event: endpoint\nevent: message\ndata: /mcp/m\n\n",
        "event: endpoint\nevent\ndata: /mcp/m\n\n",
        " event: endpoint\ndata: /mcp/m\n\n",
        ": event: endpoint\ndata: /mcp/m\n\n",
        "data: /mcp/m\n\nevent: endpoint\n\n",
    ] {
        assert_eq!(mapped(stream).unwrap(), stream);
    }
}

#[test]
fn comments_between_events_are_not_held_back() {
    let mut endpoint = endpoint();
    assert_eq!(&*endpoint.push(b": keep-alive\r").unwrap(), b": keep-alive\r");
    assert_eq!(&*endpoint.push(b"\n\r\nevent: endpoint\n").unwrap(), b"\n\r\n");
    assert_eq!(&*endpoint.push(b": inside\ndata: /mcp/m\n").unwrap(), b"");
    assert_eq!(&*endpoint.push(b"\nrest").unwrap(), b"event: endpoint\n: inside\ndata: /a/mcp/m\n\nrest");
}

#[test]
fn once_announced_chunks_are_not_even_copied() {
    let mut endpoint = endpoint();
    assert!(!endpoint.done());
    endpoint.push(b"event: endpoint\ndata: /mcp/m\n\n").unwrap();
    assert!(endpoint.done());
    assert!(matches!(
        endpoint.push(b"event: endpoint\n"),
        Ok(std::borrow::Cow::Borrowed(b"event: endpoint\n"))
    ));
    assert!(endpoint.finish().is_empty());
}

#[test]
fn whole_events_that_are_no_announcement_are_not_even_copied() {
    let mut endpoint = endpoint();
    for chunk in ["data: x\n\n", ": a comment\r\n\r\n", "id: 1\ndata: y\n\ndata: z\n\n"] {
        assert_eq!(endpoint.push(chunk.as_bytes()), Ok(std::borrow::Cow::Borrowed(chunk.as_bytes())));
        assert!(matches!(endpoint.push(chunk.as_bytes()), Ok(std::borrow::Cow::Borrowed(_))), "{chunk:?}");
    }
    assert_eq!(&*endpoint.push(b"event: endpoint\n").unwrap(), b"");
    assert_eq!(&*endpoint.push(b"data: /mcp/m\n\n").unwrap(), b"event: endpoint\ndata: /a/mcp/m\n\n");
}

proptest! {
    #[test]
    fn it_makes_no_difference_where_events_are_cut(
        pieces in vec(select(&PIECES), 0..12),
        cuts in vec(0..80usize, 0..6),
    ) {
        let stream = pieces.concat();
        let bytes = streamed(stream.as_bytes(), 1).map(|(out, endpoint)| (out, endpoint.announced().cloned()));
        let mut endpoint = endpoint();
        let (mut rest, mut out, mut result) = (stream.as_bytes(), Vec::new(), Ok(()));
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let (chunk, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            result = result.and(endpoint.push(chunk).map(|passed| out.extend_from_slice(&passed)));
        }
        out.extend(endpoint.finish());
        prop_assert_eq!(result.map(|()| (out, endpoint.announced().cloned())), bytes, "{:?}", stream);
    }
}

/// What streams are made of, whole events and parts of them.
const PIECES: [&str; 12] = [
    "data: x\n\n",
    "data: x\r\n\r\n",
    "event: endpoint\n",
    "event: endpoint\r",
    "data: /mcp/m\n\n",
    "data: /mcp/m\r\r",
    "event: endpoint\ndata: /mcp/m\n\n",
    ": a comment\n\n",
    "\n",
    "\r",
    "\u{feff}",
    "data: half",
];

#[test]
fn what_is_held_is_bounded() {
    let fits = format!("event: endpoint\ndata: /mcp/{}", "m".repeat(MAX_EVENT - 50));
    let over_the_limit_for_urls = format!("{fits}\n\n");
    assert_eq!(mapped(&over_the_limit_for_urls), Err(SseError::InvalidEndpoint));
    let padded = format!("event: endpoint\ndata: /mcp/m\n:{}\n\n", " ".repeat(MAX_EVENT - 100));
    assert!(mapped(&padded).unwrap().contains("/a/mcp/m\n"));
    let hidden = format!("event: endpoint\n{padding}\n\n", padding = ":".repeat(MAX_EVENT));
    assert_eq!(mapped(&hidden), Err(SseError::TooLong));
}

#[test]
fn a_long_event_of_the_current_transport_passes_while_it_comes() {
    let long = "x".repeat(2 * MAX_EVENT);
    for stream in [
        format!("event: message\r\ndata: {long}\r\n\r\nevent: message\r\ndata: y\r\n\r\n"),
        format!("data: {long}\nid: 1\nevent: message\nevent: endpoints\n\ndata: y\n\n"),
        format!(":{long}"),
        format!("\u{feff}{long}\r\r"),
        "data: x\n".repeat(MAX_EVENT),
    ] {
        assert_eq!(mapped(&stream).as_ref(), Ok(&stream));
    }
    let mut endpoint = endpoint();
    let chunk = format!("data: {long}");
    assert_eq!(endpoint.push(chunk.as_bytes()).unwrap().len(), chunk.len());
}

#[test]
fn an_announcement_after_or_hidden_in_a_long_event_does_not_slip_by() {
    let long = "x".repeat(MAX_EVENT);
    for end in ["\n", "\r", "\r\n"] {
        let after = format!("data: {long}{end}{end}event: endpoint{end}data: /mcp/m{end}{end}");
        assert_eq!(mapped(&after), Ok(after.replace("/mcp", "/a/mcp")));
        for hidden in ["event: endpoint", "event:endpoint"] {
            let stream = format!("data: https://up.example/m{end}: {long}{end}{hidden}{end}{end}");
            assert_eq!(mapped(&stream), Err(SseError::TooLong), "{hidden}");
        }
    }
    let mut endpoint = endpoint();
    endpoint.push(format!("data: {long}").as_bytes()).unwrap();
    endpoint.push(b"x\n\n").unwrap();
    assert_eq!(
        &*endpoint.push(b"event: endpoint\ndata: /mcp/m\n\n").unwrap(),
        b"event: endpoint\ndata: /a/mcp/m\n\n"
    );
    let unfinished = format!("data: {long}\nevent: endpoint");
    assert_eq!(mapped(&unfinished), Ok(format!("data: {long}\n")));
}

#[test]
fn the_limit_falls_anywhere_in_an_event_without_a_byte_changing() {
    for missing in 0..40 {
        let padding = ":".repeat(MAX_EVENT - missing);
        let stream = format!(
            "id: 1\r\n{padding}\r\nevent: message\r\ndata: x\r\n\r\nevent: endpoint\ndata: /mcp/m\n\n"
        );
        assert_eq!(mapped(&stream), Ok(stream.replace("/mcp", "/a/mcp")), "{missing}");
        let hidden = stream.replace("message", "endpoint");
        // The blank line's CR is byte 36 behind the padding.
        assert_eq!(mapped(&hidden).is_err(), missing < 36, "{missing}");
    }
}

#[test]
fn an_unfinished_announcement_is_not_passed_at_the_end() {
    for stream in
        ["event: endpoint\ndata: https://up.example/m\n", "data: https://up.example/m\nevent: endpoint"]
    {
        assert_eq!(mapped(stream).unwrap(), "");
    }
    assert_eq!(mapped("data: x\nevent: mess").unwrap(), "data: x\nevent: mess");
}
