"""One connection on which a request is sent again and again."""

import http.client
import socket


class Wrong(Exception):
    """The answer was not the one that the path is about."""


class Connection:
    """Each answer is to have this status and, in its fields or its body, this content."""

    def __init__(self, address: tuple[str, int], request: bytes, status: int, content: bytes, patience: float = 60.0):
        self._request, self._status, self._content = request, status, content
        self._socket = socket.create_connection(address, timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def exchange(self, times: int = 1) -> None:
        """Raises `Wrong` at the first answer that is another one."""
        for _ in range(times):
            # In one piece: how many are read would otherwise be a matter of luck.
            self._socket.sendall(self._request)
            response = http.client.HTTPResponse(self._socket)
            response.begin()
            fields, body = str(response.headers).encode(), response.read()
            if response.status != self._status or self._content not in fields + body:
                answer = f"answered {response.status} instead of {self._status}, or with other content"
                raise Wrong(f"{answer}: {fields + body!r}")
