"""A client's connection that sends any bytes and reads frames."""

import contextlib
import dataclasses
import itertools
import socket
import ssl
import time

from hpack import Decoder

from . import frames


class Ended(Exception):
    """The other side has closed the connection."""


class Quiet(Exception):
    """Nothing came within the time that was waited."""


@dataclasses.dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """The error code of a RST_STREAM or GOAWAY."""
        begin = 4 if self.kind == frames.GOAWAY else 0
        return int.from_bytes(self.payload[begin : begin + 4], "big")

    def as_settings(self) -> dict[int, int]:
        entries = (self.payload[at : at + 6] for at in range(0, len(self.payload), 6))
        return {int.from_bytes(entry[:2], "big"): int.from_bytes(entry[2:], "big") for entry in entries}

    def __str__(self) -> str:
        name = frames.NAMES[self.kind] if self.kind < len(frames.NAMES) else f"frame {self.kind}"
        if self.kind in (frames.RST_STREAM, frames.GOAWAY):
            code = frames.ERRORS[self.code] if self.code < len(frames.ERRORS) else str(self.code)
            return f"{name} {code}"
        return name


class Connection:
    """One connection. With `begin`, the preface and settings are sent at once, and those of the server awaited."""

    def __init__(
        self,
        address: tuple[str, int],
        *settings: tuple[int, int],
        begin: bool = True,
        tls: ssl.SSLContext | None = None,
        patience: float = 5.0,
        buffer: int | None = None,
    ):
        self._socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._socket.settimeout(patience)
        self._socket.connect(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname="localhost")
        self.patience = patience
        self.settings: dict[int, int] = {}
        self._decoder = Decoder()
        self.received: list[Frame] = []
        self._buffer = b""
        self._ended = False
        self.streams = itertools.count(1, 2)
        self._tokens = itertools.count(1)
        if begin:
            self.send(frames.PREFACE + frames.settings(*settings))
            theirs = self.wait_for(lambda frame: frame.kind == frames.SETTINGS and not frame.flags & frames.ACK)
            self.settings = theirs.as_settings()
            self.send(frames.frame(frames.SETTINGS, frames.ACK))

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        # A thread that reads would hold the connection open.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """Sends as much as the other side takes, and says whether it took all."""
        self._socket.settimeout(self.patience)
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def frame(self, patience: float | None = None) -> Frame:
        """The next frame; it is kept in `received`, too."""
        until = time.monotonic() + (self.patience if patience is None else patience)
        while (length := self._whole()) is None:
            if self._ended:
                raise Ended
            self._receive(until)
        found = Frame(
            self._buffer[3],
            self._buffer[4],
            int.from_bytes(self._buffer[5:9], "big") & 0x7FFFFFFF,
            self._buffer[9:length],
        )
        self._buffer = self._buffer[length:]
        self.received.append(found)
        return found

    def wait_for(self, wanted, patience: float | None = None) -> Frame:
        until = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            found = self.frame(max(0.001, until - time.monotonic()))
            if wanted(found):
                return found

    def field_list(self, frame: Frame) -> list[tuple[bytes, bytes]]:
        """The fields of a HEADERS frame, each of which has to be decoded once and in order."""
        return [(bytes(name), bytes(value)) for name, value in self._decoder.decode(frame.payload, raw=True)]

    def fields(self, frame: Frame) -> dict[bytes, bytes]:
        return dict(self.field_list(frame))

    def table_entries(self) -> int:
        """Entries that the other side has put into its dynamic table."""
        return len(self._decoder.header_table.dynamic_entries)

    def settled(self, patience: float | None = None) -> bool:
        """Waits until the other side has read all that was sent. It has not when it ended the connection before."""
        token = next(self._tokens).to_bytes(8, "big")
        self.send(frames.ping(token))
        try:
            self.wait_for(lambda frame: frame.kind == frames.PING and frame.payload == token, patience)
        except Ended:
            return False
        return True

    def raw(self) -> bytes:
        """What comes instead of frames: all until the connection ends or falls quiet."""
        until = time.monotonic() + self.patience
        try:
            while not self._ended and b"\r\n\r\n" not in self._buffer:
                self._receive(until)
        except Quiet:
            pass
        return self._buffer

    def _whole(self) -> int | None:
        if len(self._buffer) < 9:
            return None
        length = 9 + int.from_bytes(self._buffer[:3], "big")
        return length if len(self._buffer) >= length else None

    def _receive(self, until: float) -> None:
        self._socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            part = self._socket.recv(1 << 16)
        except TimeoutError:
            raise Quiet from None
        except OSError:
            part = b""
        self._buffer += part
        self._ended = not part
