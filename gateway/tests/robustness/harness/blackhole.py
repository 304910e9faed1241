"""Addresses at which nobody answers."""

import socket


class Blackhole:
    """An address at which connecting neither succeeds nor fails: a listener nobody accepts from, with a full queue."""

    def __init__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(1)
        self.address: tuple[str, int] = self._listener.getsockname()
        self._waiting = []
        while len(self._waiting) < 64:
            waiting = socket.socket()
            waiting.settimeout(0.3)
            self._waiting.append(waiting)
            try:
                waiting.connect(self.address)
            except TimeoutError:
                return
        raise AssertionError("the queue of the listener does not fill")

    def url(self, path: str = "/mcp") -> str:
        return "http://{}:{}{}".format(*self.address, path)

    def __enter__(self) -> "Blackhole":
        return self

    def __exit__(self, *_) -> None:
        for each in [self._listener, *self._waiting]:
            each.close()


class Nobody:
    """An address at which connections are refused. It is held, so that nobody else comes to listen there."""

    def __init__(self):
        self._held = socket.socket()
        self._held.bind(("127.0.0.1", 0))

    def url(self) -> str:
        return "http://{}:{}/mcp".format(*self._held.getsockname())

    def __enter__(self) -> "Nobody":
        return self

    def __exit__(self, *_) -> None:
        self._held.close()
