"""Requests as RFC 9112 writes them, read by a reader that allows nothing else."""

import dataclasses
import re

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(%s) ([\x21-\x7e]+) (HTTP/1\.[01])" % TOKEN)
# RFC 9110 §5.5: what is no CR, LF or NUL may be kept by a recipient, so it may also arrive.
_FIELD = re.compile(rb"(%s):[ \t]*([^\r\n\0]*?)[ \t]*" % TOKEN)
_CHUNK_EXTENSION = rb'(?:[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|"[^"\r\n\0]*"))?)*' % (TOKEN, TOKEN)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})" + _CHUNK_EXTENSION)
_FRAMING = (b"content-length", b"transfer-encoding", b"host")


class Malformed(Exception):
    """The bytes are no request, and no further bytes will make them one."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One request. Names of fields are in lower case."""

    method: bytes
    target: bytes
    version: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def all(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field == name]


def read(data: bytes) -> tuple[Request, int] | None:
    """The request `data` begins with and where it ends; nothing while it is incomplete."""
    head, blank, _ = data.partition(b"\r\n\r\n")
    _check_lines(head if blank else data)
    if not blank:
        return None
    request_line, *lines = head.split(b"\r\n")
    start = _REQUEST_LINE.fullmatch(request_line)
    if not start:
        raise Malformed(f"the request line is {request_line[:100]!r}")
    method, target, version = start.groups()
    fields = _fields(lines)
    begin = len(head) + 4
    framed = _body(_one_framing(fields, version), data, begin)
    if framed is None:
        return None
    body, end = framed
    return Request(method, target, version, fields, body), end


def split(data: bytes) -> tuple[list[Request], bytes]:
    """The requests these bytes are, and what is left over."""
    requests = []
    while data and (found := read(data)):
        requests.append(found[0])
        data = data[found[1] :]
    return requests, data


def is_incomplete(data: bytes) -> bool:
    """The last request of these bytes is broken off, as far as they can be read."""
    try:
        return bool(split(data)[1])
    except Malformed:
        return False


def _check_lines(text: bytes) -> None:
    unfinished = text[:-1] if text.endswith(b"\r") else text
    without_ends = unfinished.replace(b"\r\n", b"")
    for byte in (b"\r", b"\n", b"\0"):
        if byte in without_ends:
            raise Malformed(f"a line of the head holds {byte!r}")


def _fields(lines: list[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    fields = []
    for line in lines:
        field = _FIELD.fullmatch(line)
        if not field:
            raise Malformed(f"a field line is {line[:100]!r}")
        fields.append((field[1].lower(), field[2]))
    return tuple(fields)


def _one_framing(fields: tuple[tuple[bytes, bytes], ...], version: bytes) -> int | None:
    """The length of the content, or nothing when it is chunked."""
    stated = {name: [value for field, value in fields if field == name] for name in _FRAMING}
    if len(stated[b"host"]) != 1 and version == b"HTTP/1.1":
        raise Malformed(f"it has {len(stated[b'host'])} Host fields")
    lengths, codings = stated[b"content-length"], stated[b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise Malformed("its length is stated more than once")
    if codings:
        if codings[0].lower() != b"chunked" or version == b"HTTP/1.0":
            raise Malformed(f"the transfer coding of {version.decode()} is {codings[0]!r}")
        return None
    if not lengths:
        return 0
    if not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
        raise Malformed(f"the content length is {lengths[0][:40]!r}")
    return int(lengths[0])


def _body(length: int | None, data: bytes, begin: int) -> tuple[bytes, int] | None:
    if length is None:
        return _chunks(data, begin)
    end = begin + length
    return (data[begin:end], end) if len(data) >= end else None


def _chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    body = []
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            if len(data) - at > 20 and not _CHUNK_SIZE.match(data, at):
                raise Malformed(f"a chunk begins with {data[at : at + 40]!r}")
            return None
        size_line = _CHUNK_SIZE.fullmatch(data, at, line_end)
        if not size_line:
            raise Malformed(f"a chunk begins with {data[at:line_end][:100]!r}")
        size, at = int(size_line[1], 16), line_end + 2
        if size == 0:
            end = _trailers(data, at)
            return None if end is None else (b"".join(body), end)
        if len(data) < at + size + 2:
            return None
        if data[at + size : at + size + 2] != b"\r\n":
            raise Malformed(f"a chunk of {size} bytes ends in {data[at + size : at + size + 2]!r}")
        body.append(data[at : at + size])
        at += size + 2


def _trailers(data: bytes, at: int) -> int | None:
    if data.startswith(b"\r\n", at):
        return at + 2
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    _check_lines(data[at:end])
    for name, _ in _fields(data[at:end].split(b"\r\n")):
        if name in _FRAMING:
            raise Malformed(f"the trailer has {name.decode()}")
    return end + 4
