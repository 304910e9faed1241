"""RFC 9113 §8.2.3: Cookie may come in several fields, which are joined with `; ` before they are passed on over HTTP/1.1."""

from .case import clean, get, reject, serve

NAME = "cookies"


def crumbs(*values: bytes) -> list:
    return get(*((b"cookie", value) for value in values))


CASES = [
    serve("one", crumbs(b"a=b; c=d")),
    serve("two", crumbs(b"a=b", b"c=d")),
    serve("three", crumbs(b"a=b", b"c=d", b"e=f; g=h")),
    serve("apart", get((b"cookie", b"a=b"), (b"x", b"y"), (b"cookie", b"c=d"))),
    serve("ninety", crumbs(*(b"c%d=d" % number for number in range(90)))),
    serve("equal", crumbs(b"a=b", b"a=b")),
    clean("empty", crumbs(b"")),
    clean("empty-between", crumbs(b"a=b", b"", b"c=d")),
    clean("semicolon-last", crumbs(b"a=b;", b"c=d")),
    clean("comma", crumbs(b"a=b, c=d", b"e=f")),
    reject("line-in-second", crumbs(b"a=b", b"c=d\r\nx-injected: 1")),
    reject("capitals", get((b"Cookie", b"a=b"))),
]
