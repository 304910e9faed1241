"""A stream of events, its server at one end and its client at the other. The next event is sent when the last one has
come, so that none shares a read with another and all cost the same."""

import contextlib
import socket
from collections.abc import Iterator

from connection import Wrong

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
)
# As long as those of `make bench`.
EVENT = b'id: 1234567\ndata: {"jsonrpc":"2.0","sent":1234567890123456,"number":1234567}\n\n'
CHUNK = f"{len(EVENT):x}\r\n".encode() + EVENT + b"\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class Server:
    """What streams come from, one at a time."""

    def __init__(self, patience: float = 60.0):
        self._patience = patience
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(patience)

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    @contextlib.contextmanager
    def stream(self, gateway: tuple[str, int], request: bytes) -> Iterator["Stream"]:
        """One that is opened by this request."""
        with contextlib.ExitStack() as opened:
            client = opened.enter_context(socket.create_connection(gateway, timeout=self._patience))
            client.sendall(request)
            server, _ = self._listener.accept()
            opened.enter_context(server).settimeout(self._patience)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            read_until(server, b"\r\n\r\n")
            server.sendall(HEAD)
            head = read_until(client, b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                raise Wrong(f"no stream was opened: {head!r}")
            yield Stream(server, client)
            # Nothing is logged of a stream that has come to its end.
            server.sendall(LAST_CHUNK)
            read_until(client, LAST_CHUNK)

    def close(self) -> None:
        self._listener.close()


class Stream:
    def __init__(self, server: socket.socket, client: socket.socket):
        self._server, self._client = server, client

    def exchange(self, times: int = 1) -> None:
        """Raises `Wrong` unless each event comes as it was sent."""
        for _ in range(times):
            self._server.sendall(CHUNK)
            came = read_until(self._client, b"\n\n\r\n")
            if EVENT not in came:
                raise Wrong(f"an event came as {came!r}")


def read_until(side: socket.socket, end: bytes) -> bytes:
    read = b""
    while not read.endswith(end):
        piece = side.recv(64 * 1024)
        if not piece:
            raise Wrong(f"a connection was closed behind {read!r}")
        read += piece
    return read
