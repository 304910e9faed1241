"""R21 to R23: endpoints that fail cost clients a handful of errors, get one request at a time while they are down, and
come back when they work; and one that flaps changes sides no more often than its checks say."""

import asyncio
import itertools
import random
import time

from harness import load, loop
from harness.apis import api, fleet
from harness.blackhole import Blackhole
from harness.exchange import Client, post
from harness.faults import Request, Upstream, Wire, answer
from harness.gateway import Gateway, config
from harness.limits import until
from harness.rows import row

CLIENTS = 8
THRESHOLD = 5


class Switched(Upstream):
    """Works, or fails in its way as long as `fails` says so."""

    def __init__(self, failure, name: str):
        self.fails = False

        async def behave(wire: Wire, request: Request) -> bool:
            if self.fails:
                return await failure(wire)
            await wire.send(answer(name.encode()))
            return True

        super().__init__(behave)


async def error(wire: Wire) -> bool:
    await wire.send(answer(b"{}", "500 Internal Server Error"))
    return True


async def reset(wire: Wire) -> bool:
    wire.reset()
    return False


def one_of_three(failure) -> str:
    """Six seconds under load, in which one of three endpoints fails for the first four."""
    ups = [Switched(failure, name) for name in ("one", "two", "three")]
    times = "base_ejection_time: 1s, max_ejection_time: 1s"
    ejection = f"outlier_detection: {{ consecutive_failures: {THRESHOLD}, {times} }}"
    with Gateway(fleet(api("a", [up.url() for up in ups], ejection))) as gateway:
        request = post(gateway.authority)
        clients = loop.begin(load.in_turn(gateway.address, request, CLIENTS, 6.0, pause=0.01))
        until(lambda: len(ups[0].seen) > 20, 5, "the endpoint got no requests")
        ups[0].fails, failed_at = True, time.monotonic()
        gateway.wait_for(lambda event: event.get("event") == "endpoint_ejected")
        time.sleep(max(0.0, failed_at + 4 - time.monotonic()))
        healed_at, ups[0].fails = time.monotonic(), False
        gateway.wait_for(lambda event: event.get("event") == "endpoint_readmitted")
        back = time.monotonic() - healed_at
        samples = clients.result(30)
    for up in ups:
        up.close()
    errors = load.count(samples, 0, 500, 502)
    # While it is out, each ejection of a second ends with one request that tries it.
    most = THRESHOLD + CLIENTS + 4
    figure = f"{errors} errors of {len(samples)} requests over 4 s, back {back:.1f} s after it worked again"
    assert errors <= most, f"{figure}: more than {most}"
    assert back <= 1.5, f"{figure}: later than its ejection time"
    return figure


@row("R21", "one of three endpoints that answers with errors costs no more than its threshold")
def errors() -> str:
    return one_of_three(error)


@row("R21", "one of three endpoints that resets connections costs no more than its threshold")
def resets() -> str:
    return one_of_three(reset)


@row("R21", "an endpoint that resets connections is left alone for as long as its ejection lasts")
def silent_ejection() -> str:
    up, other = Switched(reset, "one"), Switched(reset, "two")
    up.fails = True
    ejection = "outlier_detection: { consecutive_failures: 2, base_ejection_time: 1m }"
    with Gateway(fleet(api("a", [up.url(), other.url()], ejection))) as gateway:
        samples = loop.run(load.in_turn(gateway.address, post(gateway.authority), 1, 3.5, pause=0.01))
    up.close(), other.close()
    figure = f"{load.count(samples, 0, 502)} errors of {len(samples)} requests in 3.5 s of a minute's ejection"
    assert load.count(samples, 0, 502) <= 3, figure
    return figure


@row("R21", "an endpoint that takes no connection slows its threshold of requests and those under way", fast=True)
def blackholed() -> str:
    works = Switched(error, "works")
    ejection = f"outlier_detection: {{ consecutive_failures: {THRESHOLD}, base_ejection_time: 1m }}"
    keys = f"timeouts: {{ connect: 500ms }}, {ejection}"
    with Blackhole() as blackhole, Gateway(fleet(api("a", [blackhole.url(), works.url()], keys))) as gateway:
        samples = loop.run(load.in_turn(gateway.address, post(gateway.authority), CLIENTS, 2.5, pause=0.01))
    works.close()
    slow = sum(sample.seconds > 0.4 for sample in samples)
    figure = f"{slow} of {len(samples)} requests were slowed, {len(samples) - load.count(samples, 200)} failed"
    assert slow <= THRESHOLD + CLIENTS and load.count(samples, 200) == len(samples), figure
    return figure


