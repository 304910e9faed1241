"""RFC 9113 §8.2.1: a field value holds no NUL, LF or CR anywhere, and does not begin or end with a space or tab; else it is
malformed. RFC 9110 §5.5: other control characters are invalid, and may be kept in a context that is safe."""

from .case import HUFFMAN, INDEXED, NEVER, clean, get, reject, serve

NAME = "field values"

_FORBIDDEN = {"nul": b"\0", "lf": b"\n", "cr": b"\r", "cr-lf": b"\r\n"}
_WHITESPACE = {"space": b" ", "tab": b"\t"}
_PLACES = {"within": b"a%sb", "first": b"%sb", "last": b"a%s", "alone": b"%s"}
_REQUEST = b"y\r\n\r\nGET /evil HTTP/1.1\r\nHost: @HOST\r\n\r\n"
_FIELDS = (
    b"user-agent",
    b"content-type",
    b"authorization",
    b"cookie",
    b"referer",
    b"mcp-session-id",
    b"x-forwarded-for",
)


def valued(value: bytes, name: bytes = b"x") -> list:
    return get((name, value))


CASES = [
    serve("plain", valued(b"y")),
    serve("empty", valued(b"")),
    serve("space-within", valued(b"a b")),
    serve("tab-within", valued(b"a\tb")),
    serve("colon", valued(b":a: b")),
    clean("high-bytes", valued(b"a\x80\xff")),
    *(
        reject(f"{what}-{place}", valued(pattern % byte))
        for what, byte in _FORBIDDEN.items()
        for place, pattern in _PLACES.items()
    ),
    *(
        reject(f"{what}-{place}", valued(_PLACES[place] % byte))
        for what, byte in _WHITESPACE.items()
        for place in ("first", "last", "alone")
    ),
    *(clean(f"control-{byte:02x}", valued(b"a%cb" % byte)) for byte in (0x01, 0x08, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F)),
    reject("line", valued(b"y\r\nx-injected: 1")),
    reject("line-of-lf", valued(b"y\nx-injected: 1")),
    reject("length", valued(b"y\r\nContent-Length: 5")),
    reject("coding", valued(b"y\r\nTransfer-Encoding: chunked")),
    reject("whole-request", valued(_REQUEST)),
    *(reject(f"whole-request-{coding}", valued(_REQUEST), coding=coding) for coding in (HUFFMAN, INDEXED, NEVER)),
    *(reject(f"line-in-{name.decode()}", valued(b"y\r\nx-injected: 1", name)) for name in _FIELDS),
    *(reject(f"nul-in-{name.decode()}", valued(b"y\0z", name)) for name in _FIELDS),
]
