//! Answers of HTTP/1.1, in order and not.

use tollgate_protocol::http1::answer::{Answer, Broken, Fault, HEAD_BYTES_MAX};

fn watched(bytes: impl AsRef<[u8]>) -> Result<(), Broken> {
    Answer::to(false).push(bytes.as_ref())
}

fn fault(bytes: impl AsRef<[u8]>) -> Option<Fault> {
    watched(bytes).err().map(|broken| broken.fault)
}

/// What only passes where an answer was over.
const NONSENSE: &str = "non\n sense\n";

fn with_fields(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

#[test]
fn answers_in_order_pass_and_end_where_they_end() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na\n\r\0b",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ncontent-length:5\r\n\r\nhello",
        "HTTP/1.1 200 \r\nContent-Length: \t5 \r\n\r\nhello",
        "HTTP/1.1 200\r\nContent-Length : 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5, 05\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX:\r\nX: a:b \u{e9}\r\nContent-Length: 1\r\n\r\n\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nh\nllo\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nh\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 \r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\neverything\nuntil the end",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        assert_eq!(watched(answer), Ok(()), "{answer:?}");
        assert_eq!(watched([answer, NONSENSE].concat()), Ok(()), "{answer:?}");
    }
}

#[test]
fn an_answer_to_head_has_no_body_whatever_it_says() {
    for fields in ["Content-Length: 99\r\n", "Transfer-Encoding: chunked\r\n", ""] {
        let answer = with_fields(fields) + NONSENSE;
        assert_eq!(Answer::to(true).push(answer.as_bytes()), Ok(()), "{fields:?}");
    }
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n".to_string() + &with_fields("Content-Length: 99\r\n");
    assert_eq!(Answer::to(true).push((interim + NONSENSE).as_bytes()), Ok(()));
}

#[test]
fn what_arrives_for_no_request_is_not_looked_at() {
    assert_eq!(Answer::default().push(NONSENSE.as_bytes()), Ok(()));
}

#[test]
fn a_line_of_a_head_ends_in_cr_lf_and_holds_neither() {
    for fields in [
        "X: a\nX-Injected: 1\r\n",
        "X: a\rX-Injected: 1\r\n",
        "X: a\r\r\n",
        "X: a\n\r\n",
        "X: a\0b\r\n",
        "\0X: a\r\n",
        "\n",
    ] {
        assert_eq!(fault(with_fields(fields)), Some(Fault::Line), "{fields:?}");
    }
    for answer in ["HTTP/1.1 200 OK\nX: y\n\n", "HTTP/1.1 200 OK\r\n\n", "HTTP/1.1 200 O\0K\r\n\r\n", "\n"] {
        assert_eq!(fault(answer), Some(Fault::Line), "{answer:?}");
    }
}

#[test]
fn a_line_of_a_head_is_not_folded() {
    for fields in ["X: a\r\n b\r\n", "X: a\r\n\tb\r\n", " X: a\r\n", " \r\n"] {
        assert_eq!(fault(with_fields(fields)), Some(Fault::Folded), "{fields:?}");
    }
}

#[test]
fn an_answer_begins_with_a_version_and_a_status() {
    for line in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 20x OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.2 200 OK",
        "HTTP/2 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        "200 OK",
        "Content-Length: 5",
    ] {
        assert_eq!(fault(format!("{line}\r\n\r\n")), Some(Fault::StatusLine), "{line:?}");
    }
    let interim = "HTTP/1.1 100 Continue\r\n\r\n\r\n";
    assert_eq!(fault(interim), Some(Fault::StatusLine), "no body, and no line between");
}

#[test]
fn a_head_says_where_its_body_ends() {
    let long = format!("Content-Length: {}5\r\n", " ".repeat(2000));
    for fields in [
        "Content-Length: +5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: \r\n",
        "Content-Length: 5,\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: x\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
        "Transfer-Encoding : \u{b}chunked\r\n",
        long.as_str(),
    ] {
        assert_eq!(fault(with_fields(fields)), Some(Fault::Length), "{fields:?}");
    }
}

#[test]
fn a_head_is_refused_at_the_byte_it_is_too_large_by_however_it_arrives() {
    let frame = with_fields("Content-Length: 0\r\nX: \r\n").len();
    let many = "A: b\r\n".repeat(5000);
    for (before, left) in [("", HEAD_BYTES_MAX), (many.as_str(), HEAD_BYTES_MAX - many.len())] {
        let answer = |room: usize| {
            with_fields(&format!("{before}X: {}\r\nContent-Length: 0\r\n", "x".repeat(room - frame)))
        };
        let interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(3000);
        assert_eq!(fault(interim + &answer(left)), None, "each head counts by itself");
        assert_eq!(fault(answer(left + 1)), Some(Fault::TooLarge));
        for size in [1, 7, 4096] {
            let whole = answer(left + 1);
            let mut watched = Answer::to(false);
            let mut pieces = whole.as_bytes().chunks(size);
            let broken = pieces.find_map(|piece| watched.push(piece).err());
            assert_eq!(broken.map(|broken| broken.fault), Some(Fault::TooLarge), "in pieces of {size}");
            assert_eq!(pieces.len(), 0, "at the last byte");
        }
    }
}

#[test]
fn a_chunk_is_in_its_form() {
    for body in
        ["\r\n", "x\r\n", "-5\r\n", "5\nhello\r\n", "5\r\nhello\n", "5\r\nhello!!\r\n", "0\r\nX : y\r\n"]
    {
        let answer = with_fields("Transfer-Encoding: chunked\r\n") + body;
        assert_eq!(fault(&answer), Some(Fault::Chunk), "{body:?}");
    }
}

#[test]
fn what_comes_before_a_fault_is_sound_and_after_it_nothing_is_looked_at() {
    let head = with_fields("Transfer-Encoding: chunked\r\n");
    let mut answer = Answer::to(false);
    let sound = head.clone() + "5\r\nhello";
    let broken = Broken { fault: Fault::Chunk, sound: sound.len() };
    assert_eq!(answer.push((sound + "\nmore").as_bytes()), Err(broken));
    assert_eq!(answer.push(NONSENSE.as_bytes()), Ok(()));

    let mut answer = Answer::to(false);
    assert_eq!(answer.push(b"HTTP/1.1 200 OK\r\nX: a"), Ok(()));
    assert_eq!(answer.push(b"b\n"), Err(Broken { fault: Fault::Line, sound: 0 }), "its line began before");
}

#[test]
fn long_lines_pass() {
    let line = format!("X: {}\r\n", "x".repeat(60_000));
    let answer = with_fields(&(line + "Content-Length: 1\r\n")) + "\n" + NONSENSE;
    assert_eq!(watched(&answer), Ok(()));
    let mut answer_in_pieces = Answer::to(false);
    assert!(answer.as_bytes().chunks(7).all(|piece| answer_in_pieces.push(piece).is_ok()));
}
