"""An attack under way, and what becomes of the gateway."""

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Iterator

from ..gateway import Gateway, config
from . import frames
from .attacks import Attack
from .connection import Connection, Ended, Quiet

QUIET_SHARE = 0.1
"""Of one processor."""
WINDOW = 0.2


@dataclasses.dataclass(frozen=True)
class Course:
    """Of one attack on one connection."""

    sent: int
    """Bytes that were taken."""
    was_all: bool
    end: str
    """How the server ended the connection, if it did."""
    closed_after: float | None
    """Seconds after the last byte; none if it was still open."""


@contextlib.contextmanager
def target(listener: str = "http2: true") -> Iterator[Gateway]:
    """A gateway whose upstream accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as silent:
        with Gateway(config(f"http://127.0.0.1:{silent.getsockname()[1]}/mcp", listener)) as gateway:
            yield gateway


def attack(address: tuple[str, int], attack: Attack, count: int, patience: float = 2.0) -> Course:
    """Sends it all, or until the connection is ended; then waits so long for the end."""
    authority = b"%s:%d" % (address[0].encode(), address[1])
    sent, was_all = 0, True
    with Connection(address, *attack.settings, patience=5.0) as connection:
        reader = Reader(connection)
        if attack.reads:
            reader.start()
        for chunk in attack.chunks(authority, count):
            if not connection.send(chunk):
                was_all = False
                break
            sent += len(chunk)
        last = time.monotonic()
        if not attack.reads:
            reader.start()
        reader.join(patience)
        closed_after = max(0.0, reader.ended - last) if reader.ended else None
    return Course(sent, was_all, reader.end, closed_after)


class Reader(threading.Thread):
    """Reads what comes on a connection, and how that ends."""

    def __init__(self, connection: Connection):
        super().__init__(daemon=True)
        self._connection = connection
        self.end = ""
        self.ended: float | None = None

    def run(self) -> None:
        try:
            while True:
                with contextlib.suppress(Quiet):
                    frame = self._connection.frame(1.0)
                    self._connection.received.clear()
                    if frame.kind == frames.GOAWAY:
                        self.end = str(frame).removeprefix("GOAWAY ")
        except (Ended, OSError):
            self.end = self.end or "closed"
            self.ended = time.monotonic()


def seconds_until_quiet(gateway: Gateway, patience: float = 10.0) -> float:
    """Until the process uses hardly any processor time."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        before, at = gateway.cpu_seconds(), time.monotonic()
        time.sleep(WINDOW)
        if (gateway.cpu_seconds() - before) / (time.monotonic() - at) < QUIET_SHARE:
            return at - began
    return patience
