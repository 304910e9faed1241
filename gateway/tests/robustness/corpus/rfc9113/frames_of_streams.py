"""§6.1 to §6.4, §6.6 and §6.10: DATA, HEADERS, PRIORITY, RST_STREAM, PUSH_PROMISE and CONTINUATION."""

from harness.http2 import frames as f

from .case import Case, Peer, answers, breaks, case, ends, lives

PADDED_BLOCK = f.END_STREAM | f.END_HEADERS | f.PADDED
PRIORITY_FIELDS = b"\0\0\0\0\x0f"


def padded(content: bytes, padding: int) -> bytes:
    return bytes((padding,)) + content + bytes(padding)


def interim(peer: Peer, flags: int, payload: bytes) -> bytes:
    return peer.opening(1) + f.frame(f.DATA, flags, 1, payload)


def answered_whatever_the_content(peer: Peer) -> None:
    """§8.1: a server may answer before it has the whole request, and then ask for no more with NO_ERROR."""
    peer.send(f.headers(1, peer.head(b"POST"), f.END_HEADERS) + f.data(1, b"x", 0))
    answers(1)(peer)


CASES = [
    case("6.1", "DATA on stream 0", lambda p: f.data(0, b"x"), ends(f.PROTOCOL_ERROR)),
    case("6.1", "DATA with padding", lambda p: interim(p, f.PADDED, padded(b"hello", 10)), lives),
    case("6.1", "DATA of padding alone", lambda p: interim(p, f.PADDED, padded(b"", 255)), lives),
    case("6.1", "padding as long as DATA", lambda p: interim(p, f.PADDED, b"\6hello"), ends(f.PROTOCOL_ERROR)),
    case("6.1", "padding longer than DATA", lambda p: interim(p, f.PADDED, b"\xffhello"), ends(f.PROTOCOL_ERROR)),
    case(
        "6.1",
        "padded DATA without a length",
        lambda p: interim(p, f.PADDED, b""),
        ends(f.PROTOCOL_ERROR, f.FRAME_SIZE_ERROR),
    ),
    case(
        "6.1",
        "DATA after the end of the stream",
        lambda p: p.opening(1) + f.data(1, b"x") + f.data(1, b"y"),
        breaks(1, f.STREAM_CLOSED),
    ),
    Case("8.1", "an answer before the whole request has come", answered_whatever_the_content),
    case("6.2", "HEADERS on stream 0", lambda p: f.headers(0, p.head()), ends(f.PROTOCOL_ERROR)),
    case("6.2", "HEADERS with padding", lambda p: f.headers(1, padded(p.head(), 50), PADDED_BLOCK), answers(1)),
    case(
        "6.2",
        "HEADERS with priority",
        lambda p: f.headers(1, PRIORITY_FIELDS + p.head(), f.END_STREAM | f.END_HEADERS | f.HAS_PRIORITY),
        answers(1),
    ),
    case(
        "6.2",
        "HEADERS with padding and priority",
        lambda p: f.headers(1, padded(PRIORITY_FIELDS + p.head(), 9), PADDED_BLOCK | f.HAS_PRIORITY),
        answers(1),
    ),
    case(
        "6.2",
        "padding longer than HEADERS",
        lambda p: f.headers(1, b"\xff" + p.head(), PADDED_BLOCK),
        ends(f.PROTOCOL_ERROR),
    ),
    case(
        "6.2",
        "padded HEADERS without a length",
        lambda p: f.headers(1, b"", PADDED_BLOCK),
        ends(f.PROTOCOL_ERROR, f.FRAME_SIZE_ERROR),
    ),
    case(
        "6.2",
        "HEADERS too short for their priority",
        lambda p: f.headers(1, b"\0\0", f.END_STREAM | f.END_HEADERS | f.HAS_PRIORITY),
        ends(f.FRAME_SIZE_ERROR, f.PROTOCOL_ERROR),
    ),
    case(
        "6.2",
        "HEADERS that depend on another stream",
        lambda p: f.headers(1, b"\x80\0\0\x63\xff" + p.head(), f.END_STREAM | f.END_HEADERS | f.HAS_PRIORITY),
        answers(1),
    ),
    case("6.3", "PRIORITY on stream 0", lambda p: f.priority(0, 1), ends(f.PROTOCOL_ERROR)),
    case(
        "6.3",
        "PRIORITY of 4 bytes",
        lambda p: p.waiting(1) + f.frame(f.PRIORITY, 0, 1, bytes(4)),
        breaks(1, f.FRAME_SIZE_ERROR),
    ),
    case(
        "6.3",
        "PRIORITY of 6 bytes",
        lambda p: p.waiting(1) + f.frame(f.PRIORITY, 0, 1, bytes(6)),
        breaks(1, f.FRAME_SIZE_ERROR),
    ),
    case("6.3", "PRIORITY in circles", lambda p: f.priority(3, 5) + f.priority(5, 3) + p.request(7), answers(7)),
    case("6.4", "RST_STREAM on stream 0", lambda p: f.reset(0), ends(f.PROTOCOL_ERROR)),
    case(
        "6.4",
        "RST_STREAM of 3 bytes",
        lambda p: p.opening(1) + f.frame(f.RST_STREAM, 0, 1, bytes(3)),
        ends(f.FRAME_SIZE_ERROR),
    ),
    case(
        "6.4",
        "RST_STREAM of 5 bytes",
        lambda p: p.opening(1) + f.frame(f.RST_STREAM, 0, 1, bytes(5)),
        ends(f.FRAME_SIZE_ERROR),
    ),
    case("7", "RST_STREAM with an unknown code", lambda p: p.opening(1) + f.reset(1, 0xBAD) + p.request(3), answers(3)),
    case(
        "6.6",
        "PUSH_PROMISE of a client",
        lambda p: p.opening(1) + f.frame(f.PUSH_PROMISE, f.END_HEADERS, 1, b"\0\0\0\2" + p.head()),
        ends(f.PROTOCOL_ERROR),
    ),
    case(
        "6.6",
        "PUSH_PROMISE on stream 0",
        lambda p: f.frame(f.PUSH_PROMISE, f.END_HEADERS, 0, b"\0\0\0\2" + p.head()),
        ends(f.PROTOCOL_ERROR),
    ),
    case("6.10", "several CONTINUATIONs", lambda p: f.in_pieces(1, p.head(), size=20), answers(1)),
    case(
        "6.10",
        "an empty CONTINUATION",
        lambda p: f.headers(1, p.head(), f.END_STREAM) + f.frame(f.CONTINUATION, f.END_HEADERS, 1),
        answers(1),
    ),
    case(
        "6.10",
        "an empty HEADERS, then all in a CONTINUATION",
        lambda p: f.headers(1, b"", f.END_STREAM) + f.frame(f.CONTINUATION, f.END_HEADERS, 1, p.head()),
        answers(1),
    ),
    case(
        "6.10",
        "CONTINUATION on stream 0",
        lambda p: f.headers(1, p.head(), f.END_STREAM) + f.frame(f.CONTINUATION, f.END_HEADERS, 0),
        ends(f.PROTOCOL_ERROR),
    ),
    case(
        "6.10",
        "CONTINUATION after END_HEADERS",
        lambda p: p.opening(1) + f.frame(f.CONTINUATION, f.END_HEADERS, 1),
        ends(f.PROTOCOL_ERROR),
    ),
    case(
        "6.10",
        "CONTINUATION after one with END_HEADERS",
        lambda p: f.in_pieces(1, p.head(), size=30) + f.frame(f.CONTINUATION, f.END_HEADERS, 1),
        ends(f.PROTOCOL_ERROR),
    ),
    case(
        "6.10",
        "CONTINUATION after DATA",
        lambda p: p.opening(1) + f.data(1, b"x", 0) + f.frame(f.CONTINUATION, f.END_HEADERS, 1),
        ends(f.PROTOCOL_ERROR),
    ),
]
