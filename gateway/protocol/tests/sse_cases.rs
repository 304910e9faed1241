//! Cases 60 to 62: the `endpoint` event of the legacy transport.

use crate::support::*;
use tollgate_protocol::sse::{Announced, SseError};

/// The stream as the client gets it, the same for every chunk size.
fn mapped(stream: &str) -> Result<String, SseError> {
    let whole = streamed(stream.as_bytes(), stream.len())?.0;
    for size in 1..stream.len() {
        assert_eq!(streamed(stream.as_bytes(), size)?.0, whole, "chunks of {size} bytes");
    }
    Ok(String::from_utf8(whole).unwrap())
}

#[test]
fn case_60_an_absolute_url_is_mapped_with_its_query_and_line_ends_however_it_is_cut() {
    assert_eq!(
        mapped("event: endpoint\r\ndata: https://up.example/mcp/messages?s=1\r\n\r\n").unwrap(),
        "event: endpoint\r\ndata: https://gw.example/a/mcp/messages?s=1\r\n\r\n"
    );
    assert_eq!(
        mapped("event: endpoint\r\ndata: https://up.example/messages?s=1\r\n\r\n").unwrap(),
        "event: endpoint\r\ndata: https://gw.example/a/mcp/.upstream/messages?s=1\r\n\r\n"
    );
}

#[test]
fn case_61_a_path_stays_a_path_whatever_the_order_of_the_lines() {
    for (stream, expected) in [
        (
            "event: endpoint\ndata: /messages?s=1\n\n",
            "event: endpoint\ndata: /a/mcp/.upstream/messages?s=1\n\n",
        ),
        ("data:/mcp/m\nevent:endpoint\n\n", "data:/a/mcp/m\nevent:endpoint\n\n"),
        ("data: messages\revent: endpoint\r\r", "data: /a/mcp/.upstream/messages\revent: endpoint\r\r"),
    ] {
        assert_eq!(mapped(stream).unwrap(), expected);
    }
}

#[test]
fn case_61_only_the_first_endpoint_event_is_touched() {
    let first = "event: endpoint\ndata: /mcp/m\n\n";
    let later = "event: message\ndata: event: endpoint\ndata: https://up.example/x\n\nevent: endpoint\ndata: /mcp/n\n\n";
    assert_eq!(
        mapped(&format!("{first}{later}")).unwrap(),
        format!("event: endpoint\ndata: /a/mcp/m\n\n{later}")
    );
    let before = "event: message\ndata: event: endpoint\n\n";
    assert_eq!(
        mapped(&format!("{before}{first}")).unwrap(),
        format!("{before}event: endpoint\ndata: /a/mcp/m\n\n")
    );
}

#[test]
fn case_62_an_endpoint_elsewhere_ends_the_stream() {
    for (data, error) in [
        ("https://evil.example/messages", SseError::ForeignEndpoint),
        ("//evil.example/messages", SseError::ForeignEndpoint),
        ("http://up.example/messages", SseError::ForeignEndpoint),
        ("https://up.example:8443/messages", SseError::ForeignEndpoint),
        ("https://gw.example/b/mcp/messages", SseError::ForeignEndpoint),
        ("https://up.example@evil.example/", SseError::InvalidEndpoint),
        ("javascript:alert(1)", SseError::InvalidEndpoint),
        ("/messages#x", SseError::InvalidEndpoint),
        ("/mes sages", SseError::InvalidEndpoint),
        ("", SseError::InvalidEndpoint),
    ] {
        let stream = format!("event: endpoint\ndata: {data}\n\n");
        assert_eq!(mapped(&stream).unwrap_err(), error, "{data}");
    }
}

#[test]
fn what_was_announced_is_known_on_both_sides() {
    let announced = |data: &str| {
        let stream = format!("event: endpoint\ndata: {data}\n\n");
        streamed(stream.as_bytes(), 7).unwrap().1.announced().cloned()
    };
    for (data, public, upstream) in [
        ("/messages?s=1", "/a/mcp/.upstream/messages?s=1", "/messages?s=1"),
        ("https://up.example/mcp/m?s=1", "/a/mcp/m?s=1", "/mcp/m?s=1"),
        ("https://gw.example/a/mcp/m?s=1", "/a/mcp/m?s=1", "/mcp/m?s=1"),
        ("https://gw.example/a/mcp/.upstream/m?s=1", "/a/mcp/.upstream/m?s=1", "/m?s=1"),
    ] {
        let expected = Announced { public: public.to_owned(), upstream: upstream.to_owned() };
        assert_eq!(announced(data), Some(expected), "{data}");
    }
}
