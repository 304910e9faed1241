"""R30: many event streams at once, and what becomes of the upstream's side when a client goes."""

import asyncio
import contextlib
import time

from harness import loop
from harness.exchange import head
from harness.faults import Request, Upstream, Wire, chunk
from harness.gateway import Gateway, config
from harness.limits import open_files, until
from harness.rows import row

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Ticker:
    """An upstream that says on each stream its name and the number of the event, once an interval; `gone` has when each
    stream's connection was ended."""

    def __init__(self, interval: float):
        self.interval, self.open, self.gone = interval, set(), {}

    async def __call__(self, wire: Wire, request: Request) -> bool:
        name = request.field("x-stream")
        self.open.add(name)
        await wire.send(STREAM)
        ticking = asyncio.create_task(self._tick(wire, name))
        await wire.gone()
        self.gone[name] = time.monotonic()
        self.open.discard(name)
        ticking.cancel()
        return False

    async def _tick(self, wire: Wire, name: str) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                await wire.send(chunk(event(name, number)))
                number += 1
                await asyncio.sleep(self.interval)


def event(name: str, number: int) -> bytes:
    return f"id: {name}/{number}\ndata: {number}\n\n".encode()


async def listen(address, authority: str, name: str, seconds: float) -> tuple[str, int, float, list[str]]:
    """Takes the events of a stream until the time is over: how many they were, when it left, what was wrong."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(head(authority, "GET", "/a/mcp", "Accept: text/event-stream", f"X-Stream: {name}"))
    number, wrong = 0, []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            got = await reader.readuntil(b"\r\n\r\n")
            if not got.startswith(b"HTTP/1.1 200 "):
                return name, 0, 0.0, [f"{name}: {got[:40]!r}"]
            while size := int(await reader.readuntil(b"\r\n"), 16):
                part = (await reader.readexactly(size + 2))[:-2]
                if part != event(name, number):
                    wrong.append(f"{name}: {part[:60]!r} in place of event {number}")
                number += 1
            wrong.append(f"{name}: it ended")
    left = time.monotonic()
    writer.transport.abort()
    return name, number, left, wrong


def streams(count: int, interval: float, seconds: float) -> str:
    """Half of the clients leave after half of the time."""
    files = open_files(20_000)
    assert files > 4 * count, f"only {files} file descriptors"
    ticker = Ticker(interval)
    with Upstream(ticker) as upstream, Gateway(config(upstream.url())) as gateway:

        async def all_of_them():
            times = (seconds if number % 2 else seconds / 2 for number in range(count))
            where = (gateway.address, gateway.authority)
            return await asyncio.gather(*(listen(*where, f"s{number}", time) for number, time in enumerate(times)))

        heard = loop.run(all_of_them(), patience=seconds + 120)
        until(lambda: not ticker.open, 5, "not all of the upstream's streams were released")
        memory = gateway.memory() >> 20
    wrong = [problem for *_, problems in heard for problem in problems]
    events = sum(number for _, number, *_ in heard)
    released = max(ticker.gone[name] - left for name, _, left, _ in heard)
    fewest = min(number / (seconds if int(name[1:]) % 2 else seconds / 2) for name, number, *_ in heard) * interval
    figure = f"{count} streams, {events} events, 0 lost; upstream released after {released:.2f} s at most, {memory} MiB"
    assert not wrong, f"{len(wrong)} events are not as sent: {wrong[:3]}"
    assert released <= 1.0, f"{figure}: later than 1 s"
    assert fewest > 0.5, f"a stream got only {fewest:.0%} of its events in time"
    return figure


@row("R30", "50 event streams for 3 s: each event arrives once, alone and in order", fast=True)
def few() -> str:
    return streams(50, 0.1, 3)


@row("R30", "1,000 event streams for five minutes: each event arrives once, alone and in order")
def many() -> str:
    return streams(1000, 1.0, 300)
