"""RFC 9113 §8.3: pseudo-header fields are those of the RFC, before all others, each once, and never in trailers; §8.3.1: a
request has exactly one valid :method, :scheme and :path. All else is malformed (§8.1.1)."""

from .case import clean, get, head, post, reject, serve

NAME = "pseudo-header fields"


def without(name: bytes) -> list:
    return [field for field in head() if field[0] != name]


def moved_last(name: bytes) -> list:
    return [*without(name), (b"x", b"y"), *(field for field in head() if field[0] == name)]


CASES = [
    serve("plain", get()),
    serve("another-order", head()[::-1]),
    *(reject(f"no{name.decode()}", without(name)) for name in (b":method", b":scheme", b":path")),
    *(reject(f"two{name.decode()}", get((name, value))) for name, value in head()),
    *(reject(f"two-different{name.decode()}", get((name, b"/x"))) for name, _ in head()),
    *(reject(f"last{name.decode()}", moved_last(name)) for name, _ in head()),
    reject("none", [(b"x", b"y")]),
    reject("no-field", []),
    reject("method-alone", head()[:1]),
    reject("unknown", head() + [(b":foo", b"bar")]),
    reject("unknown-first", [(b":foo", b"bar")] + head()),
    reject("unknown-last", get((b"x", b"y"), (b":foo", b"bar"))),
    reject("status", get((b":status", b"200"))),
    reject("version", get((b":version", b"HTTP/1.1"))),
    reject("host", without(b":authority") + [(b":host", b"@HOST")]),
    reject("colon-alone", get((b":", b"x"))),
    reject("capitals", without(b":method") + [(b":Method", b"GET")]),
    reject("trailing-space", without(b":method") + [(b":method ", b"GET")]),
    reject("without-colon", without(b":method") + [(b"method", b"GET")]),
    reject("trailer:foo", post(), b"hello", trailers=[(b":foo", b"bar")]),
    reject("trailer-after-field", post(), b"hello", trailers=[(b"x-sum", b"1"), (b":path", b"/evil")]),
    clean("many-others-first", head() + [(b"x-%d" % number, b"y") for number in range(80)]),
]
