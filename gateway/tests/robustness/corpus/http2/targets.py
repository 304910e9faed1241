"""RFC 9113 §8.3.1: :path is the path and query of the target (RFC 3986 §3.3, §3.4), begins with a slash and is not empty; it
is `*` for an OPTIONS request without a path. :scheme is a scheme of RFC 3986 §3.1. §8.1.1: what is not, is malformed."""

from .case import clean, head, reject, serve

NAME = "targets"


def path(value: bytes) -> list:
    return head(path=value)


def scheme(value: bytes) -> list:
    return head(scheme=value)


CASES = [
    serve("path", path(b"@PATH")),
    serve("query", path(b"@PATH?a=b&c=%20d")),
    serve("question-mark-alone", path(b"@PATH?")),
    reject("empty", path(b"")),
    reject("no-slash", path(b"a/mcp")),
    reject("query-alone", path(b"?a=b")),
    reject("asterisk-get", path(b"*")),
    clean("asterisk-options", head(b"OPTIONS", b"*")),
    reject("absolute", path(b"http://@HOST@PATH")),
    reject("absolute-elsewhere", path(b"http://evil.example/a/mcp")),
    reject("authority-form", path(b"@HOST")),
    clean("two-slashes", path(b"//evil.example/a/mcp")),
    clean("dot-segments", path(b"@PATH/../mcp")),
    clean("encoded-cr-lf", path(b"@PATH/%0d%0aX:y")),
    clean("backslash", path(b"@PATH\\x")),
    reject("space", path(b"@PATH x")),
    reject("space-first", path(b" @PATH")),
    reject("space-last", path(b"@PATH ")),
    reject("space-in-query", path(b"@PATH?a b")),
    reject("tab", path(b"@PATH\tx")),
    reject("version-behind", path(b"@PATH HTTP/1.1")),
    reject("cr-lf", path(b"@PATH\r\nX: y")),
    reject("lf", path(b"@PATH\nX: y")),
    reject("cr", path(b"@PATH\rX: y")),
    reject("nul", path(b"@PATH\0")),
    reject("control", path(b"@PATH\x01")),
    reject("delete", path(b"@PATH\x7f")),
    reject("high-byte", path(b"@PATH/\xe9")),
    reject("utf-8", path("@PATH/\u00e9".encode())),
    reject("whole-request", path(b"@PATH HTTP/1.1\r\nHost: @HOST\r\n\r\nGET /evil")),
    reject("request-in-query", path(b"@PATH?x HTTP/1.1\r\nHost: @HOST\r\n\r\nGET /evil?")),
    serve("scheme-https", scheme(b"https")),
    clean("scheme-in-capitals", scheme(b"HTTP")),
    clean("scheme-other", scheme(b"ftp")),
    clean("scheme-long", scheme(b"s" * 100)),
    reject("scheme-empty", scheme(b"")),
    reject("scheme-url", scheme(b"http://evil.example/?")),
    reject("scheme-colon", scheme(b"http:")),
    reject("scheme-space", scheme(b"http ")),
    reject("scheme-cr-lf", scheme(b"http\r\nX: y")),
    reject("scheme-nul", scheme(b"http\0")),
    reject("scheme-digit-first", scheme(b"1http")),
    reject("scheme-high-byte", scheme(b"http\xe9")),
]
