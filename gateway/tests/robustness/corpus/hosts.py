"""RFC 9112 §3.2: a request of HTTP/1.1 without Host, with several, or with one whose value is invalid is answered
with 400. RFC 9110 §7.2 and RFC 3986 §3.2: the value is a host and, after a colon, digits; no user, path, query or
list."""

from .case import clean, reject, serve

NAME = "hosts"


def host(value: bytes) -> bytes:
    return b"GET @PATH HTTP/1.1\r\nHost: %s\r\n\r\n" % value


CASES = [
    serve("plain", host(b"@HOST")),
    serve("no-space", b"GET @PATH HTTP/1.1\r\nHost:@HOST\r\n\r\n"),
    serve("last", b"GET @PATH HTTP/1.1\r\nX: y\r\nhOST: @HOST\r\n\r\n"),
    reject("none", b"GET @PATH HTTP/1.1\r\n\r\n"),
    reject("none-but-absolute-form", b"GET http://@HOST@PATH HTTP/1.1\r\n\r\n"),
    reject("two-equal", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\nHost: @HOST\r\n\r\n"),
    reject("two-different", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\nHost: evil.example\r\n\r\n"),
    reject("two-different-last", b"GET @PATH HTTP/1.1\r\nHost: evil.example\r\nX: y\r\nhost: @HOST\r\n\r\n"),
    reject("two-one-empty", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\nHost:\r\n\r\n"),
    reject("list", host(b"@HOST, evil.example")),
    reject("two-words", host(b"@HOST evil.example")),
    reject("user", host(b"user@@HOST")),
    reject("user-and-password", host(b"user:pw@@HOST")),
    reject("empty-user", host(b"@@HOST")),
    reject("path", host(b"@HOST/x")),
    reject("query", host(b"@HOST?x")),
    reject("fragment", host(b"@HOST#x")),
    reject("backslash", host(b"@HOST\\x")),
    reject("scheme", host(b"http://@HOST")),
    reject("port-letters", host(b"127.0.0.1:80x")),
    reject("port-negative", host(b"127.0.0.1:-1")),
    reject("port-plus", host(b"127.0.0.1:+80")),
    reject("two-ports", host(b"127.0.0.1:80:80")),
    reject("ipv6-open", host(b"[::1")),
    reject("ipv6-of-junk", host(b"[x]")),
    reject("ipv6-bare", host(b"::1")),
    reject("after-ipv6", host(b"[::1]x")),
    reject("raw-utf-8", host("b\u00fccher.example".encode())),
    reject("nul", host(b"@HOST\0")),
    reject("tab", host(b"a\tb")),
    reject("angle", host(b"<a>")),
    reject("quoted", host(b'"@HOST"')),
    reject("half-an-escape", host(b"a%2.example")),
    clean("empty", host(b"")),
    clean("empty-port", host(b"127.0.0.1:")),
    clean("port-too-large", host(b"127.0.0.1:65536")),
    clean("port-huge", host(b"127.0.0.1:" + b"8" * 100)),
    clean("trailing-dot", host(b"localhost.")),
    clean("escaped", host(b"%6cocalhost")),
    clean("other", host(b"evil.example")),
    clean("underscore", host(b"a_b.example")),
]
