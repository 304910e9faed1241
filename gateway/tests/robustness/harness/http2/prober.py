"""Another client, in a process of its own so that the attacker's does not slow it: a request every few milliseconds over one
kept connection, and how long each answer took.

    python -m harness.http2.prober HOST PORT

It ends when its input does, and prints a line for each request: when it was sent, on the monotonic clock, and the seconds
until its answer was there."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

PAUSE = 0.002


class Prober:
    """Of a running gateway, from now on until it is stopped."""

    def __init__(self, address: tuple[str, int]):
        command = [sys.executable, "-m", __name__, address[0], str(address[1])]
        root = pathlib.Path(__file__).parents[2]
        self._process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"begun\n", "the other client could not connect"
        self._samples: list[tuple[float, float]] | None = None

    def stop(self) -> None:
        if self._samples is None:
            output, _ = self._process.communicate()
            self._samples = [tuple(map(float, line.split())) for line in output.splitlines()]

    def between(self, begin: float, end: float) -> list[float]:
        """How long the answers to requests of that time took, in order of length."""
        self.stop()
        return sorted(took for at, took in self._samples if begin <= at < end)


@contextlib.contextmanager
def probing(address: tuple[str, int]) -> Iterator[Prober]:
    prober = Prober(address)
    try:
        yield prober
    finally:
        prober.stop()


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    request = b"GET /nowhere HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (host.encode(), port)
    with socket.create_connection((host, port), timeout=30) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("begun", flush=True)
        samples = []
        while not ended.is_set():
            at = time.monotonic()
            stream.sendall(request)
            # The answer is small and comes in one piece or two; its end is the end of its JSON.
            answer = b""
            while not answer.endswith(b"}"):
                part = stream.recv(4096)
                assert part, "the connection was ended"
                answer += part
            samples.append((at, time.monotonic() - at))
            time.sleep(PAUSE)
    for at, took in samples:
        print(at, took)


if __name__ == "__main__":
    main()
