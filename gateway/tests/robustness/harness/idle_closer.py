"""Servers that close their idle connection when they are told to, and know of each message whether they, or their
system, took a byte of it. They run in a process of their own (`python idle_closer.py COUNT`): nothing comes between."""

import asyncio
import json
import pathlib
import socket
import struct
import subprocess
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# Where Linux' struct tcp_info has the bytes that were received.
BYTES_RECEIVED = 128


class IdleClosers:
    """As many servers. `close_idle` has one close its connection; `stop` tells what they saw, see `serve`."""

    def __init__(self, count: int):
        command = [sys.executable, str(pathlib.Path(__file__)), str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ports = json.loads(self._process.stdout.readline())
        self.urls = [f"http://127.0.0.1:{port}/mcp" for port in ports]
        self._control = [socket.create_connection(("127.0.0.1", port)) for port in ports]
        for control in self._control:
            control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close_idle(self, number: int) -> None:
        self._control[number].send(CLOSE)

    def stop(self) -> dict[str, int]:
        told, _ = self._process.communicate(timeout=20)
        return json.loads(told)


CLOSE = b"!"


class _Connection(asyncio.Protocol):
    """Messages end with a `}`; a `!` is for the server's other connection."""

    def __init__(self, server: dict, seen: dict[str, int]):
        self._server, self._seen, self._received, self._answered = server, seen, 0, 0

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data == CLOSE:
            if idle := self._server.pop("idle", None):
                idle.close()
            return
        self._server.pop("idle", None)
        self._received += len(data)
        if data.endswith(b"}"):
            self._seen["answered"] += 1
            self._transport.write(ANSWER)
            self._server["idle"] = self

    def close(self) -> None:
        end = self._transport.get_extra_info("socket")
        try:
            # From now on the system answers data with a reset and takes in nothing, so the count is final.
            end.shutdown(socket.SHUT_RDWR)
            information = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            # The end of a connection that the gateway has closed meanwhile counts as one.
            self._seen["taken"] += struct.unpack_from("Q", information, BYTES_RECEIVED)[0] > self._received + 1
            self._seen["closed"] += 1
        except OSError:
            pass  # The gateway was faster.
        self._transport.close()


async def serve(count: int) -> None:
    """Until standard input ends; then says how many messages were `answered`, connections `closed`, and how many of
    these when the system had `taken` in bytes that were not read yet: who sent them cannot know."""
    seen = {"answered": 0, "closed": 0, "taken": 0}
    loop, ports = asyncio.get_running_loop(), []
    for _ in range(count):
        server = {}
        listening = await loop.create_server(lambda server=server: _Connection(server, seen), "127.0.0.1", 0)
        ports.append(listening.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
