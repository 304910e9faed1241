"""Sizes nobody needs. RFC 9110 §15.5.15, RFC 6585 §5 and RFC 9112 §3 let a server refuse what is too large with 414,
431 or another 4xx; whatever it takes, it takes whole. Which sizes the gateway refuses is held by the rows S08."""

from .case import Case, chunked, clean, get, post, reject, serve

NAME = "limits"


def fields(count: int) -> bytes:
    return b"".join(b"X-%d: y\r\n" % number for number in range(count))


def _of_size(name: str, size: int, request: bytes, **more) -> Case:
    return clean(f"{name}-{size}", request, **more)


CASES = [
    serve("fifty-fields", get(fields(50))),
    serve("value-4096", get(b"X: %s\r\n" % (b"y" * 4096))),
    serve("query-4096", get(target=b"@PATH?" + b"q" * 4096)),
    _of_size("fields", 1_000, get(fields(1_000))),
    _of_size("fields", 10_000, get(fields(10_000))),
    _of_size("value", 100_000, get(b"X: %s\r\n" % (b"y" * 100_000))),
    _of_size("head", 1_100_000, get(b"X: %s\r\n" % (b"y" * 1000) * 1_100)),
    _of_size("name", 65_536, get(b"%s: y\r\n" % (b"X" * 65_536))),
    _of_size("target", 16_384, get(target=b"@PATH/" + b"a" * 16_384)),
    _of_size("query", 200_000, get(target=b"@PATH?" + b"q" * 200_000)),
    _of_size("method", 65_536, b"%s @PATH HTTP/1.1\r\nHost: @HOST\r\n\r\n" % (b"A" * 65_536)),
    _of_size("segments", 4_000, get(target=b"@PATH" + b"/a" * 4_000)),
    _of_size("connection-options", 1_000, get(b"Connection: %s\r\n" % b",".join(b"x%d" % n for n in range(1_000)))),
    _of_size("host", 20_000, b"GET @PATH HTTP/1.1\r\nHost: %s\r\n\r\n" % (b"a." * 10_000)),
    _of_size("blank-lines", 2_000, b"\r\n" * 2_000 + get()),
    _of_size("zeros-in-length", 2_000, post(b"Content-Length: %s5\r\n" % (b"0" * 2_000), b"hello"), body=b"hello"),
    _of_size("chunk-extension", 300_000, chunked(b"5;%s\r\nhello\r\n0\r\n\r\n" % (b"e" * 300_000)), body=b"hello"),
    _of_size("chunk-zeros", 100_000, chunked(b"%s5\r\nhello\r\n0\r\n\r\n" % (b"0" * 100_000)), body=b"hello"),
    _of_size("one-byte-chunks", 2_000, chunked(b"1\r\na\r\n" * 2_000 + b"0\r\n\r\n"), body=b"a" * 2_000),
    reject("line-never-ends", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\nX: %s" % (b"y" * 300_000)),
]
