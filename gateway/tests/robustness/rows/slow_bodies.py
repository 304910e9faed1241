"""S41: bodies that drip and answers that are hardly read fall behind the minimum rates, and are cut."""

import asyncio
import contextlib
import random
import socket
import time

from harness import loop, slow
from harness.exchange import Client, head, post
from harness.faults import Request, Upstream, Wire, answer
from harness.gateway import Gateway, config
from harness.limits import BUILD
from harness.rows import row
from harness.slowhttptest import attack

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
# The default: how far a client may fall behind.
GRACE = 10
READERS = 200
FRAMES = ("Content-Length: 100000", "Transfer-Encoding: chunked")


class Serving:
    """Takes any body; answers a GET with so many bytes as fast as they are taken."""

    def __init__(self, size: int = MEBIBYTE):
        self._answer = answer(bytes(size))

    async def __call__(self, wire: Wire, request: Request) -> bool:
        await wire.slices(self._answer if request.method == "GET" else answer(b"taken"), 16 * KIBIBYTE)
        return True


def grow(gateway: Gateway, clients, count: int) -> tuple[list, float]:
    """The endings, and the KiB that the gateway grew by for each while they were there."""
    before, most = gateway.memory(), 0
    while not clients.done():
        most = max(most, gateway.memory())
        time.sleep(0.05)
    return clients.result(), (most - before) / count / KIBIBYTE


def cut_bodies(count: int, grace: int, keys: str) -> str:
    with Upstream(Serving()) as upstream, Gateway(config(upstream.url(), listener=keys)) as gateway:
        heads = [head(gateway.authority, "POST", "/a/mcp", field) for field in FRAMES]
        one = lambda number: slow.drip(gateway.address, heads[number % 2], b"1\r\n", 1.0, grace + 8)
        numbers = iter(range(count))
        endings, each = grow(gateway, slow.many(lambda: one(next(numbers)), count), count)
    assert None not in endings, f"{endings.count(None)} of {count} were not cut"
    wrong = [ending for ending in endings if ending.status != 408 or not ending.says("body_too_slow")]
    last = max(ending.after for ending in endings)
    assert not wrong, f"{len(wrong)} were cut without a 408: {wrong[:2]}"
    assert grace - 0.1 <= min(ending.after for ending in endings) and last <= grace + 1, f"cut after {last:.1f} s"
    return f"{count} of {count} with a 408 after {last:.1f} s at most, {each:.0f} KiB for each{BUILD}"


def wait_for_cuts(gateway: Gateway, count: int, patience: float) -> tuple[float, int]:
    """Until the gateway has said of each reader that it was cut: the seconds it took, and the most memory meanwhile."""
    began, most, cut = time.monotonic(), gateway.memory(), 0
    while cut < count:
        left = began + patience - time.monotonic()
        assert left > 0, f"only {cut} of {count} were cut within {patience} s"
        with contextlib.suppress(AssertionError):
            gateway.wait_for(lambda event: event.get("reason") == "answer_not_read", min(left, 0.1))
            cut += 1
        most = max(most, gateway.memory())
    return time.monotonic() - began, most


@row("S41", "bodies of a byte a second are cut with a 408 once they are behind by the grace", fast=True)
def few_bodies() -> str:
    return cut_bodies(20, 2, "limits: { min_rate_grace: 2s }")


@row("S41", "200 bodies of a byte a second are cut with a 408 within the default limits")
def bodies() -> str:
    return cut_bodies(200, GRACE, "limits: { head_timeout: 10s }")


