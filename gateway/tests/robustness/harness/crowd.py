"""Many connections at once that do nothing, and a well-behaved client that notices."""

import concurrent.futures
import contextlib
import pathlib
import socket
import ssl
import statistics
import time

from .exchange import Client, post
from .gateway import Gateway

PATIENCE = 20.0


class Crowd:
    """Connections that are open and say nothing; with `tls`, after their handshake."""

    def __init__(self, address: tuple[str, int], count: int, tls: ssl.SSLContext | None = None):
        self._address, self._tls = address, tls
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.sockets = list(pool.map(self._open, range(count)))

    def _open(self, _: int) -> socket.socket:
        plain = socket.create_connection(self._address, PATIENCE)
        return self._tls.wrap_socket(plain, server_hostname="localhost") if self._tls else plain

    def close(self) -> None:
        for each in self.sockets:
            each.close()

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def is_refused(address: tuple[str, int]) -> bool:
    """Whether a new connection is closed at once, without a word."""
    with socket.create_connection(address, PATIENCE) as one:
        one.settimeout(1.0)
        with contextlib.suppress(ConnectionResetError):
            try:
                return one.recv(1) == b""
            except TimeoutError:
                return False
        return True


def open_descriptors(gateway: Gateway) -> int:
    return sum(1 for _ in pathlib.Path(f"/proc/{gateway.process.pid}/fd").iterdir())


def p99_of_new_connections(gateway: Gateway, requests: int = 150, rounds: int = 3) -> float:
    """In seconds, each request over a connection of its own: the median of some rounds, as other work on the machine
    may disturb one."""
    return statistics.median(_p99(gateway, requests) for _ in range(rounds))


def p99_until(done, gateway: Gateway, requests: int = 150) -> float:
    """The same over all rounds until something is done, its last moments included."""
    rounds = []
    while not (rounds and done()):
        rounds.append(_p99(gateway, requests))
        time.sleep(0.1)
    return statistics.median(rounds)


def _p99(gateway: Gateway, requests: int) -> float:
    took = []
    for _ in range(requests):
        with Client(gateway.address) as client:
            got = client.ask(post(gateway.authority))
        assert (got.status, got.complete) == (200, True), f"a well-behaved client got {got.status} {got.error}"
        took.append(got.seconds)
    return sorted(took)[int(requests * 0.99) - 1]
