"""§4: the layout and size of frames, and header blocks as a whole; §5.5: what extends the protocol is ignored."""

from harness.http2 import frames as f

from .case import answers, breaks, case, ends, lives

RESERVED = 1 << 31
LARGE = bytes(16_385)


def parted(peer, between: bytes, stream: int = 1) -> bytes:
    """A header block in two frames, with something between."""
    block = peer.head()
    first = f.headers(1, block[:10], f.END_STREAM)
    return first + between + f.frame(f.CONTINUATION, f.END_HEADERS, stream, block[10:])


def exactly_full(peer) -> bytes:
    """A request whose one HEADERS frame has the largest size."""
    head = peer.head()
    padding = b"x" * (16_384 - len(head) - len(f.literal(b"x", b"x" * 1000)) + 1000)
    block = head + f.literal(b"x", padding)
    return f.headers(1, block[:16_384])


CASES = [
    case("4.1", "a frame of unknown type", lambda p: f.frame(0x16, 0, 0, b"hello"), lives),
    case(
        "4.1",
        "a frame of unknown type on an idle stream",
        lambda p: f.frame(0xFF, 0xFF, 7, b"hello") + p.request(1),
        answers(1),
    ),
    case(
        "5.5",
        "a thousand frames of unknown types",
        lambda p: b"".join(f.frame(kind % 200 + 16, 0, 0, b"x") for kind in range(1000)),
        lives,
    ),
    case("4.1", "flags that have no meaning: PING", lambda p: f.ping(flags=0xFE), lives),
    case(
        "4.1",
        "flags that have no meaning: HEADERS",
        lambda p: f.headers(1, p.head(), f.END_STREAM | f.END_HEADERS | 0xD2 & ~f.PADDED),
        answers(1),
    ),
    case(
        "4.1",
        "flags that have no meaning: WINDOW_UPDATE",
        lambda p: f.frame(f.WINDOW_UPDATE, 0xFF, 0, b"\0\0\0\1"),
        lives,
    ),
    case("4.1", "the reserved bit of a stream number: PING", lambda p: f.frame(f.PING, 0, RESERVED, bytes(8)), lives),
    case(
        "4.1", "the reserved bit of a stream number: HEADERS", lambda p: f.headers(1 | RESERVED, p.head()), answers(1)
    ),
    case("4.2", "DATA of 16,384 bytes", lambda p: p.opening(1) + f.data(1, bytes(16_384), 0), lives),
    case("4.2", "HEADERS of 16,384 bytes", exactly_full, answers(1)),
    case("4.2", "DATA of 16,385 bytes", lambda p: p.opening(1) + f.data(1, LARGE, 0), breaks(1, f.FRAME_SIZE_ERROR)),
    case("4.2", "HEADERS of 16,385 bytes", lambda p: f.headers(1, p.head() + LARGE), ends(f.FRAME_SIZE_ERROR)),
    case(
        "4.2", "SETTINGS of 16,386 bytes", lambda p: f.frame(f.SETTINGS, 0, 0, bytes(16_386)), ends(f.FRAME_SIZE_ERROR)
    ),
    case(
        "4.2", "a frame of unknown type of 16,385 bytes", lambda p: f.frame(0x16, 0, 0, LARGE), ends(f.FRAME_SIZE_ERROR)
    ),
    case(
        "4.3", "a header block that cannot be decoded", lambda p: f.headers(1, b"\xff" * 12), ends(f.COMPRESSION_ERROR)
    ),
    case("4.3", "a header block in two frames", lambda p: parted(p, b""), answers(1)),
    case("4.3", "PRIORITY in a header block", lambda p: parted(p, f.priority(3, 0)), ends(f.PROTOCOL_ERROR)),
    case("4.3", "PING in a header block", lambda p: parted(p, f.ping()), ends(f.PROTOCOL_ERROR)),
    case("4.3", "SETTINGS in a header block", lambda p: parted(p, f.settings()), ends(f.PROTOCOL_ERROR)),
    case("4.3", "DATA in a header block", lambda p: parted(p, f.data(1, b"x")), ends(f.PROTOCOL_ERROR)),
    case("4.3", "HEADERS in a header block", lambda p: parted(p, p.request(3)), ends(f.PROTOCOL_ERROR)),
    case("4.3", "RST_STREAM in a header block", lambda p: parted(p, f.reset(1)), ends(f.PROTOCOL_ERROR)),
    case("4.3", "WINDOW_UPDATE in a header block", lambda p: parted(p, f.window_update(0, 1)), ends(f.PROTOCOL_ERROR)),
    case(
        "5.5",
        "a frame of unknown type in a header block",
        lambda p: parted(p, f.frame(0x16, 0, 0, b"x")),
        ends(f.PROTOCOL_ERROR),
    ),
    case(
        "4.3", "a header block continued on another stream", lambda p: parted(p, b"", stream=3), ends(f.PROTOCOL_ERROR)
    ),
]
