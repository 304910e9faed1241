"""Conformance cases: what a client sends on a connection of its own, and what RFC 9113 has the server do.

Where the RFC asks for a stream error it allows a connection error (§5.4.2), and a connection may be closed without a
GOAWAY (§5.4.1): that passes. So does a connection that is closed after a GOAWAY with another code than the RFC names, but
the code is noted."""

import dataclasses
import ssl
from collections.abc import Callable

from harness.http2 import frames
from harness.http2.connection import Connection, Ended, Frame, Quiet

PATIENCE = 2.0
ANSWERED, SILENT = b"/nowhere", b"/a/mcp"


class Miss(Exception):
    """What was seen in place of what the RFC asks for."""


class Peer(Connection):
    """`ANSWERED` is a path with an answer of the gateway's own, `SILENT` one that gets none."""

    def __init__(
        self,
        address: tuple[str, int],
        *settings: tuple[int, int],
        begin: bool = True,
        tls: ssl.SSLContext | None = None,
    ):
        super().__init__(address, *settings, begin=begin, tls=tls, patience=PATIENCE)
        self.scheme = b"https" if tls else b"http"
        self.other_code = ""
        """The error it ended with where the RFC names another."""
        self.authority = b"%s:%d" % (address[0].encode(), address[1])

    def head(self, method: bytes = b"GET", path: bytes = ANSWERED, *more: tuple[bytes, bytes]) -> bytes:
        """The header block of a request."""
        pseudo = [(b":method", method), (b":scheme", self.scheme), (b":path", path), (b":authority", self.authority)]
        return frames.block(pseudo + list(more))

    def request(self, stream: int, *more: tuple[bytes, bytes]) -> bytes:
        """A whole request that is answered."""
        return frames.headers(stream, self.head(b"GET", ANSWERED, *more))

    def opening(self, stream: int, *more: tuple[bytes, bytes]) -> bytes:
        """A request that is not complete and not answered, so that its stream stays open."""
        return frames.headers(stream, self.head(b"POST", SILENT, *more), frames.END_HEADERS)

    def waiting(self, stream: int, *more: tuple[bytes, bytes]) -> bytes:
        """A whole request that is not answered: its stream is half-closed."""
        return frames.headers(stream, self.head(b"POST", SILENT, *more))

    def next(self, wanted: Callable[[Frame], bool], what: str) -> Frame:
        try:
            return self.wait_for(wanted, PATIENCE)
        except (Ended, Quiet) as why:
            raise Miss(f"{what}: {type(why).__name__.lower()}, after {self.seen()}") from None

    def note(self, goaway: Frame, codes: tuple[int, ...]) -> None:
        if goaway.code not in codes:
            self.other_code = str(goaway).removeprefix("GOAWAY ")

    def seen(self) -> str:
        return ", ".join(map(str, self.received[-4:])) or "nothing"


Run = Callable[[Peer], None]


@dataclasses.dataclass(frozen=True)
class Case:
    section: str
    what: str
    run: Run
    settings: tuple[tuple[int, int], ...] = ()
    begins: bool = True
    """The preface and settings are exchanged before it runs."""
    clear_text_only: bool = False


def case(section: str, what: str, send: Callable[[Peer], bytes], verdict: Run, **more) -> Case:
    """Sends some bytes and then looks at what comes back."""

    def run(peer: Peer) -> None:
        peer.send(send(peer))
        verdict(peer)

    return Case(section, what, run, **more)


def ends(*codes: int) -> Run:
    """A connection error with one of these codes."""

    def verdict(peer: Peer) -> None:
        try:
            goaway = peer.wait_for(lambda frame: frame.kind == frames.GOAWAY, PATIENCE)
            peer.note(goaway, codes)
            peer.wait_for(lambda _: False, PATIENCE)
        except Ended:
            return
        except Quiet:
            raise Miss(f"the connection stays open, after {peer.seen()}") from None

    return verdict


def breaks(stream: int, *codes: int) -> Run:
    """A stream error with one of these codes, or a connection error."""

    def verdict(peer: Peer) -> None:
        def is_end(frame: Frame) -> bool:
            return frame.kind == frames.GOAWAY or frame.kind == frames.RST_STREAM and frame.stream == stream

        try:
            frame = peer.wait_for(is_end, PATIENCE)
            if frame.kind == frames.GOAWAY:
                peer.note(frame, codes)
                peer.wait_for(lambda _: False, PATIENCE)
        except Ended:
            return
        except Quiet:
            raise Miss(f"no error, after {peer.seen()}") from None
        if frame.code not in codes:
            raise Miss(str(frame))

    return verdict


def statuses(peer: Peer, *streams: int) -> dict[int, int]:
    """Of the final answers, read to their ends."""
    found, open_streams = {}, set(streams)
    while open_streams:
        frame = peer.next(lambda frame: frame.kind in _OF_ANSWERS, f"no answer on {sorted(open_streams)}")
        if frame.kind == frames.HEADERS and b":status" in (fields := peer.fields(frame)):
            found[frame.stream] = int(fields[b":status"])
        is_error = frame.kind == frames.GOAWAY or frame.kind == frames.RST_STREAM and frame.stream in streams
        if is_error and frame.code != frames.NO_ERROR:
            raise Miss(f"{frame} for an answer")
        if frame.kind in (frames.DATA, frames.HEADERS) and frame.flags & frames.END_STREAM:
            open_streams.discard(frame.stream)
    return found


_OF_ANSWERS = (frames.HEADERS, frames.DATA, frames.RST_STREAM, frames.GOAWAY)


def answers(*streams: int) -> Run:
    """These streams get the answer of the path that is answered."""

    def verdict(peer: Peer) -> None:
        if wrong := {status for status in statuses(peer, *streams).values() if status != 404}:
            raise Miss(f"answered {wrong}")

    return verdict


def refuses(stream: int) -> Run:
    """A malformed request (§8.1.1): an error, before which an answer may be sent that says so."""

    def verdict(peer: Peer) -> None:
        def is_end(frame: Frame) -> bool:
            of_stream = frame.kind in (frames.RST_STREAM, frames.HEADERS) and frame.stream == stream
            return frame.kind == frames.GOAWAY or of_stream

        try:
            frame = peer.wait_for(is_end, PATIENCE)
        except Ended:
            return
        except Quiet:
            raise Miss(f"no error, after {peer.seen()}") from None
        if frame.kind == frames.GOAWAY:
            peer.note(frame, (frames.PROTOCOL_ERROR, frames.COMPRESSION_ERROR))
            return
        if frame.kind == frames.HEADERS:
            status = int(peer.fields(frame)[b":status"])
            if not 400 <= status < 600 or status == 404:
                raise Miss(f"answered {status}")
        elif frame.code != frames.PROTOCOL_ERROR:
            raise Miss(str(frame))

    return verdict


def lives(peer: Peer) -> None:
    """The connection goes on, and no stream has failed."""
    began = len(peer.received)
    try:
        if not peer.settled(PATIENCE):
            raise Miss("the connection was closed")
    except Quiet:
        raise Miss("a PING after it was not answered") from None
    for frame in peer.received[began:]:
        if frame.kind in (frames.GOAWAY, frames.RST_STREAM):
            raise Miss(str(frame))
