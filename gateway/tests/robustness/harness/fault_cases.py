"""Tries upstream faults, each on an API and an upstream of its own behind one gateway, and says what falls short."""

import concurrent.futures
import dataclasses
import re
import time
from collections.abc import Callable

from .apis import NO_EJECTION, api, fleet
from .exchange import Answer, Client, post
from .faults import Behaviour, Request, Upstream, Wire, answer
from .gateway import Gateway

# What a client may be left with: an error of the gateway's, an answer that visibly breaks off, or all of it.
BAD, LATE, CUT, WHOLE = "502", "504", "cut", "whole"
TIMEOUTS = "timeouts: { connect: 1500ms, first_byte: 1500ms, body_idle: 1500ms, total: 2500ms }"


@dataclasses.dataclass
class Case:
    """`ends`: what is acceptable. `body`: what WHOLE means. `within`: seconds; each end of it in time. `url`: where no
    upstream of ours answers. `kept`: the connection is in order afterwards and may serve the next request, which comes
    after a `pause`."""

    name: str
    ends: tuple[str, ...]
    behave: Behaviour | None = None
    body: bytes = b""
    within: float = 1.5
    request: Callable[[str, str], bytes] = lambda authority, path: post(authority, path, b'{"id":1}')
    first: Callable | None = None
    url: str | None = None
    tls: object = None
    kept: bool = False
    pause: float = 0.0
    next_works: bool = True


def bytes_then(data: bytes, then: str = "fin") -> Behaviour:
    """Sends these bytes and then a FIN or RST, or nothing for as long as the gateway waits; `keep` goes on."""

    async def behave(wire: Wire, _: Request) -> bool:
        await wire.send(data)
        if then == "rst":
            wire.reset()
        elif then == "stall":
            await wire.gone()
        return then == "keep"

    return behave


def ending_of(got: Answer) -> str:
    if not got.complete:
        return CUT if got.status else "nothing"
    return str(got.status) if got.reason.startswith("upstream") else WHOLE


def try_all(cases: list[Case], upstream_keys: str = TIMEOUTS) -> tuple[int, list[str]]:
    """How many were tried, and what is wrong with each."""
    upstreams = [_upstream(case) for case in cases]
    tries = list(enumerate(zip(cases, upstreams, strict=True)))
    url = lambda case, upstream: case.url or upstream.url(scheme="https" if case.tls else "http")
    apis = (api(f"a{number}", [url(*each)], f"{upstream_keys}, {NO_EJECTION}") for number, each in tries)
    try:
        with Gateway(fleet(*apis)) as gateway:
            with concurrent.futures.ThreadPoolExecutor(24) as pool:
                tried = [pool.submit(_try, gateway, f"/a{number}/mcp", *each) for number, each in tries]
                wrong = [problem for each in tried for problem in each.result()]
            assert gateway.is_alive(), "the gateway has ended"
    finally:
        for upstream in upstreams:
            upstream.close()
    return len(cases), wrong


def _upstream(case: Case) -> Upstream:
    """The first request meets the fault, and each later one an answer with its own token."""
    done = False

    async def behave(wire: Wire, request: Request) -> bool | None:
        nonlocal done
        if not done and case.behave:
            done = True
            return await case.behave(wire, request)
        await wire.send(answer((request.field("x-token") or "").encode()))
        return True

    return Upstream(behave, first=case.first)


def _try(gateway: Gateway, path: str, case: Case, upstream: Upstream) -> list[str]:
    wrong, request = [], case.request(gateway.authority, path)
    with Client(gateway.address) as client:
        got = client.ask(request)
        wrong += _judge(case, got)
        if case.behave and sum("x-token" not in seen.head.decode("latin-1").lower() for seen in upstream.seen) != 1:
            wrong.append(f"the upstream saw {len(upstream.seen)} requests for one")
        if case.next_works:
            wrong += _next(gateway, case, client, got, path, upstream)
    return [f"{case.name}: {', '.join(wrong)}"] if wrong else []


def _judge(case: Case, got: Answer) -> list[str]:
    wrong, ending = [], ending_of(got)
    shown = f"{got.error} {got.raw[:90]!r}".strip()
    if ending not in case.ends:
        wrong.append(f"{ending} instead of {' or '.join(case.ends)} ({shown})")
    elif ending == WHOLE and got.body != case.body:
        wrong.append(f"another body: {got.body[:80]!r}")
    if got.seconds > case.within * 1.1:
        wrong.append(f"took {got.seconds:.2f} s of {case.within} s")
    if "x-injected" in dict(got.fields):
        wrong.append("a field was injected")
    if got.status and not got.raw.startswith(b"HTTP/1.1 "):
        wrong.append("a version that is not the gateway's own")
    if re.search(rb"\r(?!\n)|(?<!\r)\n|\0", got.raw.partition(b"\r\n\r\n")[0]):
        wrong.append(f"a bare CR, LF or NUL in the head ({shown})")
    return wrong


def _next(gateway: Gateway, case: Case, client: Client, got: Answer, path: str, upstream: Upstream) -> list[str]:
    """Requests after the fault, on the client's own connection if that is open, get their own answers."""
    wrong, faulty = [], {seen.connection for seen in upstream.seen}
    time.sleep(case.pause)
    for turn in range(3):
        token = f"token-{turn}"
        request = post(gateway.authority, path, b"{}", f"X-Token: {token}")
        if turn == 0 and got.complete and not got.closed and got.field("connection") != "close":
            answered = client.ask(request)
        else:
            with Client(gateway.address) as another:
                answered = another.ask(request)
        if (answered.status, answered.body, answered.complete) != (200, token.encode(), True):
            wrong.append(f"request {turn + 1} after it: {answered.status} {answered.body[:60]!r} {answered.error}")
    reused = [seen for seen in upstream.seen if seen.field("x-token") and seen.connection in faulty]
    if reused and not case.kept:
        wrong.append("its connection was used again")
    return wrong


def verdict(cases: list[Case], **keys) -> str:
    """The figure of a row of cases; fails with everything that is wrong."""
    began = time.monotonic()
    tried, wrong = try_all(cases, **keys)
    assert not wrong, f"{len(wrong)} of {tried}: " + "; ".join(wrong)
    return f"{tried} of {tried} as they should be, all within {time.monotonic() - began:.1f} s"
