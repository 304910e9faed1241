"""One connection on which the same request is sent again and again."""

import http.client
import socket


class Wrong(Exception):
    """The answer was not the one that the path is about."""


class Connection:
    def __init__(self, address: tuple[str, int], patience: float = 60.0):
        self._socket = socket.create_connection(address, timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def send(self, request: bytes, status: int, content: bytes, times: int = 1) -> None:
        """Raises `Wrong` unless each answer has this status and, in its fields or its body, this content."""
        for _ in range(times):
            # In one piece: how many are read would otherwise be a matter of luck.
            self._socket.sendall(request)
            response = http.client.HTTPResponse(self._socket)
            response.begin()
            fields, body = str(response.headers).encode(), response.read()
            if response.status != status or content not in fields + body:
                raise Wrong(f"answered {response.status} instead of {status}, or with other content: {fields + body!r}")
