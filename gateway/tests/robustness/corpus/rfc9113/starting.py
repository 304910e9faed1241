"""§3: how a connection begins."""

from harness.http2 import frames as f

from .case import Case, Miss, Peer, answers, case, ends, lives

CLIENT_SETTINGS = f.settings()


def first_frame(peer: Peer) -> None:
    peer.send(f.PREFACE + CLIENT_SETTINGS)
    frame = peer.next(lambda _: True, "no frame")
    if frame.kind != f.SETTINGS or frame.flags & f.ACK or frame.stream:
        raise Miss(f"the first frame is {frame}")


def in_bytes(peer: Peer) -> None:
    for byte in f.PREFACE + CLIENT_SETTINGS:
        peer.send(bytes((byte,)))
    peer.send(peer.request(1))
    answers(1)(peer)


def unasked_upgrade(peer: Peer) -> None:
    """RFC 9113 §3.1 has obsoleted it: the request is one of HTTP/1.1."""
    peer.send(
        b"GET /nowhere HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" % peer.authority
    )
    answer = peer.raw()
    if not answer.startswith(b"HTTP/1.1 404 "):
        raise Miss(repr(answer[:80]))


def is_no_http2(peer: Peer) -> None:
    """Clear text may be HTTP/1.1, too, so a refusal of that is as good as the end."""
    if not peer.raw().startswith(b"HTTP/1.1 4"):
        ends(f.PROTOCOL_ERROR)(peer)


CASES = [
    Case("3.4", "the server's first frame is SETTINGS", first_frame, begins=False),
    Case("3.4", "a preface that arrives byte by byte", in_bytes, begins=False),
    case(
        "3.4",
        "a request right behind the preface",
        lambda p: f.PREFACE + CLIENT_SETTINGS + p.request(1),
        answers(1),
        begins=False,
    ),
    case(
        "3.4",
        "a preface that is none",
        lambda p: b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + CLIENT_SETTINGS,
        is_no_http2,
        begins=False,
    ),
    case(
        "3.4",
        "a preface of another version",
        lambda p: b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n" + CLIENT_SETTINGS,
        is_no_http2,
        begins=False,
    ),
    case(
        "3.4",
        "PING in place of the first SETTINGS",
        lambda p: f.PREFACE + f.ping(),
        ends(f.PROTOCOL_ERROR),
        begins=False,
    ),
    case(
        "3.4",
        "HEADERS in place of the first SETTINGS",
        lambda p: f.PREFACE + p.request(1),
        ends(f.PROTOCOL_ERROR),
        begins=False,
    ),
    case(
        "3.4",
        "an acknowledgement in place of the first SETTINGS",
        lambda p: f.PREFACE + f.frame(f.SETTINGS, f.ACK),
        ends(f.PROTOCOL_ERROR),
        begins=False,
    ),
    case("3.4", "the preface once more", lambda p: f.PREFACE, ends(f.PROTOCOL_ERROR, f.FRAME_SIZE_ERROR)),
    Case("3.1", "Upgrade: h2c is not taken up", unasked_upgrade, begins=False, clear_text_only=True),
    case("3.4", "an idle connection lives", lambda p: b"", lives),
]
