"""S08: the sizes of a request head over HTTP/2, at their very bounds. The numbers are those of HTTP/1, whose rows try them there."""

from collections.abc import Callable

from harness.http2 import frames
from harness.http2.connection import Connection
from harness.http2.exchange import Outcome, outcome
from harness.pair import PATH, Pair, pair
from harness.rows import row
from rows.http1_limits import FIELDS_MAX, HEAD_MAX, LINE_MAX, TARGET_MAX

Fields = list[tuple[bytes, bytes]]


@row("S08 h2", "field count, field, head and target have the documented limits, to the byte (HTTP/2)", fast=True)
def limits() -> str:
    bounds = [
        ("fields", FIELDS_MAX, 431, lambda size: head(PATH, [(b"x", b"y")] * size)),
        ("bytes of a field", LINE_MAX, 431, lambda size: head(PATH, [(b"x", b"y" * (size - 1))])),
        ("bytes of a head in 3 fields", HEAD_MAX, 431, lambda size: head(PATH, filled(3, size - len(PATH)))),
        ("bytes of a head in 100 fields", HEAD_MAX, 431, lambda size: head(PATH, filled(100, size - len(PATH)))),
        ("bytes of a target", TARGET_MAX, 414, lambda size: head(PATH + b"?" + b"q" * (size - len(PATH) - 1), [])),
    ]
    with pair(listener="http2: true") as of:
        tried = [at_its_bound(of, *bound) for bound in bounds]
    assert not (faults := [fault for _, fault in tried if fault]), "; ".join(faults)
    return "; ".join(figure for figure, _ in tried)


@row(
    "S08 h2 way beyond",
    "heads far beyond every limit are refused, and end no more than their connection (HTTP/2)",
    fast=True,
)
def way_beyond() -> str:
    cases = {
        "10,000 fields": head(PATH, [(b"x", b"y")] * 10_000),
        "10,000 names": head(PATH, [(b"x-%d" % number, b"y") for number in range(10_000)]),
        "1 MiB in a value": head(PATH, [(b"x", b"y" * (1 << 20))]),
        "1 MiB in a name": head(PATH, [(b"x" * (1 << 20), b"y")]),
        "1 MiB of target": head(PATH + b"q" * (1 << 20), []),
        "1 MiB of method": [(b":method", b"G" * (1 << 20)), *head(PATH, [])[1:]],
        "1 MiB of authority": [(b":authority", b"a" * (1 << 20)), *head(PATH, [])],
    }
    figures = []
    with pair(listener="http2: true") as of:
        for what, fields in cases.items():
            seen, arrived = ask(of, fields)
            assert not arrived, f"{what} arrived"
            assert seen.error or 400 <= seen.status < 500, f"{what}: {seen}"
            figures.append(f"{what} {seen}")
            seen, arrived = ask(of, head(PATH, []))
            assert seen.status == 200 and arrived, f"the next request after {what}: {seen}"
    return ", ".join(figures)


def at_its_bound(of: Pair, name: str, most: int, status: int, fields: Callable[[int], Fields]) -> tuple[str, str]:
    """The figure, and what is wrong with it."""
    below, arrived = ask(of, fields(most))
    above, passed = ask(of, fields(most + 1))
    figure = f"{name}: {most} {below}, {most + 1} {above}"
    right = below.status == 200 and arrived and above.status == status and not passed
    return figure, "" if right else figure


def ask(of: Pair, fields: Fields) -> tuple[Outcome, bool]:
    """What becomes of a request, and whether it has arrived at the upstream."""
    seen = len(of.upstream.requests)
    fields = [(name, value or of.gateway.authority.encode()) for name, value in fields]
    with Connection(of.gateway.address) as connection:
        connection.send(frames.in_pieces(1, frames.block(fields)))
        return outcome(connection, 1), len(of.upstream.requests) > seen


def head(path: bytes, more: Fields) -> Fields:
    """An empty value stands for the authority."""
    return [(b":method", b"GET"), (b":scheme", b"http"), (b":path", path), (b":authority", b""), *more]


def filled(count: int, size: int) -> Fields:
    """So many fields whose names and values have this many bytes together."""
    each, rest = divmod(size - 3 * count, count)
    return [(b"x%02d" % number, b"y" * (each + (rest if number == 0 else 0))) for number in range(count)]