@row("S41", "200 answers of 1 MiB read at 10 bytes a second are cut, at 64 KiB of memory each")
def readers() -> str:
    done = asyncio.Event()
    with Upstream(Serving()) as upstream, Gateway(config(upstream.url())) as gateway:
        request = head(gateway.authority, "GET")
        with Client(gateway.address) as other:
            # What the program needs to answer anybody (its code, mostly) is not what a slow reader costs. The answer is small,
            # so that nothing large is left for the readers to use.
            assert other.ask(post(gateway.authority)).status == 200
        before = gateway.memory()
        clients = slow.many(lambda: slow.sip(gateway.address, request, 10, 1.0, done), READERS)
        last, most = wait_for_cuts(gateway, READERS, GRACE + 10)
        loop.run(_set(done))
        clients.result(20)
    each = (most - before) / READERS / KIBIBYTE
    figure = f"{READERS} of {READERS} cut after {last:.1f} s at most, {each:.0f} KiB for each{BUILD}"
    # What the system takes before it makes the gateway wait is for the client's good.
    assert last <= GRACE + 2, figure
    assert each <= 64, figure
    return figure


async def _set(event: asyncio.Event) -> None:
    event.set()


@row("S41", "slowhttptest -B with 200 connections is over when they have fallen behind")
def body_tool() -> str:
    drips = ("-B", "-i", "1", "-s", "8192", "-t", "POST", "-x", "1")
    with Upstream(Serving()) as upstream, Gateway(config(upstream.url())) as gateway:
        seen = attack(f"http://{gateway.authority}/a/mcp", *drips, connections=200, rate=200, seconds=GRACE + 10)
    assert seen.connected >= 150, f"it had only {seen.connected} connections"
    assert seen.over is not None and seen.over <= seen.full + 1 + GRACE + 1, f"connections were left: {seen}"
    assert seen.served, f"its well-behaved client was not served: {seen}"
    return f"{seen.connected} connections at once, none {seen.over - seen.full} s later"


@row("S41", "slowhttptest -X with 200 connections has all of them cut, and others are served")
def read_tool() -> str:
    slow_reads = ("-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "1")
    with Upstream(Serving(8 * MEBIBYTE)) as upstream, Gateway(config(upstream.url())) as gateway:
        url = f"http://{gateway.authority}/a/mcp"
        seen = attack(url, *slow_reads, connections=READERS, rate=200, seconds=GRACE + 10)
        wait_for_cuts(gateway, READERS, 1)
    assert seen.served, f"its well-behaved client was not served: {seen}"
    return f"{READERS} of {seen.connected} connections cut"


@row("S41", "a byte that comes just after the time is over does not begin it anew")
def just_too_late() -> str:
    grace, count = 1.0, 150
    chance = random.Random(41)
    keys = "limits: { min_rate_grace: 1s }"
    with Upstream(Serving()) as upstream, Gateway(config(upstream.url(), listener=keys)) as gateway:
        begun = head(gateway.authority, "POST", "/a/mcp", FRAMES[0])

        async def client(number: int) -> float:
            await asyncio.sleep(number * 0.02)
            return await one_late_byte(gateway.address, begun, grace + chance.uniform(0.0005, 0.003))

        async def all_of_them() -> list[float]:
            return await asyncio.gather(*(client(number) for number in range(count)))

        lasted = loop.run(all_of_them())
    escaped = sum(seconds > 1.5 * grace for seconds in lasted)
    figure = f"{escaped} of {count} that sent a byte 0.5 to 3 ms too late had their time anew"
    assert not escaped, figure
    return figure


async def one_late_byte(address, begun: bytes, after: float) -> float:
    """How long a connection lasts whose one byte comes so late."""
    asking, part = asyncio.get_running_loop(), b"-"
    with socket.socket() as client:
        client.setblocking(False)
        await asking.sock_connect(client, address)
        await asking.sock_sendall(client, begun)
        began = time.monotonic()
        # The loop's own timers are not exact enough for the last few milliseconds.
        await asyncio.sleep(after - 0.003)
        time.sleep(max(0.0, began + after - time.monotonic()))
        with contextlib.suppress(ConnectionError):
            await asking.sock_sendall(client, b"x")
            while part:
                part = await asking.sock_recv(client, 65536)
    return time.monotonic() - began
