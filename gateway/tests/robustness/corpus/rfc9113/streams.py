"""§5: what may come on a stream in each of its states, how streams are numbered, and how many there may be."""

from harness.http2 import frames as f
from harness.http2.connection import Ended, Quiet

from .case import Case, Miss, Peer, answers, breaks, case, ends, lives


def closed(peer: Peer) -> None:
    """Stream 1 has been answered."""
    peer.send(peer.request(1))
    answers(1)(peer)


def on_closed(send, verdict):
    def run(peer: Peer) -> None:
        closed(peer)
        peer.send(send(peer))
        verdict(peer)

    return run


def streams_allowed(peer: Peer) -> int:
    if f.MAX_CONCURRENT_STREAMS not in peer.settings:
        raise Miss("any number of streams is allowed")
    return peer.settings[f.MAX_CONCURRENT_STREAMS]


def too_many(peer: Peer) -> None:
    most = streams_allowed(peer)
    streams = range(1, 2 * most + 2, 2)
    peer.send(b"".join(map(peer.waiting, streams)))
    breaks(streams[-1], f.REFUSED_STREAM, f.PROTOCOL_ERROR)(peer)


def as_many_as_allowed(peer: Peer) -> None:
    most = streams_allowed(peer)
    peer.send(b"".join(map(peer.waiting, range(1, 2 * most, 2))))
    lives(peer)


def reset_streams_are_free(peer: Peer) -> None:
    """§5.1.2: streams that were reset count no longer."""
    most = streams_allowed(peer)
    streams = list(range(1, 2 * most, 2))
    peer.send(b"".join(map(peer.waiting, streams)))
    lives(peer)
    peer.send(b"".join(map(f.reset, streams[:4])))
    lives(peer)
    peer.send(peer.request(streams[-1] + 2))
    answers(streams[-1] + 2)(peer)


def closes_after_error(peer: Peer) -> None:
    peer.send(f.ping() + f.data(1))
    if not any(frame.kind == f.GOAWAY for frame in frames_until_end(peer)):
        raise Miss("no GOAWAY before the connection was closed")


def last_stream_is_named(peer: Peer) -> None:
    """§6.8: a GOAWAY says which streams may have been processed."""
    closed(peer)
    peer.send(f.data(5))
    goaway = next((frame for frame in frames_until_end(peer) if frame.kind == f.GOAWAY), None)
    if goaway is None:
        raise Miss("no GOAWAY")
    if (last := int.from_bytes(goaway.payload[:4], "big")) != 1:
        raise Miss(f"it names stream {last}, and 1 was processed")


def frames_until_end(peer: Peer):
    while True:
        try:
            yield peer.frame()
        except Ended:
            return
        except Quiet:
            raise Miss("the connection stays open") from None


FIELD = f.block([(b"x", b"y")])
CONTINUED = f.frame(f.CONTINUATION, f.END_HEADERS, 1, FIELD)

CASES = [
    case("5.1", "idle: DATA", lambda p: f.data(1, b"x"), ends(f.PROTOCOL_ERROR)),
    case("5.1", "idle: RST_STREAM", lambda p: f.reset(1), ends(f.PROTOCOL_ERROR)),
    case("5.1", "idle: WINDOW_UPDATE", lambda p: f.window_update(1, 100), ends(f.PROTOCOL_ERROR)),
    case("5.1", "idle: CONTINUATION", lambda p: CONTINUED, ends(f.PROTOCOL_ERROR)),
    case("5.1", "idle: PRIORITY", lambda p: f.priority(1, 0) + p.request(3), answers(3)),
    case("5.1", "half-closed: DATA", lambda p: p.waiting(1) + f.data(1, b"x"), breaks(1, f.STREAM_CLOSED)),
    case("5.1", "half-closed: HEADERS", lambda p: p.waiting(1) + f.headers(1, FIELD), breaks(1, f.STREAM_CLOSED)),
    case(
        "5.1", "half-closed: CONTINUATION", lambda p: p.waiting(1) + CONTINUED, ends(f.PROTOCOL_ERROR, f.STREAM_CLOSED)
    ),
    case("5.1", "half-closed: WINDOW_UPDATE", lambda p: p.waiting(1) + f.window_update(1, 100), lives),
    case("5.1", "half-closed: PRIORITY", lambda p: p.waiting(1) + f.priority(1, 0), lives),
    case("5.1", "half-closed: RST_STREAM", lambda p: p.waiting(1) + f.reset(1) + p.request(3), answers(3)),
    case("5.1", "reset: DATA", lambda p: p.opening(1) + f.reset(1) + f.data(1, b"x"), breaks(1, f.STREAM_CLOSED)),
    case(
        "5.1", "reset: HEADERS", lambda p: p.opening(1) + f.reset(1) + f.headers(1, FIELD), breaks(1, f.STREAM_CLOSED)
    ),
    case(
        "5.1",
        "reset: CONTINUATION",
        lambda p: p.opening(1) + f.reset(1) + CONTINUED,
        ends(f.PROTOCOL_ERROR, f.STREAM_CLOSED),
    ),
    case("5.1", "reset: PRIORITY", lambda p: p.opening(1) + f.reset(1) + f.priority(1, 0), lives),
    Case("5.1", "closed: DATA", on_closed(lambda p: f.data(1, b"x"), breaks(1, f.STREAM_CLOSED))),
    Case(
        "5.1", "closed: HEADERS", on_closed(lambda p: f.headers(1, FIELD), breaks(1, f.STREAM_CLOSED, f.PROTOCOL_ERROR))
    ),
    Case("5.1", "closed: CONTINUATION", on_closed(lambda p: CONTINUED, ends(f.PROTOCOL_ERROR, f.STREAM_CLOSED))),
    Case("5.1", "closed: PRIORITY", on_closed(lambda p: f.priority(1, 0), lives)),
    Case("5.1", "closed: WINDOW_UPDATE, a moment later", on_closed(lambda p: f.window_update(1, 100), lives)),
    Case("5.1", "closed: RST_STREAM, a moment later", on_closed(lambda p: f.reset(1), lives)),
    case("5.1.1", "a stream with an even number", lambda p: p.request(2), ends(f.PROTOCOL_ERROR)),
    case(
        "5.1.1", "numbers that go down", lambda p: p.waiting(5) + p.waiting(3), ends(f.PROTOCOL_ERROR, f.STREAM_CLOSED)
    ),
    case("5.1.1", "numbers that are left out", lambda p: p.request(1) + p.request(9), answers(1, 9)),
    case("5.1.1", "the largest number", lambda p: p.request((1 << 31) - 1), answers((1 << 31) - 1)),
    Case("5.1.2", "one more stream than allowed", too_many),
    Case("5.1.2", "as many streams as allowed", as_many_as_allowed),
    Case("5.1.2", "streams that were reset count no longer", reset_streams_are_free),
    Case("5.4.1", "a GOAWAY goes before the end", closes_after_error),
    Case("6.8", "a GOAWAY names the last stream", last_stream_is_named),
]
