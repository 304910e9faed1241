"""RFC 9113 §8.3.1 and RFC 9110 §9.1: a method is a token. Written into a request line, anything else could begin another
request."""

from .case import clean, head, reject, serve

NAME = "methods"


def method(value: bytes) -> list:
    return head(value)


CASES = [
    serve("get", method(b"GET")),
    serve("head", method(b"HEAD")),
    serve("delete", method(b"DELETE")),
    clean("lower-case", method(b"get")),
    clean("unknown", method(b"BREW")),
    clean("trace", method(b"TRACE")),
    clean("preface", method(b"PRI")),
    clean("long", method(b"M" * 4000)),
    reject("empty", method(b"")),
    reject("space", method(b"G ET")),
    reject("space-first", method(b" GET")),
    reject("space-last", method(b"GET ")),
    reject("tab", method(b"GET\t")),
    reject("request-line", method(b"GET /evil HTTP/1.1")),
    reject("cr-lf", method(b"GET\r\nX: y")),
    reject("lf", method(b"GET\nX: y")),
    reject("cr", method(b"GET\rX: y")),
    reject("nul", method(b"GET\0")),
    reject("colon", method(b"GET:")),
    reject("slash", method(b"GET/")),
    reject("control", method(b"GE\x01T")),
    reject("high-byte", method(b"GET\xe9")),
    reject(
        "whole-request",
        method(b"GET /evil HTTP/1.1\r\nHost: @HOST\r\n\r\nGET"),
    ),
]
