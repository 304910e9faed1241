"""A client that sends bytes as they are and reads what comes back."""

import dataclasses
import re
import socket
import time

SEEN_BY = b"x-seen-by"


class Quiet(Exception):
    """Nothing more has come for as long as was waited."""


@dataclasses.dataclass(frozen=True)
class Response:
    """A final response. Names of fields are in lower case."""

    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    interim: int = 0

    def first(self, name: bytes) -> bytes:
        return next((value for field, value in self.fields if field == name), b"")

    @property
    def is_relayed(self) -> bool:
        """An upstream of the harness has written it."""
        return bool(self.first(SEEN_BY)) or self.status == 0 and b" seen" in self.body


class Client:
    """One connection."""

    def __init__(self, address: tuple[str, int], patience: float = 5.0):
        self.patience = patience
        self._socket = socket.create_connection(address, timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.is_closed = False

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Sends as much as the other side takes; it may have closed for good reasons."""
        self._socket.settimeout(self.patience)
        try:
            self._socket.sendall(data)
        except OSError:
            pass

    def end(self) -> None:
        """Says that nothing more will be sent."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def response(self, method: bytes = b"GET", patience: float | None = None) -> Response | None:
        """The next final response, or nothing when the connection has ended without one."""
        until = time.monotonic() + (self.patience if patience is None else patience)
        interim = 0
        while True:
            found = self._parse(method)
            while found is None and not self.is_closed:
                self._receive(until)
                found = self._parse(method)
            if found is None:
                return None
            status, fields, body, end = found
            self._buffer = self._buffer[end:]
            if 100 <= status < 200 and status != 101:
                interim += 1
                continue
            return Response(status, fields, body, interim)

    def rest(self, patience: float | None = None) -> bytes:
        """Everything until the connection ends."""
        until = time.monotonic() + (self.patience if patience is None else patience)
        while not self.is_closed:
            self._receive(until)
        rest, self._buffer = self._buffer, b""
        return rest

    def _receive(self, until: float) -> None:
        self._socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            part = self._socket.recv(1 << 18)
        except TimeoutError:
            raise Quiet from None
        except OSError:
            part = b""
        self._buffer += part
        self.is_closed = not part

    def _parse(self, method: bytes):
        data = self._buffer
        if data and not data.startswith(b"HTTP/"[: len(data)]):
            # As HTTP/0.9 had it: no head, and the end of the connection is the end of the answer.
            return (0, (), data, len(data)) if self.is_closed else None
        head, blank, _ = data.partition(b"\r\n\r\n")
        if not blank:
            return None
        status_line, *lines = head.split(b"\r\n")
        found = re.match(rb"HTTP/1\.[01] ([0-9]{3})", status_line)
        if not found:
            return (0, (), data, len(data)) if self.is_closed else None
        status = int(found[1])
        fields = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines))
        begin = len(head) + 4
        framed = self._body(method, status, dict(fields), begin)
        return None if framed is None else (status, fields, *framed)

    def _body(self, method: bytes, status: int, fields: dict[bytes, bytes], begin: int):
        data = self._buffer
        if method == b"HEAD" or status < 200 or status in (204, 304):
            return b"", begin
        if b"transfer-encoding" in fields:
            return self._chunks(begin)
        if b"content-length" in fields:
            end = begin + int(fields[b"content-length"])
            return (data[begin:end], end) if len(data) >= end else None
        return (data[begin:], len(data)) if self.is_closed else None

    def _chunks(self, at: int):
        data, body = self._buffer, []
        while (line_end := data.find(b"\r\n", at)) >= 0:
            size = int(data[at:line_end].split(b";")[0], 16)
            at = line_end + 2 + size + 2
            if len(data) < at:
                return None
            if size == 0:
                return b"".join(body), at
            body.append(data[line_end + 2 : at - 2])
        return None
