//! Lists in streams: which events are read, what an edited one looks like, and what is held back.

use tollgate_protocol::envelope::EnvelopeError;
use tollgate_protocol::lists::{Events, Item, ListError};

const LIMIT: usize = 400;

fn streamed(stream: &[u8], cuts: &[usize]) -> Result<Vec<u8>, ListError> {
    let mut events = Events::new(LIMIT);
    let (mut out, mut from) = (Vec::new(), 0);
    for end in cuts.iter().copied().chain([stream.len()]) {
        out.extend(events.push(&stream[from..end], &mut without_x)?);
        from = end;
    }
    Ok(out)
}

fn without_x(item: &Item<'_>) -> bool {
    !item.listed.name().starts_with('x')
}

/// What of the stream passes, the same wherever it is cut.
fn passed(stream: &str) -> Result<String, ListError> {
    let whole = streamed(stream.as_bytes(), &[]);
    for cut in 0..=stream.len() {
        assert_eq!(streamed(stream.as_bytes(), &[cut]), whole, "cut at {cut}: {stream:?}");
    }
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(streamed(stream.as_bytes(), &everywhere), whole, "cut into bytes: {stream:?}");
    whole.map(|out| String::from_utf8(out).unwrap())
}

const BEFORE: &str = r#"{"id":1,"result":{"tools":[{"name":"a"},{"name":"x"}]}}"#;
const AFTER: &str = r#"{"id":1,"result":{"tools":[{"name":"a"}]}}"#;

fn assert_edited(stream: &str) {
    assert_eq!(passed(&stream.replace('?', BEFORE)), Ok(stream.replace('?', AFTER)), "{stream:?}");
}

#[test]
fn a_message_with_a_list_is_edited_in_its_event() {
    for stream in [
        "data: ?\n\n",
        "data:?\n\n",
        "data:  ?  \n\n",
        "event: message\ndata: ?\n\n",
        "data: ?\nevent: message\n\n",
        "event: endpoint\nevent:\ndata: ?\n\n",
        "event\ndata: ?\n\n",
        "id: 7\r\nevent: message\r\ndata: ?\r\nretry: 5\r\n\r\n",
        "id: 7\rdata: ?\r\r",
        "id: 7\r\ndata: ?\r\n\n",
        ": a\ndata: ?\n: b\nother: x\ndata\u{e9}: y\n\n",
        "data: ?\n\ndata: {\"method\":\"m\"}\n\ndata: ?\n\n",
        "\u{feff}data: ?\n\n",
        "\u{feff}: a\ndata: ?\n\n",
        "\n\r\n\rdata: ?\n\n",
    ] {
        assert_edited(stream);
    }
}

#[test]
fn a_message_on_several_lines_stays_on_several_lines() {
    for (stream, expected) in [
        (
            "data: {\"result\":\ndata: {\"tools\":[{\"name\":\"x\"},\ndata:  {\"name\":\"a\"}\ndata: ]}}\n\n",
            "data: {\"result\":\ndata: {\"tools\":[{\"name\":\"a\"}\ndata: ]}}\n\n",
        ),
        (
            "id: 1\r\ndata:{\r\nretry: 5\r\ndata\r\n: c\r\ndata:\"result\":{\"tools\":[{\"name\":\"x\"}]}}\r\nid: 2\r\n\r\n",
            "id: 1\r\ndata:{\r\ndata: \r\ndata: \"result\":{\"tools\":[]}}\r\nretry: 5\r\n: c\r\nid: 2\r\n\r\n",
        ),
        (
            "data: {\"result\":\nid: 1\rdata: {\"tools\":[{\"name\":\"x\"}]}}\n\nid: 2\n\n",
            "data: {\"result\":\ndata: {\"tools\":[]}}\nid: 1\n\nid: 2\n\n",
        ),
        (
            "data\rdata: {\"result\":{\"tools\":[{\"name\":\"x\"}]}}\rdata\r\r",
            "data:\rdata: {\"result\":{\"tools\":[]}}\rdata: \r\r",
        ),
    ] {
        assert_eq!(passed(stream).as_deref(), Ok(expected));
    }
}

#[test]
fn events_that_hold_no_list_pass_byte_for_byte() {
    for stream in [
        "",
        "id: 0\ndata:\n\n",
        "id: 0\ndata: \r\ndata\r\n\r\n",
        "retry: 3000\n\n",
        "data:{\"method\":\ndata:\"m\"}\nid\n\n",
        "event: message\ndata: {\"id\":1,\"result\":{}}\n\n",
        "data: [{\"id\":1,\"result\":{\"tools\":[{\"name\":\"a\"}]}}]\n\n",
        "\u{feff}\n\n: keep-alive\n\n:\r\r\n",
    ] {
        assert_eq!(passed(stream).as_deref(), Ok(stream));
    }
}

