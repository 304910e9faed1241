"""What becomes of a stream: an answer, an error of the stream, or one of the connection."""

import dataclasses
import time

from ..client import SEEN_BY
from . import frames
from .connection import Connection, Ended, Quiet


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Without a status there was no answer. `error` is the frame that ended it, if one did."""

    status: int = 0
    body: bytes = b""
    is_relayed: bool = False
    error: str = ""
    is_quiet: bool = False
    """Nothing came for as long as was waited."""

    def __str__(self) -> str:
        return "no answer" if self.is_quiet else f"{self.status or ''} {self.error}".strip()

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300 and not self.error


def outcome(connection: Connection, stream: int, patience: float = 2.0) -> Outcome:
    """Reads until the stream has ended. An error after the end of an answer is no part of it."""
    status, body, is_relayed = 0, b"", False
    until = time.monotonic() + patience
    try:
        while True:
            frame = connection.frame(max(0.001, until - time.monotonic()))
            if frame.kind == frames.GOAWAY and frame.code != frames.NO_ERROR:
                return Outcome(status, body, is_relayed, str(frame))
            if frame.kind == frames.HEADERS:
                fields = connection.fields(frame)
                status = int(fields.get(b":status", status)) if frame.stream == stream else status
                is_relayed |= frame.stream == stream and SEEN_BY in fields
            if frame.stream != stream:
                continue
            if frame.kind == frames.DATA:
                body += frame.payload
            if frame.kind == frames.RST_STREAM:
                return Outcome(status, body, is_relayed, str(frame))
            if frame.kind in (frames.DATA, frames.HEADERS) and frame.flags & frames.END_STREAM and status >= 200:
                return Outcome(status, body, is_relayed)
    except Ended:
        return Outcome(status, body, is_relayed, "closed")
    except Quiet:
        return Outcome(status, body, is_relayed, is_quiet=True)