@row("R22", "while a circuit is open clients are sent away at once, and one request at a time tries it", fast=True)
def open_circuit() -> str:
    hold, stall = asyncio.Event(), False

    async def behave(wire: Wire, _: Request) -> bool:
        if not stall:
            return await error(wire)
        await hold.wait()
        await wire.send(answer(b"well"))
        return True

    keys = "outlier_detection: { consecutive_failures: 2, base_ejection_time: 1500ms, max_ejection_percent: 100 }"
    with Upstream(behave) as upstream, Gateway(config(upstream.url(), api=f"upstream: {{ {keys} }}")) as gateway:
        request = post(gateway.authority)
        with Client(gateway.address) as one, Client(gateway.address) as two:
            assert [one.ask(request).status, two.ask(request).status] == [500, 500]
        closed = loop.run(load.in_turn(gateway.address, request, 1, 0.8))
        assert load.count(closed, 503) == len(closed), "an open circuit let a request through"
        assert all(b"\r\nretry-after: " in each.head.lower() for each in closed), "no Retry-After"
        assert len(upstream.seen) == 2, "requests reached it while its circuit was open"
        stall, before = True, len(upstream.seen)
        trying = loop.begin(load.in_turn(gateway.address, request, 50, 1.5, pause=0.02))
        until(lambda: len(upstream.seen) > before, 3, "no request tried it")
        time.sleep(0.5)
        tried = len(upstream.seen) - before
        loop.run(_set(hold))
        samples = trying.result(30)
    assert tried == 1, f"{tried} requests at a time tried it"
    assert load.count(samples, 200, 503) == len(samples) and load.count(samples, 200), "it did not come back"
    return f"503 after {load.percentile(closed, 0.5) * 1000:.1f} ms (median), one request of 50 clients tried it"


async def _set(event: asyncio.Event) -> None:
    event.set()


@row("R23", "an endpoint whose health flaps ten times a second changes sides only as its checks say")
def flapping() -> str:
    verdicts: list[bool] = []
    began, chance = time.monotonic(), random.Random(23)
    # Each for 100 ms, which is two or three checks.
    health = [chance.random() < 0.5 for _ in range(200)]

    async def behave(wire: Wire, request: Request) -> bool:
        if request.target == "/healthz":
            verdicts.append(well := health[int((time.monotonic() - began) * 10)])
            await wire.send(answer(b"", "200 OK" if well else "503 Service Unavailable"))
            return True
        await wire.send(answer(b"served"))
        return True

    thresholds = "unhealthy_threshold: 3, healthy_threshold: 2"
    check = f"health_check: {{ protocol: http, path: /healthz, interval: 40ms, {thresholds} }}"
    with Upstream(behave) as upstream, Gateway(config(upstream.url(), api=f"upstream: {{ {check} }}")) as gateway:
        time.sleep(8)
        seen = [event for event in _until_now(gateway) if event.startswith("endpoint_")]
    expected = turns(verdicts, unhealthy=3, healthy=2)
    flips = sum(before != after for before, after in itertools.pairwise(verdicts))
    figure = f"{len(verdicts)} checks with {flips} turns: {len(seen)} changes"
    # The last verdict may not have been looked at.
    assert expected, "the pattern must change sides"
    assert seen in (expected, turns(verdicts[:-1], 3, 2)), f"{figure} instead of {len(expected)}"
    return figure


def turns(verdicts: list[bool], unhealthy: int, healthy: int) -> list[str]:
    """What hysteresis makes of these verdicts."""
    changes, well, row_of = [], True, 0
    for verdict in verdicts:
        row_of = 0 if verdict == well else row_of + 1
        if row_of == (unhealthy if well else healthy):
            well, row_of = not well, 0
            changes.append("endpoint_healthy" if well else "endpoint_unhealthy")
    return changes


def _until_now(gateway: Gateway) -> list[str]:
    """The names of all events so far: the request asked for now is the last of them."""
    with Client(gateway.address) as client:
        client.ask(post(gateway.authority, "/nowhere"))
    gateway.wait_for(lambda event: event.get("path") == "/nowhere")
    return [event["event"] for event in gateway.events if "event" in event]
