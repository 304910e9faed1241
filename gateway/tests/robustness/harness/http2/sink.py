"""A server that greets as HTTP/2 does and then reads and forgets whatever comes, in a process of its own. An attack on it
costs the machine what the attacker costs.

    python -m harness.http2.sink

It prints its port, and ends when its input does."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

from . import frames


@contextlib.contextmanager
def sink() -> Iterator[tuple[str, int]]:
    """The address of one."""
    root = pathlib.Path(__file__).parents[2]
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield "127.0.0.1", int(process.stdout.readline())
        process.stdin.close()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    sys.stdin.read()


def _accept(listener: socket.socket) -> None:
    while True:
        threading.Thread(target=_forget, args=(listener.accept()[0],), daemon=True).start()


def _forget(stream: socket.socket) -> None:
    with stream, contextlib.suppress(OSError):
        stream.sendall(frames.settings())
        while stream.recv(1 << 20):
            pass


if __name__ == "__main__":
    main()
