"""Two proxies that are known to be bad, to see that the oracle notices."""

import threading
from collections.abc import Callable

from .client import Client, Quiet
from .upstreams.server import Connection, Server

REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def refusing() -> Server:
    """Refuses everything, so it never lets anything dangerous through."""

    def serve(connection: Connection) -> None:
        connection.receive()
        connection.send(REFUSAL)

    return Server(serve)


def naive(upstreams: dict[str, int]) -> Server:
    """Believes the first Content-Length and nothing else, forwards what it got, and shares its upstream connections."""
    pools = {path.encode(): _Pool(port) for path, port in upstreams.items()}

    def serve(connection: Connection) -> None:
        buffer = b""
        while data := connection.receive():
            buffer += data
            while (end := _end_of_request(buffer)) is not None:
                message, buffer = buffer[:end], buffer[end:]
                pool = next((pool for path, pool in pools.items() if path in message), None)
                if pool is None:
                    connection.send(REFUSAL)
                    return
                pool.exchange(message, connection.send)

    return Server(serve)


def _end_of_request(data: bytes) -> int | None:
    head, blank, _ = data.partition(b"\r\n\r\n")
    if not blank:
        return None
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value) if value.strip().isdigit() else 0
            break
    end = len(head) + 4 + length
    return end if len(data) >= end else None


class _Pool:
    """One connection to an upstream, for whoever comes next."""

    def __init__(self, port: int):
        self._port = port
        self._lock = threading.Lock()
        self._client: Client | None = None

    def exchange(self, message: bytes, answer: Callable[[bytes], None]) -> None:
        with self._lock:
            if self._client is None or self._client.is_closed:
                self._client = Client(("127.0.0.1", self._port), patience=0.3)
            self._client.send(message)
            try:
                response = self._client.response(message.split(b" ")[0])
            except Quiet:
                response = None
            if response is None:
                self._client.close()
                self._client = None
                return answer(REFUSAL)
        fields = b"".join(b"%s: %s\r\n" % field for field in response.fields)
        answer(b"HTTP/1.1 %d OK\r\n%s\r\n%s" % (response.status, fields, response.body))
