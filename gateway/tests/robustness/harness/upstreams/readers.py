"""Three ways to read requests off a connection that is kept alive: strict (h11), lenient, and recording (this
harness's own strict reader). Each answers every request it sees with what it took it for."""

from collections.abc import Callable

import h11

from .. import forgiving, message
from ..message import Malformed, Request
from .server import Connection, Server

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_HEAD_MAX = 4 << 20


class Buffered:
    """Requests by a function that reads the one some bytes begin with."""

    def __init__(self, read: Callable[[bytes], tuple[Request, int] | None]):
        self._read = read
        self._buffer = b""
        self._continued = False

    def feed(self, data: bytes) -> list[Request]:
        self._buffer += data
        requests = []
        while self._buffer and (found := self._read(self._buffer)):
            request, end = found
            requests.append(request)
            self._buffer = self._buffer[end:]
            self._continued = False
        return requests

    def awaits_continue(self) -> bool:
        """A client waits to be told that it may send the body, and was not told yet."""
        head, blank, _ = self._buffer.partition(b"\r\n\r\n")
        awaits = bool(blank) and b"100-continue" in head.lower() and not self._continued
        self._continued |= awaits
        return awaits


class Strict:
    """Requests by h11."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_MAX)
        self._head: h11.Request | None = None
        self._body: list[bytes] = []

    def feed(self, data: bytes) -> list[Request]:
        requests = []
        try:
            self._connection.receive_data(data)
            while (event := self._connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                match event:
                    case h11.Request():
                        self._head, self._body = event, []
                    case h11.Data():
                        self._body.append(bytes(event.data))
                    case h11.EndOfMessage():
                        requests.append(self._complete())
                    case h11.ConnectionClosed():
                        break
        except h11.RemoteProtocolError as why:
            raise Malformed(f"h11: {why}") from why
        return requests

    def _complete(self) -> Request:
        head = self._head
        if head.method == b"CONNECT":
            raise Malformed("CONNECT asks for a tunnel")
        version = b"HTTP/" + head.http_version
        request = Request(head.method, head.target, version, tuple(head.headers), b"".join(self._body))
        # h11 reads the next request only after it has seen this one answered.
        self._connection.send(h11.Response(status_code=200, headers=[(b"content-length", b"0")]))
        self._connection.send(h11.EndOfMessage())
        if self._connection.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._connection.start_next_cycle()
        return request

    def awaits_continue(self) -> bool:
        if not self._connection.they_are_waiting_for_100_continue:
            return False
        self._connection.send(h11.InformationalResponse(status_code=100, headers=[]))
        return True


READERS = {
    "strict": Strict,
    "lenient": lambda: Buffered(forgiving.read),
    "recording": lambda: Buffered(message.read),
}


def reading(name: str) -> Server:
    """An upstream that reads in the way of this name."""

    def serve(connection: Connection) -> None:
        reader = READERS[name]()
        while data := connection.receive():
            try:
                requests = reader.feed(data)
            except Malformed as why:
                connection.fault = str(why)
                connection.send(REFUSAL)
                return
            for request in requests:
                connection.note(request)
                connection.send(answer(name, request))
                if ends_connection(request):
                    return
            if reader.awaits_continue():
                connection.send(CONTINUE)

    return Server(serve)


def ends_connection(request: Request) -> bool:
    """RFC 9112 §9.3."""
    options = b",".join(request.all(b"connection")).lower()
    return b"close" in options or request.version != b"HTTP/1.1" and b"keep-alive" not in options


def answer(name: str, request: Request) -> bytes:
    """Says which request was seen; a HEAD request gets no body."""
    body = b"%s %s seen" % (request.method, request.target)
    length = b"Content-Length: %d\r\n" % len(body)
    head = b"HTTP/1.1 200 OK\r\nX-Seen-By: %s\r\nContent-Type: text/plain\r\n%s\r\n" % (name.encode(), length)
    return head if request.method == b"HEAD" else head + body
