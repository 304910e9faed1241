"""R20: an upstream that breaks off, stalls or talks nonsense is a 502 or 504 in time, or an answer that visibly breaks
off; never half an answer that looks whole, and never a connection that spoils the next request."""

import asyncio

from harness.blackhole import Blackhole, Nobody
from harness.exchange import head
from harness.fault_cases import BAD, CUT, LATE, WHOLE, Case, bytes_then, verdict
from harness.faults import LAST_CHUNK, Request, Wire, answer, chunk, chunked
from harness.rows import row

GOOD = b'{"jsonrpc":"2.0","id":1,"result":{}}'
WELL = answer(GOOD, "200 OK", "Content-Type: application/json")
HEAD = WELL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
IN_CHUNKS = chunked(GOOD[:9], GOOD[9:])
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
HEAD_MAX = 64 * 1024
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + GOOD


def sliced(every: float, data: bytes = WELL):
    async def behave(wire: Wire, _: Request) -> bool:
        await wire.slices(data, every=every)
        return True

    return behave


def late(seconds: float):
    """Latency before the head and jitter in the body."""

    async def behave(wire: Wire, _: Request) -> bool:
        await asyncio.sleep(seconds)
        await wire.send(HEAD, GOOD[:3], GOOD[3:20], GOOD[20:], every=seconds / 3)
        return True

    return behave


def with_head_of(size: int) -> bytes:
    """An answer whose head has so many bytes, with all its line ends."""
    room = size - len(answer(GOOD, "200 OK", "X: ")) + len(GOOD)
    return answer(GOOD, "200 OK", "X: " + "x" * room)


def interim(times: int, then: bytes):
    async def behave(wire: Wire, _: Request) -> bool:
        await wire.send(HINT * times + then)
        return True

    return behave


async def interim_for_ever(wire: Wire, _: Request) -> None:
    while True:
        await wire.send(HINT)
        await asyncio.sleep(0.001)


async def answers_before_the_body(wire: Wire, _: Request) -> None:
    await wire.send(WELL)
    wire.reset()


def breaking(end: str) -> list[Case]:
    """Where an answer may end by FIN or RST."""
    cases = {
        "before the head": (b"", BAD),
        "within the status line": (b"HTTP/1.1 20", BAD),
        "within the head": (HEAD[:-10], BAD),
        "after the head": (HEAD, CUT),
        "within a body with a length": (WELL[:-5], CUT),
        "before the last byte": (WELL[:-1], CUT),
        "within a chunk": (IN_CHUNKS[:-7], CUT),
        "between chunks": (IN_CHUNKS, CUT),
        "within the last chunk": (IN_CHUNKS + b"0\r\n", CUT),
    }
    # A reset may overtake what was sent just before it, and then there was no head.
    ends = lambda end_of_it: (end_of_it,) if end == "fin" else (end_of_it, BAD)
    return [Case(f"{end} {where}", ends(to), bytes_then(data, end)) for where, (data, to) in cases.items()]


def stalling() -> list[Case]:
    return [
        Case("stall before the head", (LATE,), bytes_then(b"", "stall")),
        Case("stall within the head", (LATE,), bytes_then(HEAD[:-10], "stall")),
        Case("stall after the head", (CUT,), bytes_then(HEAD, "stall")),
        Case("stall within the body", (CUT,), bytes_then(WELL[:-5], "stall")),
        Case("stall within a chunk", (CUT,), bytes_then(IN_CHUNKS[:-7], "stall")),
        Case("stall between chunks", (CUT,), bytes_then(IN_CHUNKS, "stall")),
        Case("a head of a byte each 100 ms", (LATE,), sliced(0.1)),
        Case("a body of a byte each 100 ms", (CUT,), bytes_and_drip, within=2.5),
        Case("interim answers for ever", (LATE,), interim_for_ever),
        Case("an interim answer, and then a stall", (LATE,), bytes_then(HINT, "stall")),
    ]


async def bytes_and_drip(wire: Wire, _: Request) -> None:
    await wire.send(HEAD)
    await wire.slices(GOOD, every=0.1)


