"""RFC 9112 §7.1.2: the trailer section is field lines, with the grammar of §5; it may be discarded. RFC 9110 §6.5.1:
what frames, routes or authenticates a message is not sent there, and a recipient does not merge it into the head."""

from .case import chunked, clean, reject, serve

NAME = "trailers"


def trailed(trailers: bytes) -> bytes:
    return chunked(b"5\r\nhello\r\n0\r\n%s\r\n" % trailers)


CASES = [
    serve("one", trailed(b"X-Checksum: abc\r\n"), body=b"hello"),
    serve("two", trailed(b"X-Checksum: abc\r\nX-Signature: def\r\n"), body=b"hello"),
    clean(
        "announced",
        b"POST @PATH HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-Checksum: abc\r\n\r\n",
        body=b"hello",
    ),
    clean("content-length", trailed(b"Content-Length: @LENGTH\r\n"), body=b"hello"),
    clean("transfer-encoding", trailed(b"Transfer-Encoding: identity\r\n"), body=b"hello"),
    clean("host", trailed(b"Host: evil.example\r\n"), body=b"hello"),
    clean("authorization", trailed(b"Authorization: Bearer stolen\r\n"), body=b"hello"),
    clean("forwarded", trailed(b"X-Forwarded-For: 192.0.2.1\r\n"), body=b"hello"),
    clean("five-hundred", trailed(b"X: y\r\n" * 500), body=b"hello"),
    clean("of-100-kib", trailed(b"X: %s\r\n" % (b"y" * 100_000)), body=b"hello"),
    reject("no-colon", trailed(b"hello\r\n")),
    reject("request-line", trailed(b"GET @PATH/hidden HTTP/1.1\r\nHost: @HOST\r\n")),
    reject("space-before-colon", trailed(b"X : y\r\n")),
    reject("no-name", trailed(b": y\r\n")),
    reject("space-in-name", trailed(b"X Y: z\r\n")),
    reject("nul-in-name", trailed(b"X\0: y\r\n")),
    reject("nul-in-value", trailed(b"X: a\0b\r\n")),
    reject("bare-cr-in-value", trailed(b"X: a\rContent-Length: 5\r\n")),
    reject("leading-space", trailed(b" X: y\r\n")),
    reject("never-ends", chunked(b"5\r\nhello\r\n0\r\nX: y\r\n")),
    clean("bare-lf", trailed(b"X: y\n"), body=b"hello"),
    clean("bare-lf-ends", chunked(b"5\r\nhello\r\n0\r\nX: y\r\n\n"), body=b"hello"),
]