#[test]
fn events_of_another_type_are_not_read() {
    for stream in [
        "event: endpoint\ndata: /mcp/m?s=1\n\n",
        "event: ping\ndata: {\n\n",
        "event: Message\ndata: x\n\n",
        "event:  message\ndata: x\n\n",
        "data: x\nevent: message\nevent: other\n\n",
        "\u{feff}event: endpoint\ndata: x\n\n",
    ] {
        assert_eq!(passed(stream).as_deref(), Ok(stream));
    }
}

#[test]
fn a_message_that_cannot_be_read_ends_the_stream() {
    for data in ["x", "/mcp/m", "{", "\u{feff}{}", "{}{}", "1", "[1]", r#"{"result":{"tools":null}}"#] {
        for kind in ["", "event: message\n", "event\n"] {
            let stream = format!("data: {{}}\n\n{kind}data: {data}\n\ndata: {{}}\n\n");
            assert!(passed(&stream).is_err(), "{stream}");
        }
    }
    assert!(streamed(b"data: {\"a\":\"\xff\"}\n\n", &[]).is_err());
    // Only the first line of a stream may begin with a mark.
    assert_eq!(passed("\n\u{feff}data: x\n\n").as_deref(), Ok("\n\u{feff}data: x\n\n"));
}

#[test]
fn after_an_error_nothing_passes() {
    let mut events = Events::new(LIMIT);
    let error = events.push(b"data: {}\n\ndata: 1\n\ndata: {}", &mut |_| true);
    assert_eq!(error, Err(ListError::Message(EnvelopeError::NotAMessage)));
    assert_eq!(events.push(b"\n\ndata: {}\n\n", &mut |_| true), error);
}

#[test]
fn nothing_but_the_event_that_arrives_is_held_back() {
    let mut events = Events::new(LIMIT);
    let mut push = |chunk: &[u8]| events.push(chunk, &mut without_x).unwrap();
    assert_eq!(push(b": keep-alive\r"), b": keep-alive\r");
    assert_eq!(push(b"\n\r\ndata: {}\n"), b"\n\r\n");
    assert_eq!(push(b": inside\nid: 1\r"), b"");
    assert_eq!(push(b"\r"), b"data: {}\n: inside\nid: 1\r\r");
    assert_eq!(push(b"\n: half"), b"\n");
    assert_eq!(push(b" of it\ndata: {}\r\n\r"), b": half of it\ndata: {}\r\n\r");
    assert_eq!(push(b"\ndata: {"), b"\n");
    assert_eq!(
        Events::new(LIMIT).push(b"\xef\xbb\xbf: c\nid", &mut without_x).unwrap(),
        b"\xef\xbb\xbf: c\n"
    );
}

#[test]
fn an_event_that_is_not_finished_is_dropped() {
    for (stream, expected) in [
        ("data: {}\n\ndata: {\"result\":{\"tools\":[]}}\n", "data: {}\n\n"),
        ("data: {}", ""),
        ("data: x\n: y\n", ""),
        (": y\nid: 1\n", ": y\n"),
    ] {
        assert_eq!(passed(stream).as_deref(), Ok(expected));
    }
}

#[test]
fn an_event_may_have_as_many_bytes_as_the_limit_says() {
    for (before, after) in [
        ("data: {}\n", "\n\n"),
        ("data: {}\r\n", "\r\r"),
        ("event: ping\rdata: ", "\n\n"),
        ("id: 1\nid: ", "\n\n"),
        (":", "\n"),
    ] {
        let of =
            |length: usize| format!("{before}{}{after}", "a".repeat(length - before.len() - after.len()));
        assert_eq!(passed(&of(LIMIT)), Ok(of(LIMIT)));
        assert_eq!(passed(&of(LIMIT + 1)), Err(ListError::EventTooLong), "{before:?}");
    }
    assert_eq!(passed(&"a".repeat(LIMIT)).as_deref(), Ok(""));
    assert_eq!(passed(&"a".repeat(LIMIT + 1)), Err(ListError::EventTooLong));
    let many = "data: {}\n\n".repeat(LIMIT);
    assert_eq!(streamed(many.as_bytes(), &[]).map(|out| out.len()), Ok(many.len()));
}