def nonsense() -> list[Case]:
    # None of the body is among them: no one can tell that it is wrong.
    spoilt = lambda at: WELL[:at] + b"\x01" + WELL[at + 1 :]
    wrong_byte = [Case(f"byte {at} wrong", (BAD,), bytes_then(spoilt(at))) for at in (0, 4, 6, 9)]
    return [
        *wrong_byte,
        Case("an interim answer, and then the end", (BAD,), bytes_then(HINT)),
        Case("the size of a chunk wrong", (CUT,), bytes_then(IN_CHUNKS.replace(b"9\r\n", b"z\r\n", 1) + LAST_CHUNK)),
        Case("no end of a chunk", (CUT,), bytes_then(IN_CHUNKS[:-2] + LAST_CHUNK)),
        Case("garbage", (BAD,), bytes_then(bytes(range(256)) * 16)),
        Case("a TLS alert", (BAD,), bytes_then(b"\x15\x03\x01\x00\x02\x02\x46")),
        Case("another protocol", (BAD,), bytes_then(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")),
        Case("two lengths", (BAD,), bytes_then(answer(GOOD, "200 OK", "Content-Length: 5"))),
        Case("a head of a byte more than 64 KiB", (BAD,), bytes_then(with_head_of(HEAD_MAX + 1))),
        Case("a head of 1 MiB", (BAD,), bytes_then(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20) + b"\r\n\r\n")),
    ]


def odd_and_well() -> list[Case]:
    """What is to arrive as it was meant."""
    poison = answer(b"poison")
    whole = lambda name, behave, body=GOOD, kept=True: Case(name, (WHOLE,), behave, body=body, kept=kept, within=2.5)
    event = b'event: message\ndata: {"jsonrpc":"2.0"}'
    error = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}'
    failed = b'{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}'
    stream = "Content-Type: text/event-stream\r\n"
    return [
        whole("a byte at a time", sliced(0)),
        whole("chunks a byte at a time", sliced(0, IN_CHUNKS + LAST_CHUNK)),
        whole("latency and jitter", late(0.3)),
        whole("a head of 64 KiB", bytes_then(with_head_of(HEAD_MAX), "keep")),
        whole("a field twice", bytes_then(answer(GOOD, "200 OK", "X-Twice: 1", "X-Twice: 2"), "keep")),
        whole("1,000 interim answers", interim(1000, WELL)),
        whole("a length too short", bytes_then(HEAD.replace(b"36", b"30") + GOOD, "keep"), GOOD[:30], kept=False),
        whole("another answer behind it", bytes_then(WELL + poison, "keep"), kept=False),
        Case("another answer a little later", (WHOLE,), then_later(WELL, poison), body=GOOD, pause=0.15),
        whole("another answer behind the last chunk", bytes_then(IN_CHUNKS + LAST_CHUNK + poison, "keep"), kept=False),
        whole("trailers behind a length", bytes_then(WELL + b"X-Injected: 1\r\n\r\n", "keep"), kept=False),
        whole("trailers behind chunks", bytes_then(IN_CHUNKS + b"0\r\nX-Injected: 1\r\n\r\n", "keep")),
        whole("no length, and the end of the connection", bytes_then(ENDLESS), kept=False),
        Case("no length, and a reset", (CUT, BAD), bytes_then(ENDLESS, "rst")),
        whole("an event without an end of line", bytes_then(chunked(event, fields=stream) + LAST_CHUNK, "keep"), event),
        whole("a JSON-RPC error", bytes_then(answer(error), "keep"), error),
        whole("a tool that failed", bytes_then(answer(failed), "keep"), failed),
        # A request that is on its way already when the reset arrives may have been read, so that it is not sent again.
        Case(
            "an answer before the body was read, and a reset",
            (WHOLE, CUT, BAD),
            answers_before_the_body,
            body=GOOD,
            pause=0.15,
        ),
    ]


def then_later(now: bytes, later: bytes):
    async def behave(wire: Wire, _: Request) -> bool:
        await wire.send(now, later, every=0.03)
        return True

    return behave


def never_continued() -> Case:
    """The upstream says no 100; a client of ours that waits for one sends its body after a while anyhow."""
    fields = ("Expect: 100-continue", "Content-Length: 8", "Content-Type: application/json")
    request = lambda authority, path: head(authority, "POST", path, *fields) + b'{"id":1}'
    return Case("100 Continue never", (WHOLE,), bytes_then(WELL, "keep"), body=GOOD, kept=True, request=request)


@row("R20", "upstreams that break off, stall or talk nonsense are told from those that work", fast=True)
def faults() -> str:
    with Blackhole() as blackhole, Nobody() as nobody:
        unreachable = [
            Case("connections refused", (BAD,), url=nobody.url(), next_works=False),
            Case("connections unanswered", (LATE,), url=blackhole.url(), next_works=False),
        ]
        broken = [*breaking("fin"), *breaking("rst"), *stalling(), *nonsense()]
        return verdict([*unreachable, *broken, *odd_and_well(), never_continued()])


@row("R20", "an event whose line is 10 MiB long passes whole")
def long_line() -> str:
    line = b"data: " + b"x" * (10 << 20) + b"\n\n"
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = stream + chunk(line) + LAST_CHUNK
    case = lambda name, **keys: Case(name, (WHOLE,), bytes_then(data, "keep"), body=line, kept=True, within=20, **keys)
    get = lambda authority, path: head(authority, "GET", path, "Accept: text/event-stream")
    return verdict([case("the answer to a POST"), case("the stream of a GET", request=get)])
