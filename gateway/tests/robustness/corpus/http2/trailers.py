"""RFC 9113 §8.1: trailers are one block of fields without pseudo-header fields that ends the stream. RFC 9110 §6.5.1: what
frames, routes or authenticates a message is not merged from there into the head."""

from harness.http2 import frames

from .case import clean, post, reject, serve

NAME = "trailers"


def _case(rule, id: str, *fields: tuple[bytes, bytes], **more):
    return rule(id, post(), b"hello", trailers=fields, **more)


CASES = [
    _case(serve, "one", (b"x-sum", b"1")),
    _case(serve, "two", (b"x-sum", b"1"), (b"x-other", b"2")),
    serve("without-content", post(), trailers=[(b"x-sum", b"1")]),
    serve("with-length", post((b"content-length", b"5")), b"hello", trailers=[(b"x-sum", b"1")]),
    _case(clean, "no-field"),
    _case(clean, "host", (b"host", b"evil.example")),
    _case(clean, "authorization", (b"authorization", b"Bearer stolen")),
    _case(clean, "forwarded", (b"x-forwarded-for", b"192.0.2.1")),
    _case(clean, "session", (b"mcp-session-id", b"stolen")),
    _case(clean, "te", (b"te", b"trailers")),
    _case(clean, "ninety", *((b"x-%d" % number, b"y") for number in range(90))),
    _case(reject, "capitals", (b"X-Sum", b"1")),
    _case(reject, "cr-lf-in-value", (b"x-sum", b"1\r\nx-injected: 1")),
    _case(reject, "lf-in-value", (b"x-sum", b"1\nx-injected: 1")),
    _case(reject, "nul-in-value", (b"x-sum", b"1\0")),
    _case(reject, "cr-lf-in-name", (b"x\r\nx-injected", b"1")),
    _case(reject, "colon-in-name", (b"x:", b"1")),
    _case(reject, "empty-name", (b"", b"1")),
    _case(reject, "request-in-value", (b"x-sum", b"1\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n")),
    _case(reject, "not-the-end", (b"x-sum", b"1"), ends=False),
    _case(reject, "content-after", (b"x-sum", b"1"), ends=False, more=((frames.DATA, frames.END_STREAM, b"more"),)),
]
