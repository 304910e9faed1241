"""S08: the sizes of a request head, at their very bounds. The same numbers hold for HTTP/2; its rows try those."""

from harness.pair import PATH, Pair, pair
from harness.rows import row

FIELDS_MAX = 100
LINE_MAX = 16 * 1024
HEAD_MAX = 32 * 1024
TARGET_MAX = 8 * 1024


@row("S08 h1", "field count, field line, head and target have the documented limits, to the byte (HTTP/1)", fast=True)
def limits() -> str:
    with pair() as of:
        bounds = [
            ("fields", FIELDS_MAX, 431, lambda size: of.get(b"X: y\r\n" * (size - 1))),
            ("field line", LINE_MAX, 431, lambda size: of.get(b"X: %s\r\n" % (b"y" * (size - 3)))),
            ("head", HEAD_MAX, 431, lambda size: of_head(of, size)),
            ("target", TARGET_MAX, 414, lambda size: of.get(target=PATH + b"?" + b"q" * (size - len(PATH) - 1))),
        ]
        figures = [at_its_bound(of, *bound) for bound in bounds]
    return "; ".join(figures)


def at_its_bound(of: Pair, name: str, most: int, status: int, request) -> str:
    answer, arrived = of.ask(request(most))
    assert answer and answer.status == 200 and len(arrived) == 1, f"{most} of {name}: {answer}"
    answer, arrived = of.ask(request(most + 1))
    assert answer and answer.status == status and not arrived, f"{most + 1} of {name}: {answer}"
    return f"{name} {most} served, {most + 1} refused with {status}"


def of_head(of: Pair, size: int) -> bytes:
    """A whole head of this many bytes, its fields all shorter than the limit of one."""
    filled = of.get(b"".join(b"X-%d: %s\r\n" % (number, b"y" * 10_000) for number in range(2)))
    return filled.replace(b"X-0:", b"X-Z: %s\r\nX-0:" % (b"z" * (size - len(filled) - len(b"X-Z: \r\n"))))
