"""Requests at a rate, or one after the other, over connections that are kept; and what became of each."""

import asyncio
import dataclasses
import time

from . import loop


@dataclasses.dataclass(frozen=True)
class Sample:
    """`status` 0: the connection ended instead. Seconds count from when the request was due; by how many of them this
    process was `late` is not the gateway's doing."""

    at: float
    status: int
    seconds: float
    body: bytes
    head: bytes
    late: float

    def says(self, reason: str) -> bool:
        return b'"%b"' % reason.encode() in self.body


class _Connections:
    """Idle ones, for the next request."""

    def __init__(self, address: tuple[str, int]):
        self._address, self._idle = address, []

    async def take(self):
        return self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)

    def give_back(self, connection) -> None:
        self._idle.append(connection)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


async def _ask(connections: _Connections, request: bytes, due: float, patience: float) -> Sample:
    head = body = b""
    late = time.monotonic() - due
    try:
        async with asyncio.timeout(patience):
            reader, writer = await connections.take()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await _body(reader, head.lower())
        if b"connection: close" in head.lower():
            writer.close()
        else:
            connections.give_back((reader, writer))
        status = int(head[9:12])
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        status = 0
    now = time.monotonic()
    return Sample(now, status, now - due, body, head, late)


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body
    length = head.partition(b"content-length:")[2].partition(b"\r")[0]
    return await reader.readexactly(int(length or 0))


async def at_rate(address, request: bytes, rate: float, seconds: float, patience: float = 30.0) -> list[Sample]:
    """An open loop: each request is sent when it is due, whatever has become of the others."""
    connections, began, tasks = _Connections(address), time.monotonic(), []
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            tasks.append(group.create_task(_ask(connections, request, due, patience)))
    connections.close()
    return [task.result() for task in tasks]


async def in_turn(address, request: bytes, clients: int, seconds: float, pause: float = 0.0) -> list[Sample]:
    """A closed loop: each client sends its next request once the last is answered, after a pause."""
    connections, until, samples = _Connections(address), time.monotonic() + seconds, []

    async def client() -> None:
        while (now := time.monotonic()) < until:
            samples.append(await _ask(connections, request, now, 30.0))
            await asyncio.sleep(pause)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    connections.close()
    return samples


def measure(address, request: bytes, rate: float, seconds: float) -> list[Sample]:
    return loop.run(at_rate(address, request, rate, seconds))


def percentile(samples: list[Sample], share: float) -> float:
    """Of the seconds they took."""
    ordered = sorted(sample.seconds for sample in samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def is_behind(samples: list[Sample]) -> bool:
    """Whether this process was itself too slow for the figures to say anything about the gateway."""
    return sorted(sample.late for sample in samples)[len(samples) * 9 // 10] > 0.05


def count(samples: list[Sample], *statuses: int) -> int:
    return sum(sample.status in statuses for sample in samples)
