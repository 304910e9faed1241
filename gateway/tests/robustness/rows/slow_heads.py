"""S40: request heads that drip, and connections that say nothing, are ended at their deadline with a 408, and cost
nobody else anything."""

import functools

from harness import slow
from harness.crowd import p99_of_new_connections, p99_until
from harness.exchange import head
from harness.faults import Upstream, always, answer
from harness.gateway import Gateway, config
from harness.limits import open_files
from harness.rows import row
from harness.slowhttptest import attack

DEADLINE = 10


def begun(gateway: Gateway) -> bytes:
    return head(gateway.authority, "GET")[:-2]


def judge(endings: list, deadline: float) -> tuple[float, float]:
    """When the first and the last were ended, all of them with a 408."""
    assert None not in endings, f"{endings.count(None)} of {len(endings)} connections were not ended"
    wrong = [ending for ending in endings if ending.status != 408 or not ending.says("head_timeout")]
    assert not wrong, f"{len(wrong)} of {len(endings)} were ended without a 408: {wrong[:2]}"
    first, last = min(ending.after for ending in endings), max(ending.after for ending in endings)
    assert deadline - 0.1 <= first and last <= deadline + 1, f"ended after {first:.1f} to {last:.1f} s"
    return first, last


@row("S40", "200 connections with a head that drips or does not come are ended in time with a 408", fast=True)
def few() -> str:
    with Gateway(config("http://127.0.0.1:9/mcp", listener="limits: { head_timeout: 2s }")) as gateway:
        client = functools.partial(slow.drip, gateway.address, every=0.2, patience=10)
        clients = [
            slow.many(lambda: client(begun(gateway), b"X: y\r\n"), 80),
            slow.many(lambda: client(b"", b"GET / HTTP/1.1\r\nX"), 60),
            slow.many(lambda: client(b"", b""), 60),
        ]
        first, last = judge([ending for each in clients for ending in each.result(30)], 2)
    return f"200 of 200 with a 408 after {first:.1f} to {last:.1f} s of 2 s"


@row("S40", "2,000 connections whose heads drip are ended in time, and others are served as fast as before")
def dripping() -> str:
    return crowd(b"X: y\r\n")


@row("S40", "2,000 connections that say nothing are ended in time, and others are served as fast as before")
def silent() -> str:
    return crowd(b"")


def crowd(piece: bytes) -> str:
    open_files(20_000)
    with Upstream(always(answer(b"ok"))) as upstream, Gateway(config(upstream.url())) as gateway:
        quiet = p99_of_new_connections(gateway)
        at_once = begun(gateway) if piece else b""
        clients = slow.many(lambda: slow.drip(gateway.address, at_once, piece, 1.0, DEADLINE + 10), 2000)
        busy = p99_until(clients.done, gateway)
        first, last = judge(clients.result(60), DEADLINE)
    figure = f"ended after {first:.1f} to {last:.1f} s, p99 of others {quiet * 1000:.1f} -> {busy * 1000:.1f} ms"
    assert busy <= 2 * quiet, figure
    return figure


@row("S40", "slowhttptest -H with 2,000 connections is over at the deadline of a head, and others are served")
def tool() -> str:
    open_files(20_000)
    with Upstream(always(answer(b"ok"))) as upstream, Gateway(config(upstream.url())) as gateway:
        url = f"http://{gateway.authority}/a/mcp"
        seen = attack(url, "-H", "-i", "1", "-x", "24", connections=2000, rate=1000, seconds=DEADLINE + 15)
    assert seen.connected > 1500, f"it had only {seen.connected} connections"
    # It looks once a second.
    assert seen.over is not None and seen.over <= seen.full + 1 + DEADLINE + 1, f"connections were left: {seen}"
    assert seen.served, f"its well-behaved client was not served: {seen}"
    return f"{seen.connected} connections at once, none {seen.over - seen.full} s later"
