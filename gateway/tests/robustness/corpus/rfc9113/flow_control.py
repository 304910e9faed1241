"""§6.9: windows and WINDOW_UPDATE, in both directions."""

from harness.http2 import frames as f

from .case import Case, Miss, Peer, answers, breaks, case, ends, lives

LARGEST = (1 << 31) - 1
NO_WINDOW = ((f.INITIAL_WINDOW_SIZE, 0),)
ONE_BYTE = ((f.INITIAL_WINDOW_SIZE, 1),)


def content_of(peer: Peer, stream: int) -> int:
    """Bytes of DATA that have come on a stream by now."""
    lives(peer)
    return sum(len(frame.payload) for frame in peer.received if frame.kind == f.DATA and frame.stream == stream)


def expect(peer: Peer, stream: int, most: int) -> None:
    peer.next(lambda frame: frame.kind == f.HEADERS and frame.stream == stream, "no head")
    if (seen := content_of(peer, stream)) != most:
        raise Miss(f"{seen} bytes where {most} may be sent")


def none_at_all(peer: Peer) -> None:
    peer.send(peer.request(1))
    expect(peer, 1, 0)


def one_byte(peer: Peer) -> None:
    peer.send(peer.request(1))
    peer.next(lambda frame: frame.kind == f.DATA, "no DATA")
    if (seen := content_of(peer, 1)) != 1:
        raise Miss(f"{seen} bytes where 1 may be sent")


def byte_by_byte(peer: Peer) -> None:
    peer.send(peer.request(1))
    ended = False
    while not ended:
        frame = peer.next(lambda frame: frame.kind == f.DATA, "no DATA")
        if len(frame.payload) > 1:
            raise Miss(f"{len(frame.payload)} bytes where 1 may be sent")
        ended = bool(frame.flags & f.END_STREAM)
        peer.send(f.window_update(1, 1))


def opened_by_settings(peer: Peer) -> None:
    """§6.9.2: a change of the initial window is a change of all windows."""
    none_at_all(peer)
    peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 1)))
    peer.next(lambda frame: frame.kind == f.DATA, "no DATA")
    if (seen := content_of(peer, 1)) != 1:
        raise Miss(f"{seen} bytes where 1 may be sent")


def below_zero(peer: Peer) -> None:
    """§6.9.2: a window may become negative, and stays so until as much has been given."""
    peer.send(peer.request(1))
    peer.next(lambda frame: frame.kind == f.DATA, "no DATA")
    peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 0)) + f.window_update(1, 1))
    if (seen := content_of(peer, 1)) != 1:
        raise Miss(f"{seen} bytes where 1 may be sent")
    peer.send(f.window_update(1, 1))
    peer.next(lambda frame: frame.kind == f.DATA, "no DATA once the window is open again")


def window_is_given_back(peer: Peer) -> None:
    """Content that nobody wants still makes room: for 1 MiB of it on one connection."""
    sent = 0
    for stream in range(1, 133, 2):
        peer.send(f.headers(stream, peer.head(b"POST"), f.END_HEADERS))
        while sent + 16_000 > 65_535 + given_back(peer):
            peer.next(lambda frame: frame.kind == f.WINDOW_UPDATE and not frame.stream, "no window is given back")
        peer.send(f.data(stream, bytes(16_000)))
        sent += 16_000


def given_back(peer: Peer) -> int:
    """Bytes by which the connection's window has been made larger."""
    updates = [frame for frame in peer.received if frame.kind == f.WINDOW_UPDATE and not frame.stream]
    return sum(int.from_bytes(frame.payload, "big") for frame in updates)


def beyond_the_stream(peer: Peer) -> bytes:
    """As much as the window of a stream lets through, and more; that of the connection is as large."""
    return peer.opening(1) + f.data(1, bytes(16_000), 0) * 20


CASES = [
    Case("6.9", "a window of 0 lets nothing through", none_at_all, NO_WINDOW),
    Case("6.9.1", "a window of 1 lets 1 byte through", one_byte, ONE_BYTE),
    Case("6.9.1", "an answer byte by byte", byte_by_byte, ONE_BYTE),
    case("6.9.1", "a head needs no window", lambda p: f.headers(1, p.head(b"HEAD")), answers(1), settings=NO_WINDOW),
    Case("6.9.2", "SETTINGS open windows", opened_by_settings, NO_WINDOW),
    Case("6.9.2", "SETTINGS make a window negative", below_zero, ONE_BYTE),
    case(
        "6.9.2",
        "SETTINGS overflow a window",
        lambda p: p.waiting(1) + f.window_update(1, LARGEST - 65_535) + f.settings((f.INITIAL_WINDOW_SIZE, LARGEST)),
        ends(f.FLOW_CONTROL_ERROR),
    ),
    case("6.9", "WINDOW_UPDATE of 0 on the connection", lambda p: f.window_update(0, 0), ends(f.PROTOCOL_ERROR)),
    case(
        "6.9",
        "WINDOW_UPDATE of 0 on a stream",
        lambda p: p.waiting(1) + f.window_update(1, 0),
        breaks(1, f.PROTOCOL_ERROR),
    ),
    case(
        "6.9", "WINDOW_UPDATE of 3 bytes", lambda p: f.frame(f.WINDOW_UPDATE, 0, 0, bytes(3)), ends(f.FRAME_SIZE_ERROR)
    ),
    case(
        "6.9", "WINDOW_UPDATE of 5 bytes", lambda p: f.frame(f.WINDOW_UPDATE, 0, 0, bytes(5)), ends(f.FRAME_SIZE_ERROR)
    ),
    case("6.9", "the reserved bit of WINDOW_UPDATE", lambda p: f.window_update(0, 1 << 31 | 1), lives),
    case("6.9.1", "the connection's window at its largest", lambda p: f.window_update(0, LARGEST - 65_535), lives),
    case(
        "6.9.1",
        "the connection's window beyond its largest",
        lambda p: f.window_update(0, LARGEST),
        ends(f.FLOW_CONTROL_ERROR),
    ),
    case(
        "6.9.1",
        "a stream's window at its largest",
        lambda p: p.waiting(1) + f.window_update(1, LARGEST - 65_535),
        lives,
    ),
    case(
        "6.9.1",
        "a stream's window beyond its largest",
        lambda p: p.waiting(1) + f.window_update(1, LARGEST) * 2,
        breaks(1, f.FLOW_CONTROL_ERROR),
    ),
    case(
        "6.9.1",
        "a connection's window beyond its largest, in steps",
        lambda p: f.window_update(0, 1 << 30) * 3,
        ends(f.FLOW_CONTROL_ERROR),
    ),
    case("6.9.1", "more DATA than the window allows", beyond_the_stream, breaks(1, f.FLOW_CONTROL_ERROR)),
    Case("6.9", "1 MiB of content that nobody reads", window_is_given_back),
]
