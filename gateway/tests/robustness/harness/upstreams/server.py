"""A listening socket, a thread for each connection, and a record of what came on it."""

import socket
import threading
import time
from collections.abc import Callable

from ..message import Request


class Connection:
    """One connection from the proxy, with all that came on it."""

    def __init__(self, number: int, stream: socket.socket, of_all: list[Request]):
        self.number = number
        self._of_all = of_all
        self.stream = stream
        self.received: list[tuple[float, bytes]] = []
        self.requests: list[Request] = []
        self.fault: str | None = None
        self.ended = threading.Event()

    def receive(self) -> bytes:
        """The next bytes, or none when the proxy has ended the connection."""
        try:
            data = self.stream.recv(1 << 18)
        except OSError:
            return b""
        if data:
            self.received.append((time.monotonic(), data))
        return data

    def note(self, request: Request) -> None:
        """A request has been read."""
        self.requests.append(request)
        self._of_all.append(request)

    def send(self, data: bytes) -> None:
        try:
            self.stream.sendall(data)
        except OSError:
            pass

    @property
    def bytes(self) -> bytes:
        return b"".join(data for _, data in list(self.received))


class Server:
    """`serve` gets each connection, which is closed when it returns."""

    def __init__(self, serve: Callable[[Connection], None]):
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self.connections: list[Connection] = []
        self.requests: list[Request] = []
        """Of all connections, in the order they came."""
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def url(self, path: str = "", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    @property
    def received(self) -> int:
        """Bytes on all connections."""
        return sum(len(data) for connection in list(self.connections) for _, data in list(connection.received))

    def stop(self) -> None:
        # A thread in accept() holds the socket open until it is shut down.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for connection in list(self.connections):
            try:
                connection.stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(len(self.connections), stream, self.requests)
            self.connections.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: Connection) -> None:
        try:
            self._serve(connection)
        finally:
            connection.stream.close()
            connection.ended.set()
