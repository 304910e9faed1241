"""An upstream on bare sockets, which answers with whatever bytes a row wants, and tells what reached it."""

import asyncio
import contextlib
import dataclasses
import itertools
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable

from . import loop

HEAD_MAX = 1 << 20


@dataclasses.dataclass
class Request:
    """As it arrived; `body` without its framing."""

    connection: int
    head: bytes
    body: bytes = b""
    at: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    def field(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        return None


class Wire:
    """One connection of the gateway's, from the upstream's side."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.number, self.reader, self.writer = number, reader, writer
        self.closed_at: float | None = None

    async def send(self, *parts: bytes, every: float = 0.0) -> None:
        """Each part in a write, and so as a rule in a segment, of its own."""
        for number, part in enumerate(parts):
            if number and every:
                await asyncio.sleep(every)
            self.writer.write(part)
            await self.writer.drain()

    async def slices(self, data: bytes, size: int = 1, every: float = 0.0) -> None:
        view = memoryview(data)
        for at in range(0, len(data), size):
            await self.send(view[at : at + size])
            if every:
                await asyncio.sleep(every)

    def reset(self) -> None:
        """Ends the connection with RST; what was written just before may be lost with it."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Returns when the gateway has ended the connection."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass


Behaviour = Callable[[Wire, Request], Awaitable[bool | None]]


class Upstream:
    """`behave` is called for each request; what it returns says whether the connection stays open for another one.
    With `first`, that is called on each new connection before anything is read. With `reads_bodies=False` bodies stay
    in the wire's reader."""

    def __init__(self, behave: Behaviour, *, first=None, tls: ssl.SSLContext | None = None, reads_bodies: bool = True):
        self._behave, self._first, self._reads_bodies = behave, first, reads_bodies
        self.seen: list[Request] = []
        self.wires: dict[int, Wire] = {}
        self.opened = 0
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task] = set()
        self._server = loop.run(self._listen(tls))
        self.address: tuple[str, int] = self._server.sockets[0].getsockname()

    async def _listen(self, tls):
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls, limit=HEAD_MAX, backlog=4096)

    def url(self, path: str = "/mcp", scheme: str = "http") -> str:
        return "{}://{}:{}{}".format(scheme, *self.address, path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(next(self._numbers), reader, writer)
        self.wires[wire.number] = wire
        self.opened += 1
        self._tasks.add(task := asyncio.current_task())
        try:
            if self._first:
                await self._first(wire)
            while await self._behave(wire, await self._request(wire)):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # The gateway has ended it, or the row: `seen` tells what there was.
        finally:
            wire.closed_at = time.monotonic()
            del self.wires[wire.number]
            self._tasks.discard(task)
            writer.close()

    async def _request(self, wire: Wire) -> Request:
        request = Request(wire.number, await wire.reader.readuntil(b"\r\n\r\n"))
        self.seen.append(request)
        if self._reads_bodies:
            request.body = await read_body(wire.reader, request)
        return request

    def close(self) -> None:
        loop.run(self._close())

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __enter__(self) -> "Upstream":
        return self

    def __exit__(self, *_) -> None:
        self.close()


async def read_body(reader: asyncio.StreamReader, request: Request) -> bytes:
    if "chunked" in (request.field("transfer-encoding") or ""):
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body
    return await reader.readexactly(int(request.field("content-length") or 0))


def answer(body: bytes, status: str = "200 OK", *fields: str) -> bytes:
    """A well-formed answer with a length."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*chunks: bytes, fields: str = "") -> bytes:
    """A head and these chunks, without the last one."""
    return f"HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode() + b"".join(map(chunk, chunks))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def always(data: bytes) -> Behaviour:
    """These bytes for each request, and the connection kept."""

    async def behave(wire: Wire, _: Request) -> bool:
        await wire.send(data)
        return True

    return behave
