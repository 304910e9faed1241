"""Requests as a forgiving server reads them: bare line feeds, spaces before colons, any spelling of a transfer
coding, numbers with a sign or an end that is none. What it makes of bytes is what an attacker hopes some upstream
makes of them."""

import dataclasses
import re

from .message import Request


@dataclasses.dataclass(frozen=True)
class Habits:
    """Which of several lengths is believed."""

    last_length: bool = False
    length_over_coding: bool = False


EVERY_HABIT = [Habits(last, over) for last in (False, True) for over in (False, True)]


def read(data: bytes, habits: Habits = Habits()) -> tuple[Request, int] | None:
    """The request `data` begins with and where it ends; nothing while it is incomplete."""
    begin = len(data) - len(data.lstrip(b"\r\n"))
    first = data.find(b"\n", begin)
    if first < 0:
        return None
    words = data[begin:first].split()
    if len(words) == 2:
        # As HTTP/0.9 had it: a line is all there is.
        return Request(words[0], words[1], b"HTTP/0.9", (), b""), first + 1
    blank = re.compile(rb"\n\r?\n").search(data, first)
    if not blank:
        return None
    fields = _fields(data[first + 1 : blank.start() + 1])
    framed = _body(fields, data, blank.end(), habits)
    if framed is None:
        return None
    body, end = framed
    method, target, version = (*words, b"", b"", b"")[:3]
    return Request(method, target, version, tuple(fields), body), end


def count(data: bytes, habits: Habits) -> int:
    """How many requests it sees in these bytes, the last one also when it is incomplete."""
    requests = 0
    while data.strip(b"\r\n"):
        found = read(data, habits)
        requests += 1
        if found is None:
            return requests
        data = data[found[1] :]
    return requests


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    fields: list[tuple[bytes, bytes]] = []
    for line in re.split(rb"\r?\n|\r", head):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
        elif b":" in line:
            name, _, value = line.partition(b":")
            fields.append((name.strip(b" \t\v\f\0").lower().replace(b"_", b"-"), value.strip(b" \t\v\f\0")))
    return fields


def _body(fields: list[tuple[bytes, bytes]], data: bytes, begin: int, habits: Habits) -> tuple[bytes, int] | None:
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    lengths = [part for name, value in fields if name == b"content-length" for part in value.split(b",")]
    is_chunked = any(b"chunked" in coding.lower() for coding in codings)
    if is_chunked and not (lengths and habits.length_over_coding):
        return _chunks(data, begin)
    length = _number(lengths[-1 if habits.last_length else 0], 10) if lengths else 0
    end = begin + length
    return (data[begin:end], end) if len(data) >= end else None


def _chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    body = []
    while True:
        line_end = data.find(b"\n", at)
        if line_end < 0:
            return None
        size, at = _number(data[at:line_end], 16), line_end + 1
        if size == 0:
            blank = re.compile(rb"(?:^|\n)\r?\n").search(data[at:])
            return (b"".join(body), at + blank.end()) if blank else None
        if len(data) < at + size:
            return None
        body.append(data[at : at + size])
        at += size
        at += len(re.compile(rb"\r?\n?").match(data, at)[0])


def _number(text: bytes, base: int) -> int:
    """As C's strtol reads one: as far as it goes, and 0 when it goes nowhere."""
    digits = rb"[0-9]+" if base == 10 else rb"(?:0[xX])?[0-9a-fA-F]+"
    found = re.match(rb"[ \t\v\f\"]*([+-]?)(%s)" % digits, text)
    return int(found[2], base) if found and found[1] != b"-" else 0
