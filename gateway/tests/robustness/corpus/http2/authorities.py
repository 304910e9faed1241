"""RFC 9113 §8.3.1: :authority is an authority without user; a Host that differs makes the request malformed; where it is
left out, Host is there. RFC 3986 §3.2 says what an authority is made of."""

from .case import clean, get, head, reject, serve

NAME = "authorities"


def authority(value: bytes) -> list:
    return head(authority=value)


def host(*values: bytes) -> list:
    """Without :authority."""
    return head()[:3] + [(b"host", value) for value in values]


CASES = [
    serve("host-alone", host(b"@HOST")),
    clean("both-equal", get((b"host", b"@HOST"))),
    reject("neither", host()),
    reject("host-differs", get((b"host", b"evil.example"))),
    reject("host-differs-in-port", head(authority=b"example.com:80") + [(b"host", b"example.com:81")]),
    reject("host-empty", get((b"host", b""))),
    reject("two-hosts", host(b"@HOST", b"@HOST")),
    reject("two-hosts-different", host(b"@HOST", b"evil.example")),
    reject("host-list", host(b"@HOST, evil.example")),
    reject("host-cr-lf", host(b"@HOST\r\nX: y")),
    reject("host-path", host(b"@HOST/x")),
    reject("host-user", host(b"user@@HOST")),
    reject("empty", authority(b"")),
    clean("empty-with-host", authority(b"") + [(b"host", b"@HOST")]),
    reject("user", authority(b"user@@HOST")),
    reject("user-and-password", authority(b"user:pw@@HOST")),
    reject("empty-user", authority(b"@@HOST")),
    reject("path", authority(b"@HOST/x")),
    reject("query", authority(b"@HOST?x")),
    reject("fragment", authority(b"@HOST#x")),
    reject("backslash", authority(b"@HOST\\x")),
    reject("list", authority(b"@HOST, evil.example")),
    reject("space", authority(b"@HOST x")),
    reject("space-first", authority(b" @HOST")),
    reject("space-last", authority(b"@HOST ")),
    reject("tab", authority(b"@HOST\t")),
    reject("cr-lf", authority(b"@HOST\r\nX: y")),
    reject("lf", authority(b"@HOST\nX: y")),
    reject("nul", authority(b"@HOST\0")),
    reject("control", authority(b"@HOST\x01")),
    reject("high-byte", authority(b"\xe9.example")),
    reject("whole-request", authority(b"@HOST\r\n\r\nGET /evil HTTP/1.1\r\nHost: x")),
    reject("scheme", authority(b"http://@HOST")),
    reject("port-of-letters", authority(b"example.com:http")),
    reject("port-signed", authority(b"example.com:+80")),
    reject("two-ports", authority(b"example.com:80:81")),
    clean("port-empty", authority(b"example.com:")),
    clean("port-too-large", authority(b"example.com:65536")),
    reject("port-alone", authority(b":80")),
    reject("bracket-open", authority(b"[::1")),
    reject("bracket-and-more", authority(b"[::1]x")),
    clean("percent", authority(b"ex%61mple.com")),
]
