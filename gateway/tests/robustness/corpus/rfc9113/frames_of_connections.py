"""§6.5, §6.7 and §6.8: SETTINGS, PING and GOAWAY; RFC 8441 §3: one more setting."""

from harness.http2 import frames as f

from .case import Case, Miss, Peer, answers, case, ends, lives


def setting(id: int, value: int):
    return lambda p: f.settings((id, value))


def acknowledged(count: int):
    def verdict(peer: Peer) -> None:
        for _ in range(count):
            peer.next(lambda frame: frame.kind == f.SETTINGS and frame.flags & f.ACK, "no acknowledgement")

    return verdict


def echoed(peer: Peer) -> None:
    peer.send(f.ping(b"8 bytes!"))
    answer = peer.next(lambda frame: frame.kind == f.PING, "no PING")
    if not answer.flags & f.ACK or answer.payload != b"8 bytes!" or answer.stream:
        raise Miss(f"flags {answer.flags}, payload {answer.payload!r}")


def not_echoed(peer: Peer) -> None:
    peer.send(f.ping(b"no echo!", f.ACK))
    lives(peer)
    if any(frame.kind == f.PING and frame.payload == b"no echo!" for frame in peer.received):
        raise Miss("an acknowledgement was acknowledged")


def no_table(peer: Peer) -> None:
    """§4.3.1: an encoder that was told 0 uses no dynamic table."""
    peer.send(f.settings((f.HEADER_TABLE_SIZE, 0)))
    acknowledged(2)(peer)
    for stream in (1, 3):
        peer.send(peer.request(stream))
        answers(stream)(peer)
    if peer.table_entries():
        raise Miss(f"{peer.table_entries()} entries of a table of size 0")


def largest_window_last(peer: Peer) -> None:
    """§6.5.3: values are processed in the order in which they appear."""
    peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 0), (f.INITIAL_WINDOW_SIZE, 65_535)) + peer.request(1))
    answers(1)(peer)


CASES = [
    case("6.5", "SETTINGS on a stream", lambda p: f.frame(f.SETTINGS, 0, 1), ends(f.PROTOCOL_ERROR)),
    case(
        "6.5",
        "an acknowledgement with content",
        lambda p: f.frame(f.SETTINGS, f.ACK, 0, bytes(6)),
        ends(f.FRAME_SIZE_ERROR),
    ),
    case("6.5", "SETTINGS of 3 bytes", lambda p: f.frame(f.SETTINGS, 0, 0, b"\0\3\0"), ends(f.FRAME_SIZE_ERROR)),
    case("6.5.2", "ENABLE_PUSH 2", setting(f.ENABLE_PUSH, 2), ends(f.PROTOCOL_ERROR)),
    case("6.5.2", "ENABLE_PUSH 0 and 1", lambda p: f.settings((f.ENABLE_PUSH, 0), (f.ENABLE_PUSH, 1)), lives),
    case("6.5.2", "INITIAL_WINDOW_SIZE 2^31", setting(f.INITIAL_WINDOW_SIZE, 1 << 31), ends(f.FLOW_CONTROL_ERROR)),
    case(
        "6.5.2", "INITIAL_WINDOW_SIZE 2^32-1", setting(f.INITIAL_WINDOW_SIZE, (1 << 32) - 1), ends(f.FLOW_CONTROL_ERROR)
    ),
    case("6.5.2", "INITIAL_WINDOW_SIZE 2^31-1", setting(f.INITIAL_WINDOW_SIZE, (1 << 31) - 1), lives),
    case("6.5.2", "MAX_FRAME_SIZE 16,383", setting(f.MAX_FRAME_SIZE, 16_383), ends(f.PROTOCOL_ERROR)),
    case("6.5.2", "MAX_FRAME_SIZE 0", setting(f.MAX_FRAME_SIZE, 0), ends(f.PROTOCOL_ERROR)),
    case("6.5.2", "MAX_FRAME_SIZE 2^24", setting(f.MAX_FRAME_SIZE, 1 << 24), ends(f.PROTOCOL_ERROR)),
    case("6.5.2", "MAX_FRAME_SIZE 2^24-1", setting(f.MAX_FRAME_SIZE, (1 << 24) - 1), lives),
    case(
        "6.5.2",
        "MAX_CONCURRENT_STREAMS 0",
        lambda p: f.settings((f.MAX_CONCURRENT_STREAMS, 0)) + p.request(1),
        answers(1),
    ),
    case(
        "6.5.2",
        "HEADER_TABLE_SIZE 2^32-1",
        lambda p: f.settings((f.HEADER_TABLE_SIZE, (1 << 32) - 1)) + p.request(1),
        answers(1),
    ),
    Case("6.5.2", "HEADER_TABLE_SIZE 0", no_table),
    case("6.5.2", "MAX_HEADER_LIST_SIZE 0", lambda p: f.settings((f.MAX_HEADER_LIST_SIZE, 0)), lives),
    case("6.5.2", "an unknown setting", setting(0xBEEF, 1), lives),
    case("6.5.2", "a setting of number 0", setting(0, 1), lives),
    case("8441 3", "ENABLE_CONNECT_PROTOCOL of a client", setting(f.ENABLE_CONNECT_PROTOCOL, 1), lives),
    Case("6.5.3", "the last value counts", largest_window_last),
    case("6.5.3", "each SETTINGS is acknowledged", lambda p: f.settings() * 5, acknowledged(6)),
    case("6.5.3", "SETTINGS without values", lambda p: f.settings(), acknowledged(2)),
    Case("6.7", "PING is answered with its payload", echoed),
    Case("6.7", "an acknowledged PING is not answered", not_echoed),
    case("6.7", "PING on a stream", lambda p: f.frame(f.PING, 0, 1, bytes(8)), ends(f.PROTOCOL_ERROR)),
    case("6.7", "PING of 6 bytes", lambda p: f.ping(bytes(6)), ends(f.FRAME_SIZE_ERROR)),
    case("6.7", "PING of 9 bytes", lambda p: f.ping(bytes(9)), ends(f.FRAME_SIZE_ERROR)),
    case("6.8", "GOAWAY on a stream", lambda p: f.frame(f.GOAWAY, 0, 1, bytes(8)), ends(f.PROTOCOL_ERROR)),
    case(
        "6.8",
        "GOAWAY of 7 bytes",
        lambda p: f.frame(f.GOAWAY, 0, 0, bytes(7)),
        ends(f.FRAME_SIZE_ERROR, f.PROTOCOL_ERROR),
    ),
    case(
        "6.8", "requests before GOAWAY are answered", lambda p: p.request(1) + p.request(3) + f.goaway(), answers(1, 3)
    ),
    case("7", "GOAWAY with an unknown code", lambda p: p.request(1) + f.goaway(0, 0xBAD), answers(1)),
]
